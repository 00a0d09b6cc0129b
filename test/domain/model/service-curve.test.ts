import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  curveAt,
  fitCurve,
  type Shape,
  slowdown,
  taskSeconds,
  taskTimes,
} from '../../../domain/model/service-curve.js';

const timesOf = (shape: Shape, base: number, tasks: readonly number[]) =>
  tasks.map((n) => ({ inFlight: n, allowed: n, seconds: base * slowdown(shape, n) }));

/** Mean and spread of the logarithm of a task's time. */
function predictedTime(times: ReturnType<typeof timesOf>, tasks: number) {
  const { curves } = fitCurve(times);
  const logs = curves.map((curve) => ({ weight: curve.weight, log: Math.log(taskSeconds(taskTimes(curve), tasks)) }));
  const mean = logs.reduce((sum, { weight, log }) => sum + weight * log, 0);
  const variance = logs.reduce((sum, { weight, log }) => sum + weight * (log - mean) ** 2, 0);
  return { seconds: Math.exp(mean), spread: Math.sqrt(variance) };
}

const shapes = fc.oneof(
  fc.record({
    engines: fc.constant(null),
    goodUpTo: fc.constantFrom(1, 2, 4),
    contention: fc.constantFrom(0, 0.05, 0.2),
    coherency: fc.constantFrom(0, 0.01, 0.1),
  }),
  fc.constantFrom(2, 5, 7).map((engines) => ({ engines, goodUpTo: engines, contention: 0.08, coherency: 0 })),
);

describe('the service curve of a stage', () => {
  it('is found again from times without noise', () => {
    fc.assert(
      fc.property(shapes, fc.double({ min: 1e-4, max: 1, noNaN: true }), (shape, base) => {
        const times = timesOf(shape, base, [1, 2, 3, 4, 6, 8, 12, 16]);
        for (const tasks of [1, 5, 7, 10, 14])
          expect(predictedTime(times, tasks).seconds / (base * slowdown(shape, tasks))).toBeCloseTo(1, 0.8);
      }),
      { numRuns: 40 },
    );
  });

  it('finds the number of engines', () => {
    const shape = { engines: 7, goodUpTo: 7, contention: 0.08, coherency: 0 };
    const [first] = fitCurve(timesOf(shape, 0.04, [2, 6, 8, 9, 16])).curves;
    expect(first!.shape).toEqual(shape);
    expect(Math.exp(first!.logBase)).toBeCloseTo(0.04);
  });

  it('is near the times of a stage whose tasks hold each other up more and more', () => {
    const latency = [
      [1, 10],
      [2, 10],
      [3, 13],
      [4, 23],
      [8, 150],
      [16, 600],
    ] as const;
    const times = latency.map(([n, ms]) => ({ inFlight: n, allowed: n, seconds: ms / 1000 }));
    expect(predictedTime(times, 6).seconds).toBeGreaterThan(0.05);
    expect(predictedTime(times, 6).seconds).toBeLessThan(0.09);
    expect(predictedTime(times, 12).seconds).toBeGreaterThan(0.25);
    expect(predictedTime(times, 12).seconds).toBeLessThan(0.42);
  });

  it('is known where it was measured by one time alone, and the less the farther from there', () => {
    const times = timesOf({ engines: null, goodUpTo: 1, contention: 0, coherency: 0 }, 0.01, [4]);
    expect(predictedTime(times, 4).seconds).toBeCloseTo(0.01);
    expect(predictedTime(times, 4).spread).toBeCloseTo(0);
    expect(predictedTime(times, 32).spread).toBeGreaterThan(predictedTime(times, 8).spread);
    expect(predictedTime(times, 8).spread).toBeGreaterThan(0.1);
  });

  it('is the surer the more was measured', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const few = predictedTime(timesOf(shape, 0.01, [2]), 12).spread;
        const more = predictedTime(timesOf(shape, 0.01, [2, 6, 12, 16]), 12).spread;
        expect(more).toBeLessThan(0.5 * few);
      }),
      { numRuns: 40 },
    );
  });

  it('never lets a task get faster by others beside it', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 60 }), (shape, tasks) => {
        expect(slowdown(shape, tasks + 1)).toBeGreaterThanOrEqual(slowdown(shape, tasks));
      }),
    );
  });

  it('goes by the tasks that may be under way where those in flight do not explain the times', () => {
    const times = [2, 4, 8, 16].map((allowed) => ({ inFlight: 1.5, allowed, seconds: 0.01 * allowed }));
    expect(fitCurve(times).curves[0]!.load).toBe('allowed');
    const inFlight = [2, 4, 8, 16].map((n) => ({ inFlight: n, allowed: 20, seconds: 0.01 * n }));
    expect(fitCurve(inFlight).curves[0]!.load).toBe('in flight');
  });

  it('survives one odd job among many', () => {
    const times = timesOf({ engines: null, goodUpTo: 1, contention: 0, coherency: 0 }, 0.01, [1, 2, 4, 8, 12, 16]);
    const odd = { inFlight: 4, allowed: 4, seconds: 0.05 };
    expect(predictedTime([...times, odd], 16).seconds / 0.01).toBeLessThan(2);
  });

  it('gives each curve its share of the weight', () => {
    const fit = fitCurve(timesOf({ engines: null, goodUpTo: 1, contention: 0, coherency: 0 }, 0.01, [4]));
    expect(fit.curves.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
    expect(curveAt(fit, 0)).toBe(fit.curves[0]);
    expect(curveAt(fit, 1)).toBe(fit.curves.at(-1));
  });
});
