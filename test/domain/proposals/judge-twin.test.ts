/** What a proposal hears that repeats another one: what that one is doing, and what may be done instead. */
import { expect, it } from 'vitest';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { judgeProposal } from '../../../domain/proposals/proposals.js';
import { Story } from '../run-story.js';

const RULES = {
  baseCommand: 'python train.py',
  commands: new Map<string, string>(),
  gpuCount: null,
  allowCommands: false,
};
const spec = SpecSchema.parse({ name: 'mine', changes: ['cache=on'] });

function begun(): Story {
  return new Story().setUp().seedsDone();
}
const add = (story: Story) => story.add('002_a', { changeSet: ['cache=on'], startCommit: null });

it.each<[string, (story: Story) => Story, string]>([
  ['waits in the queue', add, 'and waits to be launched: a lower priority lets that one run first'],
  [
    'waits for a person',
    (story) =>
      add(story.tell({ type: 'approval_set', approval: { stage: 'plans', waitMinutes: null, silence: 'drop' } })),
    'and waits for an approval: approve that one',
  ],
  ['was tried', (story) => add(story).completed('002_a', 120), 'was tried'],
])('where that one %s', (_, told, how) => {
  const judged = judgeProposal(spec, { ...RULES, state: told(begun()).state });
  expect(judged).toEqual({ ok: false, reason: expect.stringContaining(how) });
  expect(judged).toEqual({
    ok: false,
    reason: expect.stringMatching(/^002_a has the same changes on the same commit already/),
  });
});

const LESSON = {
  start_cause: 'pickling',
  start_subject: 'main.<locals>.load',
  start_proof: "AttributeError: Can't pickle local object 'main.<locals>.load'",
};

it.each<[string, Record<string, string>, string[], boolean]>([
  ['with the same changes', LESSON, ['cache=on'], true],
  ['with more besides', LESSON, ['cache=on', 'workers=4'], true],
  ['with others', LESSON, ['workers=4'], false],
  ['after a cause that passes', { ...LESSON, start_cause: 'port_in_use' }, ['cache=on'], false],
  ['after a failure that taught nothing', {}, ['cache=on'], false],
])('a start that failed: %s', (_, details, changes, isRefused) => {
  const story = add(begun()).failed('002_a', 'job_startup_failed', details);
  const judged = judgeProposal({ ...spec, changes }, { ...RULES, state: story.state });
  expect(judged.ok).toBe(!isRefused);
  if (!judged.ok) {
    expect(judged.reason).toMatch(
      /^002_a has failed of it: What a subprocess gets must pickle, and main\.<locals>\.load/,
    );
  }
});
