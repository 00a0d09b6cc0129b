/** What needs no job because it was seen to make no difference, and what may still make one. */
import { expect, it } from 'vitest';
import { concludedKnobs, turnsConcludedOnly } from '../../../playbook/search/concluded.js';

const KNOB = 'code:train.py:LOAD_CONCURRENCY';
const knob = {
  id: KNOB,
  role: 'stage_concurrency' as const,
  stage: 'load',
  pipeline: 0,
  where: { type: 'code' as const, file: 'train.py', line: 1 },
  value: 16,
  confidence: 'dataflow' as const,
};

/** A flat curve over these values, of which `base` is the incumbent's. */
function flat(values: readonly string[]) {
  const points = values.map((value) => ({
    value,
    objective: { metric: 'throughput_samples_per_s' as const, value: 100 },
    nodeIds: [value === 'base' ? '000_baseline' : `n_${value}`],
    runs: 1,
    isPruned: false,
  }));
  const dimension = { name: KNOB.toLowerCase(), values: [...values], series: [{ others: [], points }], best: null };
  const memory = {
    dimensions: [{ ...dimension, effect: 0, bestEffect: 0, isBaseBest: true, isConcluded: true }],
    combinations: [],
  };
  const concluded = concludedKnobs(memory, { knobs: [knob] }, '000_baseline');
  return (value: number) =>
    turnsConcludedOnly({ values: { [KNOB]: value }, structure: [], gain: 0, why: '', family: '' }, concluded);
}

it('takes no direction for tried in which nothing was', () => {
  const isConcluded = flat(['base', '32', '64']);
  expect([24, 64, 128].map(isConcluded)).toEqual([true, true, true]);
  expect([8, 4].map(isConcluded)).toEqual([false, false]);
});

it('needs no job in either direction once both were tried', () => {
  const isConcluded = flat(['8', 'base', '32']);
  expect([4, 12, 64].map(isConcluded)).toEqual([true, true, true]);
});
