/** How much less of each item is tried, and when again. */
import { expect, it } from 'vitest';
import type { HistoryEntry } from '../../../agents/agent.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { shorterItems } from '../../../playbook/search/shorter-items.js';
import type { Situation } from '../../../playbook/search/situation.js';
import type { Trial, Trials } from '../../../playbook/search/trials.js';
import type { Knob } from '../../../playbook/survey.js';

const CLIP = 'flag:--clip-seconds';
const length = (more: Partial<Knob> = {}): Knob => ({
  ...{ id: CLIP, role: 'item_length', stage: null, pipeline: null, where: { type: 'flag', flag: '--clip-seconds' } },
  ...{ value: 2, confidence: 'name', whole: false, ...more },
});
const situation = (headroom: number, knob = length(), limit = 'stage') =>
  ({
    survey: { knobs: [knob] },
    setting: { values: {}, structure: [] },
    diagnosis: { limit },
    headroom,
  }) as unknown as Situation;

function trial(nodeId: string, speed: number | null, clip = 2, more: object = {}): Trial {
  const { status = 'completed', ...spec } = more as Partial<HistoryEntry>;
  const entry = { nodeId, status, spec: SpecSchema.parse({ name: nodeId, ...spec }) } as HistoryEntry;
  return { entry, setting: { values: { [CLIP]: clip }, structure: [] }, key: nodeId, speed };
}

const trials = (...all: Trial[]): Trials => ({
  ...{ base: { values: { [CLIP]: 2 }, structure: [] }, all, incumbent: all[0]!, ceiling: null, noise: 0.02 },
});
const best = trial('002_best', 3);
const cuts = (...[at, knob, limit]: Parameters<typeof situation>) =>
  shorterItems(situation(at, knob, limit), best, trials(best)).map(({ values, work }) => [values[CLIP], work]);

it.each<[string, number, Knob, number[]]>([
  ['half where that is enough', 1.5, length(), [1]],
  ['a quarter where the loading is far behind', 6, length(), [0.5]],
  ['whole numbers where the code takes no others', 6, length({ value: 16, whole: true }), [4]],
  ['one at least', 6, length({ value: 2, whole: true }), [1]],
  ['nothing of what cannot be cut', 6, length({ value: 1, whole: true }), []],
  ['nothing of what only tunes', 6, length({ role: 'other' }), []],
])('takes %s', (_, headroom, knob, values) => {
  expect(cuts(headroom, knob)).toEqual(values.map((value) => [value, 'other_work']));
});

it('takes nothing less where the model is the limit', () => {
  expect(cuts(6, length(), 'compute')).toEqual([]);
});

it.each<[string, Trial, number]>([
  ['is under way', trial('003_cut', null, 0.5, { status: 'open', stacks_on: '002_best' }), 0],
  ['failed', trial('003_cut', null, 0.5, { status: 'failed', stacks_on: '001_slow' }), 0],
  ['was measured on what is about as fast', trial('003_cut', null, 0.5, { stacks_on: '002_near' }), 0],
  ['was measured on what was slower by far', trial('003_cut', null, 0.5, { stacks_on: '001_slow' }), 1],
  ['was measured by somebody else', trial('003_cut', null, 0.5), 0],
])('where one %s', (_, cut, count) => {
  const known = trials(best, trial('001_slow', 1), trial('002_near', 2.9), cut);
  expect(shorterItems(situation(6), best, known)).toHaveLength(count);
});
