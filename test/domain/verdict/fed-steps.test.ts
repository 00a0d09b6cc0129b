import { describe, expect, it } from 'vitest';
import type { Evidence, StageStatistics } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { unfedSteps } from '../../../domain/verdict/fed-steps.js';

const UNKNOWN = { aveTimeS: null, numTasks: null, numFailures: null, qps: null, putS: null, getS: null };

/** Items a second and in all at the sink, and the steps that the job printed. */
function baseline(itemsPerS: number | null, items: number, stepMs: number, count: number): Evidence {
  const place = { name: 'pipeline:0:3:sink[1]', pipeline: 0, index: 3, function: 'sink', concurrency: 1 };
  const sink: StageStatistics = { ...place, ...UNKNOWN, occupationRate: null, isSink: true, numItems: items };
  return {
    nodeId: '000_baseline',
    metrics: { ...UNKNOWN_METRICS, step_time_ms: stepMs },
    sources: {},
    steps: { count, stepMs, fetchMs: null, computeMs: null, batchSize: null },
    stages: [sink],
    ...(itemsPerS === null ? {} : { delivered: { itemsPerS, batchSize: 4 } }),
    system: { cpuCores: 2, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
    findings: [],
  };
}

describe("a baseline's steps", () => {
  it.each([
    ['over a list that was fetched before: 16,661 steps a second of 84 items', baseline(84, 360, 0.06, 360)],
    ['over the same list, ten times', baseline(84, 360, 0.06, 3600)],
    ['of another loop, ten times as fast', baseline(20, 200, 5, 60)],
  ])('cannot be %s', (_, evidence) => {
    expect(unfedSteps(evidence)).toMatch(
      /^the job printed \S+ steps a second, but by SPDL's own count its pipeline can feed only \S+: what is timed is not/,
    );
  });

  it.each([
    ['as many as its items', baseline(84, 360, 12, 360)],
    ['windows of four items', baseline(84, 360, 48, 90)],
    ['sixteen of each item, which is cut up on the way', baseline(10, 100, 6, 1600)],
    ['in bursts, with evaluation between', baseline(20, 300, 10, 300)],
    ['of a pipeline that SPDL says nothing of', baseline(null, 0, 0.01, 300)],
    ['too few to tell', baseline(84, 360, 0.06, 9)],
  ])('may be %s', (_, evidence) => {
    expect(unfedSteps(evidence)).toBeNull();
  });
});
