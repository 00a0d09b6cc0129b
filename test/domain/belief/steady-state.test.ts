import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  percentile,
  steadySamples,
  steadySpans,
  warmUpSteps,
  weightedMean,
  weightedMedian,
} from '../../../domain/belief/steady-state.js';

describe('the warm-up', () => {
  it.each([
    [0, 0],
    [4, 0],
    [5, 1],
    [99, 19],
    [100, 20],
    [5000, 20],
  ])('of a run of %i steps takes %i', (steps, warmUp) => expect(warmUpSteps(steps)).toBe(warmUp));
});

const every = (steps: number, stride = 1) =>
  Array.from({ length: steps / stride }, (_, i) => ({ first: i * stride + 1, last: (i + 1) * stride }));

describe('steady spans', () => {
  it('drop the first 20 steps of a long run', () => {
    expect(steadySpans(every(200))[0]).toEqual({ first: 21, last: 21 });
  });
  it('drop the first fifth of a short run', () => {
    expect(steadySpans(every(50))).toHaveLength(40);
  });
  it('drop a throttled line that reaches into the warm-up', () => {
    expect(steadySpans(every(300, 100)).map(({ first }) => first)).toEqual([101, 201]);
  });
  it('keep the only line there is', () => {
    expect(steadySpans([{ first: 1, last: 100 }])).toHaveLength(1);
  });
});

describe('statistics', () => {
  it.each([
    [[1, 2, 3], 2],
    [[1, 2, 3, 10], 2.5],
    [[], null],
  ])('the median of %j is %s', (values, median) => {
    expect(weightedMedian(values.map((value) => ({ value, weight: 1 })))).toBe(median);
  });
  it('a weight counts as that many equal values', () => {
    expect(
      weightedMedian([
        { value: 5, weight: 10 },
        { value: 100, weight: 9 },
      ]),
    ).toBe(5);
  });
  it('p75 lies between neighbours', () => expect(percentile([10, 20, 30, 40], 0.75)).toBe(32.5));
  it('a mean of no weight is unknown', () => expect(weightedMean([{ value: 3, weight: 0 }])).toBeNull());
  it('the median lies within its values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const median = weightedMedian(values.map((value) => ({ value, weight: 1 })))!;
        expect(median).toBeGreaterThanOrEqual(Math.min(...values));
        expect(median).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });
  it('samples of the first fifth of the time are left out', () => {
    const samples = Array.from({ length: 11 }, (_, i) => ({ timeS: 100 + i }));
    expect(steadySamples(samples)[0]).toEqual({ timeS: 102 });
    expect(steadySamples(samples.slice(0, 3))).toHaveLength(3);
  });
});
