/** Moves that are offered only once a job has told what they need to be worth anything. */
import { expect, it } from 'vitest';
import type { Evidence, SystemUse } from '../../domain/evidence/evidence.js';
import { offeredMoves } from '../../playbook/named-moves.js';
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
