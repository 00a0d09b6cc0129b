/** What an engine asks whose history was put back (a reset), while the log still says what came after. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HostileRun } from './hostile-fixture.js';

let run: HostileRun;
beforeAll(async () => {
  run = await HostileRun.make();
});
afterAll(() => run.remove());

/** Of the engine's newest event: it plans its second round. */
const PLANNING = 4;
const REPLY = `\`\`\`json\n${JSON.stringify({
  action: 'launch',
  reasoning: 'next',
  experiments: [{ name: 'more', changes: ['more'], description: 'more of it', launch_command: '', goto: null }],
})}\n\`\`\``;

it('a plan is answered, although the log says that it was received, and that the next one is asked for', async () => {
  const before = await run.plan(REPLY);
  expect(before.proposals).toMatchObject([{ name: 'more' }]);
  const { tookMs: _, ...same } = before;
  const origin = { from: 'plan', iteration: 2, index: 0 } as const;
  const experiment = { ...before.proposals[0]!, nodeId: '003_more', kind: 'planned' as const, origin };
  const reply = { action: 'launch' as const, reasoning: '', refused: [], notApplicable: [], tookMs: 1 };
  await run.tell(
    { type: 'experiment_added', experiment },
    { type: 'plan_received', iteration: 2, accepted: ['003_more'], ...reply },
    { type: 'planning_started', iteration: 3 },
  );
  expect(await run.plan(REPLY)).toMatchObject(same);
});

it('an experiment of a person is taken again, although the log says that it was added', async () => {
  const mine = { name: 'mine', changes: ['mine'], description: 'mine' };
  const answer = await run.accept('r1', mine, { throughSeq: PLANNING });
  expect(answer).toMatchObject({ accepted: true, experiment: { request: 'r1' } });
  const origin = { from: 'user', request: 'r1' } as const;
  const identity = { name: 'mine', parentId: null, startCommit: null, priority: 0, changeSet: ['mine'], tags: [] };
  const added = { ...identity, nodeId: '004_mine', kind: 'user' as const, origin };
  await run.tell({ type: 'experiment_added', experiment: added });
  expect(await run.accept('r1', mine, { throughSeq: PLANNING })).toEqual(answer);
  expect(await run.accept('r1', mine, { throughSeq: 1000 })).toEqual({ accepted: true, known: '004_mine' });
});
