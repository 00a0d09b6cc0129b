import { describe, expect, it } from 'vitest';
import type { StageStatistics, SystemUse } from '../../../domain/evidence/evidence.js';
import { diagnose, type RunReading } from '../../../domain/memory/stage-rules.js';
import { diagnosisSentences } from '../../../domain/memory/stage-sentences.js';

const SYSTEM: SystemUse = {
  cpuCores: 4,
  cpuPct: 150,
  peakRssMb: null,
  smPct: null,
  steadySmPct: null,
  gpuMemoryMb: null,
};

/**
 * [function, concurrency, execution time in ms, occupation of the output queue]; every stage passes 100 items a second.
 */
type Row = [string, number, number | null, number | null];

function stages(rows: Row[], qps = 100): StageStatistics[] {
  return rows.map(([name, concurrency, ms, occupationRate], index) => ({
    name: `pipeline:0:${index}:${name}[${concurrency}]`,
    pipeline: 0,
    index,
    function: name,
    concurrency,
    aveTimeS: ms === null ? null : ms / 1000,
    numTasks: ms === null ? null : 500,
    numFailures: null,
    qps,
    putS: null,
    getS: null,
    occupationRate,
    isSink: name === 'sink',
  }));
}

const starved: Row[] = [
  ['src', 1, null, 0.99],
  ['fetch', 8, 20, 0.98],
  ['decode', 2, 20, 0.02],
  ['sink', 1, null, 0.01],
];

interface Case extends Partial<RunReading> {
  name: string;
  rows: Row[];
  limit: string;
  bottleneck?: string | null;
  oversubscribed?: string[];
  gilBound?: boolean;
  says?: RegExp;
}

const CASES: Case[] = [
  {
    name: 'full before, empty behind: that stage',
    rows: starved,
    limit: 'stage',
    bottleneck: 'decode',
    says: /`decode` is the bottleneck: 2 at a time of 20\.0 ms each/,
  },
  {
    name: 'the last stage that is held up, not the first',
    rows: [
      ['src', 1, null, 0.99],
      ['fetch', 1, 10, 0.9],
      ['decode', 1, 10, 0.1],
      ['sink', 1, null, 0.05],
    ],
    limit: 'stage',
    bottleneck: 'decode',
  },
  {
    name: 'full everywhere: the loop is slower than the pipeline',
    rows: [
      ['src', 1, null, 1],
      ['decode', 2, 15, 1],
      ['sink', 1, null, 0.99],
    ],
    steps: { stepMs: 100, fetchMs: 1, computeMs: 99 },
    limit: 'compute',
    bottleneck: null,
    says: /training step itself is the limit/,
  },
  {
    name: 'little fetch time alone says compute',
    rows: [],
    steps: { stepMs: 100, fetchMs: 1, computeMs: 99 },
    limit: 'compute',
    bottleneck: null,
  },
  {
    name: 'empty everywhere: the source',
    rows: [
      ['src', 1, null, 0.02],
      ['decode', 4, 5, 0.02],
      ['sink', 1, null, 0.02],
    ],
    limit: 'source',
    bottleneck: null,
    says: /source is the limit/,
  },
  {
    name: 'stages want more threads than there are',
    rows: [
      ['src', 1, null, 1],
      ['fetch', 8, 40, 0.9],
      ['decode', 4, 30, 0.1],
      ['sink', 1, null, 0.1],
    ],
    numThreads: 4,
    limit: 'threads',
    bottleneck: 'decode',
    says: /short of threads: its stages want 12 at a time and share 4/,
  },
  { name: 'enough threads', rows: starved, numThreads: 16, limit: 'stage', bottleneck: 'decode' },
  {
    name: 'without queue readings the busiest stage',
    rows: [
      ['src', 1, null, null],
      ['fetch', 8, 20, null],
      ['decode', 2, 20, null],
      ['sink', 1, null, null],
    ],
    limit: 'stage',
    bottleneck: 'decode',
  },
  { name: 'no statistics: unknown', rows: [], limit: 'unknown', bottleneck: null, says: /no stage statistics/ },
  {
    name: 'time of a task grows with concurrency: oversubscribed',
    rows: [
      ['src', 1, null, 0.99],
      ['decode', 8, 80, 0.02],
      ['sink', 1, null, 0.01],
    ],
    others: [
      stages([
        ['src', 1, null, 0.99],
        ['decode', 2, 20, 0.02],
        ['sink', 1, null, 0.01],
      ]),
    ],
    limit: 'stage',
    bottleneck: 'decode',
    oversubscribed: ['decode'],
    says: /less concurrency did as much/,
  },
  {
    name: 'time of a task stays: not oversubscribed',
    rows: [
      ['src', 1, null, 0.99],
      ['decode', 4, 40, 0.02],
      ['sink', 1, null, 0.01],
    ],
    others: [
      stages([
        ['src', 1, null, 0.99],
        ['decode', 2, 39, 0.02],
        ['sink', 1, null, 0.01],
      ]),
    ],
    limit: 'stage',
    bottleneck: 'decode',
    oversubscribed: [],
  },
  {
    name: 'full cores and more tasks than cores: oversubscribed',
    rows: [
      ['src', 1, null, 0.99],
      ['decode', 16, 150, 0.02],
      ['sink', 1, null, 0.01],
    ],
    system: { ...SYSTEM, cpuPct: 390 },
    limit: 'stage',
    bottleneck: 'decode',
    oversubscribed: ['decode'],
  },
  {
    name: 'one core busy, several tasks under way: the interpreter’s lock',
    rows: [
      ['src', 1, null, 0.99],
      ['parse', 4, 38, 0.02],
      ['sink', 1, null, 0.01],
    ],
    system: { ...SYSTEM, cpuPct: 104 },
    limit: 'stage',
    bottleneck: 'parse',
    gilBound: true,
    says: /interpreter’s lock/,
  },
];

