import { describe, expect, it } from 'vitest';
import { departureAt, departureProcess } from '../../../domain/model/departures.js';
import { fitCurve, taskTimes } from '../../../domain/model/service-curve.js';

const at = [1, 2, 4, 8].map((tasks) => ({ at: Math.log(tasks), error: 0.01 }));

describe('what no shape explains', () => {
  it('is known where it was measured, and fades away from there', () => {
    const process = departureProcess(at);
    const departures = process.departures([0, 0, 0.2, 0]);
    expect(departureAt(departures, Math.log(4)).mean).toBeCloseTo(0.2, 1);
    expect(departureAt(departures, Math.log(4)).sd).toBeLessThan(0.02);
    expect(Math.abs(departureAt(departures, Math.log(64)).mean)).toBeLessThan(0.01);
    expect(departureAt(departures, Math.log(64)).sd).toBeGreaterThan(0.1);
  });

  it('leaves a base that all times are off by to the base', () => {
    const { base, misfit } = departureProcess(at).fit([3, 3, 3, 3]);
    expect(base).toBeCloseTo(3);
    expect(misfit).toBeCloseTo(0);
  });

  it('makes a curve give the times that were measured, however odd they are', () => {
    const odd = [
      [1, 10],
      [3, 40],
      [5, 30],
      [9, 300],
    ] as const;
    const { curves } = fitCurve(odd.map(([n, ms]) => ({ inFlight: n, allowed: n, seconds: ms / 1000 })));
    const times = taskTimes(curves[0]!);
    for (const [tasks, ms] of odd) {
      expect(times[tasks - 1]! / (ms / 1000)).toBeGreaterThan(0.75);
      expect(times[tasks - 1]! / (ms / 1000)).toBeLessThan(1.33);
    }
  });

  it('is the surer the more often a number of tasks was measured', () => {
    const time = { inFlight: 4, allowed: 4, seconds: 0.01 };
    const [once] = fitCurve([time]).curves;
    const [often] = fitCurve([time, time, time, time]).curves;
    expect(often!.spread).toBeCloseTo(once!.spread / 2);
    expect(often!.departures.at).toHaveLength(1);
  });
});
