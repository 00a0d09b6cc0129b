import { describe, expect, it } from 'vitest';
import {
  hostHold,
  indexesOf,
  missingDevice,
  parseSlots,
  rangesOf,
  type Slot,
  slotOf,
  slotsText,
} from '../../../domain/run/slots.js';

const none: Slot = { gpus: null, cpus: null };
const slots = (text: string): Slot[] => {
  const parsed = parseSlots(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.slots;
};

describe('--slots', () => {
  it.each<[string, Slot[]]>([
    ['1', [none]],
    [' 3 ', [none, none, none]],
    [
      'gpu:0;gpu:1',
      [
        { gpus: '0', cpus: null },
        { gpus: '1', cpus: null },
      ],
    ],
    [
      'cpu:0-3; cpu:4-7,9',
      [
        { gpus: null, cpus: '0-3' },
        { gpus: null, cpus: '4-7,9' },
      ],
    ],
    ['gpu:0,1 cpu:0-3', [{ gpus: '0,1', cpus: '0-3' }]],
    // One index of each kind is nothing shared.
    [
      'gpu:0;cpu:0',
      [
        { gpus: '0', cpus: null },
        { gpus: null, cpus: '0' },
      ],
    ],
  ])('%j', (text, expected) => {
    expect(parseSlots(text)).toEqual({ slots: expected });
    expect(parseSlots(slotsText(expected))).toEqual({ slots: expected });
  });

  it.each<[string, RegExp]>([
    ['', /a number of slots, as in 2, or/],
    ['0', /1 to 1000 slots/],
    ['1001', /1 to 1000 slots/],
    ['-1', /a number of slots/],
    ['1.5', /a number of slots/],
    ['two', /a number of slots/],
    ['gpu', /a number of slots/],
    ['gpu:', /a number of slots/],
    ['gpu:a', /a number of slots/],
    ['gpu:0;', /a number of slots/],
    ['tpu:0', /a number of slots/],
    ['cpu:0-', /a number of slots/],
    ['cpu:999999', /a number of slots/],
    ['cpu:3-0', /ranges that go upwards, as in 0-3, not 3-0/],
    ['cpu:0 cpu:1', /one list of cpus in a slot/],
    ['cpu:0-3;cpu:3-7', /slots that share nothing \(CPU 3 is named twice\)/],
    ['gpu:1;gpu:0-2', /slots that share nothing \(GPU 1 is named twice\)/],
    ['cpu:0,0', /CPU 0 is named twice/],
  ])('refuses %j', (text, problem) => {
    expect(parseSlots(text)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it.each<[string, { gpus: number[] | null; cpus: number[] | null }, RegExp | null]>([
    ['2', { gpus: null, cpus: null }, null],
    ['cpu:0;cpu:1', { gpus: null, cpus: [0, 1] }, null],
    ['cpu:0;cpu:1-2', { gpus: null, cpus: [0, 1] }, /^CPUs that a job may use here \(0-1\), not CPU 2$/],
    ['cpu:0', { gpus: [0], cpus: null }, /only Linux/],
    ['gpu:0;gpu:1', { gpus: [0, 1], cpus: [0] }, null],
    ['gpu:0;gpu:4', { gpus: [0, 1, 3], cpus: [0] }, /^GPUs that a job may use here \(0-1,3\), not GPU 4$/],
    ['gpu:0', { gpus: null, cpus: [0] }, /this host shows no GPU/],
  ])('%j on a host with %j', (text, host, problem) => {
    const says = missingDevice(slots(text), host);
    if (problem === null) expect(says).toBeNull();
    else expect(says).toMatch(problem);
  });
});

it.each([
  ['0', [0]],
  ['0-2,5', [0, 1, 2, 5]],
  ['7-7', [7]],
])('%s is a list of indexes, and back', (list, indexes) => {
  expect(indexesOf(list)).toEqual(indexes);
  expect(indexesOf(rangesOf(indexes))).toEqual(indexes);
});

describe('what a job holds of its host', () => {
  const hold = (text: string | null, slot: number, { exclusive = false, jobs = 1 } = {}) =>
    hostHold({ slots: text === null ? [] : slots(text), exclusive_machine: exclusive }, slot, jobs);

  it.each([
    ['nothing, where jobs run side by side', hold(null, 2, { jobs: 3 }), null],
    ['the machine, by default', hold(null, 0, { exclusive: true }), { machine: 'exclusive', resources: [] }],
    ['nothing any more once the limit was raised', hold(null, 1, { exclusive: true, jobs: 2 }), null],
    ['its number', hold('2', 1), { machine: 'shared', resources: ['slot-1'] }],
    ['its devices', hold('gpu:0;gpu:1 cpu:2-3', 1), { machine: 'shared', resources: ['gpu-1', 'cpu-2', 'cpu-3'] }],
    ['a slot that exists, whatever number it was granted', hold('2', 5), { machine: 'shared', resources: ['slot-1'] }],
  ])('%s', (_, held, expected) => {
    expect(held).toEqual(expected);
  });

  it('has no slot where there are none', () => {
    expect(slotOf([], 0)).toBeNull();
  });
});