describe('reading stage statistics', () => {
  it.each(CASES)('$name', ({ rows, limit, bottleneck, oversubscribed, gilBound, says, ...run }) => {
    const diagnosis = diagnose({
      stages: stages(rows),
      system: SYSTEM,
      steps: { stepMs: null, fetchMs: null, computeMs: null },
      numThreads: null,
      ...run,
    });
    expect(diagnosis.limit).toBe(limit);
    expect(diagnosis.bottleneck?.stage.function ?? null).toBe(bottleneck ?? null);
    if (oversubscribed) expect(diagnosis.oversubscribed.map(({ stage }) => stage.function)).toEqual(oversubscribed);
    if (gilBound !== undefined) expect(diagnosis.gilBound).toBe(gilBound);
    if (says) expect(diagnosisSentences(diagnosis).join('\n')).toMatch(says);
  });

  it('reads a pipeline that is built anew for each epoch as one', () => {
    const epochs = [0, 1, 2].flatMap((pipeline) => stages(starved).map((stage) => ({ ...stage, pipeline })));
    const diagnosis = diagnose({
      stages: epochs,
      system: SYSTEM,
      steps: { stepMs: null, fetchMs: null, computeMs: null },
      numThreads: null,
    });
    expect(diagnosis.stages).toHaveLength(starved.length);
    expect(diagnosis.bottleneck?.stage.numTasks).toBe(1500);
  });

  it('counts the rate of a stage behind an aggregation by what it takes in', () => {
    const rows = stages([
      ['src', 1, null, 0.9],
      ['decode', 2, 20, 0.9],
      ['aggregate(op=collate(10))', 1, 0.01, 0.9],
      ['pack', 1, 95, 0.1],
    ]);
    rows[2]!.qps = 10;
    rows[3]!.qps = 10;
    const { bottleneck } = diagnose({
      stages: rows,
      system: SYSTEM,
      steps: { stepMs: null, fetchMs: null, computeMs: null },
      numThreads: null,
    });
    expect(bottleneck?.stage.function).toBe('pack');
    expect(bottleneck?.utilisation).toBeCloseTo(0.95);
  });
});
