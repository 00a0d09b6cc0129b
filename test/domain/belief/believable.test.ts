/** The statistics of keeping and rejecting: exact values, and error rates on simulated runs with known truth. */
import { describe, expect, it } from 'vitest';
import { GOAL_WORLD, ratesOf } from '../../../bench/believable/believable-report.js';
import { changesTheStep, hasReachedCeiling, isAboveCeiling } from '../../../domain/belief/ceilings/ceiling.js';
import {
  deservesRepeats,
  gainInterval,
  incumbentIsDue,
  judgeRepeats,
  leastImprovement,
  MOST_REPEATS,
} from '../../../domain/belief/improvement.js';
import { logSpeed, pooledNoise, stepNoise } from '../../../domain/belief/noise.js';
import { studentTCdf, studentTWidth } from '../../../domain/belief/student-t.js';

describe("Student's t", () => {
  // Values of any statistics textbook.
  it.each([
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 5, 2.571],
    [0.99, 4, 4.604],
    [0.99, 10, 3.169],
    [0.995, 30, 3.03],
    [0.95, 120, 1.98],
  ])('width of %d with %d degrees of freedom is %d', (confidence, degrees, width) => {
    expect(studentTWidth(confidence, degrees)).toBeCloseTo(width, 2);
  });

  it('is symmetric, and takes degrees outside its range for the nearest inside', () => {
    expect(studentTCdf(-1.3, 7) + studentTCdf(1.3, 7)).toBeCloseTo(1, 12);
    expect(studentTWidth(0.95, 0.4)).toBe(studentTWidth(0.95, 1));
    expect(studentTWidth(0.95, 5000)).toBe(studentTWidth(0.95, 200));
  });
});

describe('noise', () => {
  it('compares speeds as logarithms, whichever metric tells them', () => {
    const twice = logSpeed({ metric: 'throughput_samples_per_s', value: 200 });
    const once = logSpeed({ metric: 'throughput_samples_per_s', value: 100 });
    expect(twice - once).toBeCloseTo(Math.log(2), 12);
    const slow = logSpeed({ metric: 'steady_step_time_ms', value: 20 });
    expect(logSpeed({ metric: 'steady_step_time_ms', value: 10 }) - slow).toBeCloseTo(Math.log(2), 12);
  });

  it.each([
    ['nothing repeated', [[1], [2]], 0, null],
    ['one group', [[0, 0.02]], 0, { sd: 0.02 / Math.SQRT2, degrees: 1 }],
    [
      'groups far apart',
      [
        [0, 0.02],
        [5, 5.02],
      ],
      0,
      { sd: 0.02 / Math.SQRT2, degrees: 2 },
    ],
    ['repeats that agree by luck', [[0, 0, 0]], 0.03, { sd: 0.03, degrees: 2 }],
    ['a coarse clock', [[0, 0, 0]], 0, { sd: 0.001, degrees: 2 }],
  ])('%s', (_, groups, atLeast, expected) => {
    const noise = pooledNoise(groups, atLeast);
    if (expected === null) expect(noise).toBeNull();
    else expect(noise).toEqual({ sd: expect.closeTo(expected.sd, 9), degrees: expected.degrees });
  });

  it('allows for steps that are slow together', () => {
    const independent = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 9 : 11));
    const inBlocks = Array.from({ length: 200 }, (_, i) => (Math.floor(i / 20) % 2 === 0 ? 9 : 11));
    expect(stepNoise(independent)).toBeCloseTo(0, 9);
    expect(stepNoise(inBlocks)).toBeCloseTo(Math.sqrt(10 / 9 / 10) / 10, 9);
    expect(stepNoise(independent.slice(0, 19))).toBeNull();
  });

  it.each([
    ['a cache is full from the second epoch on', [66, 60, 72, 66, 60, 72, 7, 6, 7, 8], true],
    ['the cache is full in the middle of a batch', [66, 60, 72, 66, 60, 30, 7, 6, 7, 8], true],
    ['one slow batch', [10, 11, 10, 9, 60, 10, 11, 9, 10, 10], false],
    ['a slow beginning', [60, 11, 10, 9, 10, 10, 11, 9, 10, 10], false],
    ['a machine that becomes slower little by little', [10, 12, 14, 16, 18, 20, 22, 24, 26, 28], false],
    ['a neighbour that came in the middle', [10, 10, 11, 9, 10, 13, 12, 13, 14, 13], false],
    ['slow again and again', [20, 20, 20, 10, 10, 10, 20, 20, 10, 10], false],
  ])('takes a change of speed for good for no noise: %s', (_, batches, isChange) => {
    const steps = batches.flatMap((ms) => Array.from({ length: 5 }, () => ms));
    const centre = batches.reduce((sum, ms) => sum + ms, 0) / 10;
    const usual = Math.sqrt(batches.reduce((sum, ms) => sum + (ms - centre) ** 2, 0) / 9 / 10) / centre;
    if (isChange) expect(stepNoise(steps)).toBeLessThan(usual / 4);
    else expect(stepNoise(steps)).toBeCloseTo(usual, 9);
  });
});

