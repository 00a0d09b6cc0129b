import { describe, expect, it } from 'vitest';
import type { Evidence, StageStatistics } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { operatingPoint, pooledPoint } from '../../../domain/model/operating-point.js';

const row = (index: number, name: string, more: Partial<StageStatistics> = {}): StageStatistics => ({
  name: `pipeline:0:${index}:${name}[1]`,
  pipeline: 0,
  index,
  function: name,
  concurrency: 1,
  aveTimeS: null,
  numTasks: null,
  numFailures: null,
  qps: 100,
  putS: null,
  getS: null,
  occupationRate: null,
  isSink: name === 'sink',
  ...more,
});

const STAGES = [
  row(0, 'src'),
  row(1, 'fetch', { concurrency: 8, aveTimeS: 0.04 }),
  row(2, 'decode', { concurrency: 16, aveTimeS: 0.1, threadWaitS: 0.06 }),
  row(3, 'collate', { aveTimeS: 0.02, qps: 10 }),
  row(4, 'sink', { qps: 10 }),
];

function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    nodeId: '002_a',
    metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: 100 },
    sources: {},
    steps: { count: 50, stepMs: 100, fetchMs: 60, computeMs: 40, batchSize: 10 },
    stages: STAGES,
    built: [
      {
        pipeline: 0,
        threads: 12,
        settings: [
          { stage: 'decode', setting: 'executor', value: 4 },
          { stage: 'sink', setting: 'buffer', value: 3 },
        ],
      },
    ],
    system: { cpuCores: 8, cpuPct: 250, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
    findings: [],
    ...change,
  };
}

describe('what a job tells of its pipeline', () => {
  const point = operatingPoint(evidence())!;

  it('is how it was set: no more tasks than the workers of an executor of its own', () => {
    expect(point.setting).toEqual({ tasks: { fetch: 8, decode: 4, collate: 1 }, threads: 12, buffer: 3 });
    expect(operatingPoint(evidence(), { threads: 5, tasks: { fetch: 2 } })!.setting).toMatchObject({
      threads: 5,
      tasks: { fetch: 2, decode: 4 },
    });
  });

  it('is for each stage how long a task works, and how many are at work', () => {
    const [fetch, decode] = point.stages;
    expect(fetch).toMatchObject({ stage: 'fetch', tasksPerItem: 1, seconds: 0.04, isWaitMeasured: false });
    expect(fetch!.inFlight).toBeCloseTo(4);
    expect(fetch!.hasOwnExecutor).toBe(false);
    expect(decode!.seconds).toBeCloseTo(0.04);
    expect(decode).toMatchObject({ isWaitMeasured: true, hasOwnExecutor: true });
  });

  it('counts the tasks of a stage by what it takes, and items as the training loop does', () => {
    const batches = evidence({
      stages: [...STAGES.slice(0, 3), row(3, 'aggregate', { qps: 10 }), row(4, 'move', { aveTimeS: 0.02, qps: 10 })],
    });
    expect(operatingPoint(batches)!.stages.at(-1)).toMatchObject({ stage: 'move', tasksPerItem: 0.1 });
  });

  it('is the training step without its wait for data, for each item', () => {
    expect(point.stepS).toBeCloseTo(0.04 / 10);
    expect(point.coresBusy).toBe(2.5);
  });

  it('has its share of the cores where several processes train', () => {
    const two = operatingPoint(evidence({ steps: { ...evidence().steps, processes: 2 } }))!;
    expect([two.cores, two.coresBusy]).toEqual([4, 1.25]);
  });

  it('is nothing where the job has no rate, or no stage was timed', () => {
    expect(operatingPoint(evidence({ stages: [row(0, 'src'), row(1, 'sink')] }))).toBeNull();
    expect(
      operatingPoint(evidence({ metrics: UNKNOWN_METRICS, steps: { ...evidence().steps, stepMs: null } })),
    ).toBeNull();
  });

  it('is the mean of what the jobs of one experiment told', () => {
    const again = { ...point, nodeId: '003_again', rate: 120, coresBusy: null };
    const slower = { ...point.stages[0]!, seconds: 0.06, inFlight: 6 };
    const pooled = pooledPoint([point, { ...again, stages: [slower, ...point.stages.slice(1)] }]);
    expect(pooled).toMatchObject({ nodeId: '002_a', rate: 110, coresBusy: 2.5, setting: point.setting });
    expect(pooled.stages[0]!.seconds).toBeCloseTo(0.05);
    expect(pooled.stages[0]!.inFlight).toBeCloseTo(5);
    expect(pooled.stages[1]!.seconds).toBeCloseTo(point.stages[1]!.seconds);
  });
});
