/** A pipeline in a subprocess and the one in front of it: two, each with its own threads and stages. */
import { describe, expect, it } from 'vitest';
import { numbered } from '../../../domain/evidence/built-pipelines.js';
import { type ProcessSamples, stageStatistics } from '../../../domain/evidence/stage-statistics.js';
import { diagnose } from '../../../domain/memory/stage-rules.js';
import { diagnosisSentences } from '../../../domain/memory/stage-sentences.js';

const system = { cpuCores: 8, cpuPct: 50, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null };
const steps = { stepMs: 21, fetchMs: 20, computeMs: 1 };

const task = (name: string, aveTimeS: number, threadWaitS: number | null = null) =>
  [1, 2, 3].map((timeS) => ({ name, timeS, numTasks: 370, numFailures: 0, aveTimeS, threadWaitS }));
const queue = (name: string, numItems: number, occupationRate: number) =>
  [1, 2, 3].map((timeS) => ({
    name,
    timeS,
    elapsedS: 1,
    numItems,
    putS: 0,
    getS: 0,
    occupationRate,
    isSink: name.includes(':sink'),
    batchSize: null,
  }));

/** In front: nothing but a sink. Its pool is of 1. */
const outer: ProcessSamples = {
  tasks: [],
  queues: [...queue('pipeline:0:0:src[1]', 47, 0.01), ...queue('pipeline:0:1:sink[1]', 47, 0.02)],
  built: [{ pipeline: 0, threads: 1, settings: [{ stage: 'sink', setting: 'buffer', value: 3 }] }],
};
/** Two threads, both held by `encode`; `pick` takes no time and waits for one of them. */
const inner: ProcessSamples = {
  tasks: [...task('pipeline:0:1:pick[1]', 0.0021, 0.00205), ...task('pipeline:0:2:encode[2]', 0.0048, 0.0006)],
  queues: [
    ...queue('pipeline:0:0:src[1]', 377, 0.97),
    ...queue('pipeline:0:1:pick[1]', 375, 0.19),
    ...queue('pipeline:0:2:encode[2]', 368, 0.02),
    ...queue('pipeline:0:3:sink[1]', 46, 0.03),
  ],
  built: [{ pipeline: 0, threads: 2, settings: [{ stage: 'encode', setting: 'concurrency', value: 2 }] }],
};

function diagnosisOf(processes: readonly ProcessSamples[]) {
  const samples = numbered(processes);
  const stages = stageStatistics(samples);
  const built = samples.flatMap((process) => process.built ?? []);
  return { stages, diagnosis: diagnose({ stages, system, steps, numThreads: 1, built }) };
}

describe('nested pipelines', () => {
  it('are told apart by number although SPDL counts both from 0', () => {
    const { stages } = diagnosisOf([outer, inner]);
    expect(stages.map(({ name }) => name)).toEqual([
      'pipeline:0:0:src[1]',
      'pipeline:0:1:sink[1]',
      'pipeline:1:0:src[1]',
      'pipeline:1:1:pick[1]',
      'pipeline:1:2:encode[2]',
      'pipeline:1:3:sink[1]',
    ]);
  });

  it('have pools of their own: the inner one is short of threads', () => {
    const { diagnosis } = diagnosisOf([outer, inner]);
    expect(diagnosis.threads).toMatchObject({ available: 2, wanted: 3, starved: true, stages: ['pick', 'encode'] });
    expect(diagnosis.dataReadiness).toBeCloseTo(0.02);
    expect(diagnosisSentences(diagnosis).join(' ')).toContain('want 3 at a time and share 2');
  });

  it('tell a stage that waits for a thread from the one that works', () => {
    const { diagnosis } = diagnosisOf([outer, inner]);
    const pick = diagnosis.stages.find(({ stage }) => stage.function === 'pick')!;
    expect(pick.condition).toBe('waits for a thread');
    expect(pick.utilisation).toBeLessThan(0.05);
    expect(diagnosis.bottleneck?.stage.function).toBe('encode');
  });

  it('of several ranks that do the same stay one, at the rate of one', () => {
    const { stages } = diagnosisOf([inner, inner]);
    expect(stages.map(({ pipeline }) => pipeline)).toEqual([0, 0, 0, 0]);
    expect(stages.find(({ isSink }) => isSink)?.qps).toBeCloseTo(46);
  });
});

describe('an executor of a stage', () => {
  const tasks = task('pipeline:0:1:decode[8]', 0.01);
  const queues = [
    ...queue('pipeline:0:0:src[1]', 190, 0.95),
    ...queue('pipeline:0:1:decode[8]', 190, 0.1),
    ...queue('pipeline:0:2:sink[1]', 190, 0.05),
  ];
  const settings = [{ stage: 'decode', setting: 'executor' as const, value: 2 }];

  it('bounds its concurrency, and its tasks take no thread of the pipeline', () => {
    const { diagnosis } = diagnosisOf([{ tasks, queues, built: [{ pipeline: 0, threads: 1, settings }] }]);
    expect(diagnosis.bottleneck?.bestItemS).toBeCloseTo(0.005);
    expect(diagnosis.bottleneck?.utilisation).toBeCloseTo(0.95);
    expect(diagnosis.threads).toBeNull();
  });
});