describe('improvement', () => {
  const noise = { sd: 0.01, degrees: 10 };
  it.each([
    [null, 0.001, 0.01],
    [null, 0.05, 0.1],
    [0.03, 0.05, 0.03],
  ])('least improvement: configured %j with noise %d is %d', (configured, sd, expected) => {
    expect(leastImprovement(configured, { sd, degrees: 2 })).toBe(expected);
  });

  it('gives the gain with an interval that is wider for fewer repeats and for less knowledge of the noise', () => {
    const few = gainInterval({ candidate: [0.1], incumbent: [0] }, noise, 0.95)!;
    expect(few.gain).toBeCloseTo(Math.expm1(0.1), 9);
    expect(Math.log1p(few.high) - 0.1).toBeCloseTo(2.228 * 0.01 * Math.SQRT2, 4);
    const many = gainInterval({ candidate: [0.1, 0.1], incumbent: [0, 0] }, noise, 0.95)!;
    expect(many.high - many.low).toBeLessThan(few.high - few.low);
    const unsure = gainInterval({ candidate: [0.1], incumbent: [0] }, { sd: 0.01, degrees: 1 }, 0.95)!;
    expect(unsure.high - unsure.low).toBeGreaterThan(few.high - few.low);
    expect(gainInterval({ candidate: [], incumbent: [0] }, noise, 0.95)).toBeNull();
  });

  it.each([
    ['clearly better', 0.1, true],
    ['a little better', 0.002, true],
    ['the same', 0, false],
    ['worse', -0.01, false],
  ])('a first result that is %s deserves repeats: %j -> %j', (_, first, expected) => {
    expect(deservesRepeats(first, [0, 0, 0], noise, 0.02)).toBe(expected);
  });

  it('a first result that is better by too little to be worth having deserves none', () => {
    expect(deservesRepeats(0.002, [0, 0, 0], noise, 0.1)).toBe(false);
  });

  it.each([
    ['far above', [0.1], 'keep'],
    ['perhaps above', [0.02], 'repeat'],
    ['not above', [-0.02], 'reject'],
    ['never clearly above', Array.from({ length: MOST_REPEATS }, () => 0.004), 'reject'],
  ] as const)('repeats that are %s: %s', (_, candidate, expected) => {
    expect(judgeRepeats({ candidate, incumbent: [0, 0, 0] }, noise, 0.02)).toBe(expected);
  });

  it('measures the incumbent again while it has few runs, and when its last one is old', () => {
    expect([incumbentIsDue(3, 0), incumbentIsDue(20, 3), incumbentIsDue(20, 30)]).toEqual([true, false, true]);
  });
});

describe('ceiling', () => {
  const noise = { sd: 0.02, degrees: 10 };
  it('is passed only by more than noise explains', () => {
    expect(isAboveCeiling([0.03], [0], noise)).toBe(false);
    expect(isAboveCeiling([0.5], [0], noise)).toBe(true);
    expect(isAboveCeiling([0.5], [], noise)).toBe(false);
  });

  it('is reached when what is left is not worth having', () => {
    expect(hasReachedCeiling([0, 0], [0.01], noise, 0.04)).toBe(true);
    expect(hasReachedCeiling([0, 0], [0.3], noise, 0.04)).toBe(false);
    expect(hasReachedCeiling([0, 0], [], noise, 0.04)).toBe(false);
  });

  it('is measured again for a change of what a step does', () => {
    expect([changesTheStep(['mtp']), changesTheStep(['batch_size_tuning'])]).toEqual([false, true]);
  });
});

describe('at 5% noise, with 10 real gains of 5 to 20% among 100 experiments', () => {
  const SEEDS = 300;
  it('repeats keep few lucky ones and find most gains', () => {
    const rates = ratesOf(GOAL_WORLD, 'repeats', SEEDS);
    expect(rates.falseOfKept).toBeLessThan(0.05);
    expect(rates.found).toBeGreaterThan(0.8);
    expect(rates.extraRuns).toBeLessThan(200);
    expect(rates.overstated).toBeLessThan(1.03);
  });

  it('a single better run is mostly luck', () => {
    const rates = ratesOf(GOAL_WORLD, 'any better single run', SEEDS);
    expect(rates.falseOfKept).toBeGreaterThan(0.5);
    expect(rates.overstated).toBeGreaterThan(1.06);
  });
});
