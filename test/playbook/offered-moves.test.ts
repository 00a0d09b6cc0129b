/** Moves that are offered only once a job has told what they need to be worth anything. */
import { describe, expect, it } from 'vitest';
import type { Evidence, SystemUse } from '../../domain/evidence/evidence.js';
import type { Spec } from '../../domain/formats/spec.js';
import type { MoveCall } from '../../domain/proposals/moves.js';
import { freeChanges, offeredMoves, writtenOut } from '../../playbook/named-moves.js';
import type { Survey } from '../../playbook/survey.js';

type Told = Pick<Evidence, 'kept' | 'system'>;

const moves = [
  { move: 'cache_on_disk', stage: 'decode', possible: true, reason: '' },
  { move: 'nvdec', stage: 'decode', possible: true, reason: '' },
  { move: 'mtp', possible: true, reason: '' },
  { move: 'buffers', possible: false, reason: 'no subprocess' },
];
const system = { gpuMemoryMb: null, smPct: null } as SystemUse;
const kept = [{ stage: 'decode', items: 10, bytes: 1000, missed: 90, again: 1 }];

it.each<[string, Record<string, Told>, string[]]>([
  ['nothing', {}, ['mtp']],
  ['nothing of them', { '000_baseline': { system } }, ['mtp']],
  ['a GPU', { '000_baseline': { system: { ...system, smPct: 40 } } }, ['nvdec', 'mtp']],
  ['how large results are', { '001_cached': { system, kept } }, ['cache_on_disk', 'mtp']],
  ['that all results found room', { '001_cached': { system, kept: [{ ...kept[0]!, missed: 0, again: 0 }] } }, ['mtp']],
  [
    'how large those of another stage are',
    { '001_cached': { system, kept: [{ ...kept[0]!, stage: 'load' }] } },
    ['mtp'],
  ],
])('where jobs told %s', (_, evidence, offered) => {
  expect(offeredMoves({ moves } as Survey, evidence).map(({ move }) => move)).toEqual(offered);
});

describe('a number that a plan names', () => {
  const survey = { script: 'train.py', knobs: [], moves: [{ move: 'split_stage', stage: 'decode', possible: true }] };
  const set = { move: 'set' as const, knob: 'code:train.py:decode_wait.concurrency', value: 3 };
  const split = { move: 'split_stage' as const, stage: 'decode' };
  const plan = (moves: MoveCall[]) => ({ launch_command: '', changes: [], moves }) as unknown as Spec;
  const code = { survey: survey as unknown as Survey, baseLaunchCommand: 'python train.py' };

  it('is refused where the surveyed code has no such knob', () => {
    const { ok } = writtenOut(plan([set]), { ...code, isOfStart: true });
    expect(ok).toBe(false);
  });

  it.each([
    ['other code is started from', [set], false],
    ['a move before it may make the knob', [split, set], true],
  ])('is left to the change itself where %s', (_, moves, isOfStart) => {
    const written = writtenOut(plan(moves), { ...code, isOfStart });
    expect(written.ok && written.spec.changes.at(-1)).toBe('code:train.py:decode_wait.concurrency=3');
    expect(written.ok && freeChanges(written.spec)).toEqual([]);
  });
});
