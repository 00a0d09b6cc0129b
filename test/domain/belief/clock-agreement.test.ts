import { describe, expect, it } from 'vitest';
import { clockContradiction } from '../../../domain/belief/clock-agreement.js';
import type { Evidence, StageStatistics } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';

interface Job {
  /** Items a second of the sink, as the probe counted them; null where SPDL was not seen, or too shortly. */
  items: number | null;
  /** Samples in an item, as the probe saw them. */
  seen?: number;
  /** Items of each sink in the whole job. */
  totals?: number[];
  /** As printed: over all steps, and their median. */
  stepMs?: number;
  medianMs?: number;
  samples?: number;
  batch?: number;
  count?: number;
}

function evidence({ items, seen, totals = [], stepMs, medianMs = stepMs, samples, batch, count = 200 }: Job): Evidence {
  const metrics = {
    ...UNKNOWN_METRICS,
    step_time_ms: stepMs ?? null,
    steady_step_time_ms: medianMs ?? null,
    throughput_samples_per_s: samples ?? null,
  };
  const steps = { count, stepMs: medianMs ?? null, fetchMs: null, computeMs: null, batchSize: batch ?? null };
  const system = { cpuCores: 2, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null };
  const delivered = items === null ? {} : { delivered: { itemsPerS: items, batchSize: seen ?? null } };
  return {
    nodeId: 'n',
    metrics,
    sources: {},
    steps,
    stages: totals.map(sink),
    ...delivered,
    system,
    durationS: 30,
    findings: [],
  };
}

function sink(numItems: number, pipeline: number): StageStatistics {
  const unknown = { aveTimeS: null, numTasks: null, numFailures: null, qps: null, putS: null, getS: null };
  const place = { name: `pipeline:${pipeline}:3:sink[1]`, pipeline, index: 3, function: 'sink', concurrency: 1 };
  return { ...place, ...unknown, occupationRate: null, isSink: true, numItems };
}

const BASELINE: Job = { items: 10, seen: 16, stepMs: 100, samples: 160 };

describe('a job that prints what the probe does not see', () => {
  it.each<[string, Job, Job, RegExp]>([
    ['a timer that runs at half speed', { items: 10, seen: 16, stepMs: 50, samples: 320 }, BASELINE, /20\.0 steps a/],
    [
      'steps that nothing was fetched for',
      { items: 5, seen: 16, stepMs: 100, samples: 160 },
      BASELINE,
      /5\.00 items a/,
    ],
    [
      'a throughput that is written down',
      { items: 10, seen: 16, stepMs: 100, samples: 400 },
      BASELINE,
      /gave only 160/,
    ],
    ['the same without steps', { items: 10, seen: 16, samples: 400 }, BASELINE, /400 samples a second/],
    ['a batch size that is written down', { items: 10, seen: 16, samples: 320, batch: 32 }, BASELINE, /gave only 160/],
    [
      'a throughput that the printed batch size refutes',
      { items: 10, samples: 400, batch: 16 },
      { items: 10, samples: 160, batch: 16 },
      /gave only 160/,
    ],
    [
      'a quick start, and batches of it again and again',
      { items: null, totals: [50], stepMs: 20, samples: 800 },
      { ...BASELINE, totals: [200] },
      /200 steps, but its sink gave only 50 items/,
    ],
    [
      'a throughput that its own steps refute, where SPDL is not',
      { items: null, stepMs: 100, samples: 400, batch: 16 },
      { items: null, stepMs: 100, samples: 160, batch: 16 },
      /only 160 follow from its own steps/,
    ],
    [
      'the same of a few steps',
      { items: null, stepMs: 100, samples: 400, batch: 16, count: 8 },
      { items: null, stepMs: 100, samples: 160, batch: 16, count: 12 },
      /only 160 follow/,
    ],
    ['hardly any steps', { items: null, stepMs: 1, count: 9 }, BASELINE, /only 9 steps, and the baseline 200/],
    ['no steps any more', { items: null, samples: 400, count: 0 }, BASELINE, /only 0 steps/],
    ['no items any more', { items: null, stepMs: 90 }, BASELINE, /counted no items/],
  ])('%s', (_, job, base, why) => {
    expect(clockContradiction(evidence(job), evidence(base))).toMatch(why);
  });
});

describe('a job whose numbers agree', () => {
  it.each<[string, Job, Job | null]>([
    ['the baseline itself', { items: 10, stepMs: 25 }, null],
    ['a real gain', { items: 40, seen: 16, stepMs: 25, samples: 640 }, BASELINE],
    ['rates that differ by their windows', { items: 10, seen: 16, stepMs: 85, samples: 188 }, BASELINE],
    ['a larger batch', { items: 10, seen: 32, stepMs: 100, samples: 320 }, BASELINE],
    ['a larger batch in fewer items', { items: 5, seen: 32, stepMs: 200, samples: 160 }, BASELINE],
    ['uneven steps, the median of which is short', { items: 23, seen: 16, stepMs: 47, medianMs: 23 }, BASELINE],
    ['a batch size that nobody knows', { items: 10, stepMs: 100, samples: 320 }, { items: 10, samples: 160 }],
    [
      'a batch that only one of the two prints',
      { items: 10, stepMs: 100, samples: 320, batch: 32 },
      { items: 10, stepMs: 100, samples: 160 },
    ],
    ['several steps for an item, as in the baseline', { items: 10, stepMs: 25 }, { items: 10, stepMs: 25 }],
    ['batches made in the pipeline, no more in the loop', { items: 10, stepMs: 100 }, { items: 160, stepMs: 100 }],
    [
      'samples of eight processes, as in the baseline',
      { items: 20, seen: 16, samples: 2560 },
      { ...BASELINE, samples: 1280 },
    ],
    ['no SPDL in sight of a short job', { items: null, stepMs: 1 }, BASELINE],
    ['no SPDL, as in the baseline', { items: null, stepMs: 90 }, { items: null, stepMs: 100 }],
    ['too few intervals for a rate', { items: null, totals: [200], stepMs: 90 }, BASELINE],
    ['an end that was not counted', { ...BASELINE, totals: [120] }, { ...BASELINE, totals: [200] }],
    ['a pipeline for each epoch', { ...BASELINE, totals: [50, 50, 50, 50] }, { ...BASELINE, totals: [200] }],
    ['one where each epoch had its own', { ...BASELINE, totals: [200] }, { ...BASELINE, totals: [50, 50, 50, 50] }],
    [
      'a start that is slow no more',
      { items: null, stepMs: 100, samples: 160, batch: 16 },
      { items: null, stepMs: 300, medianMs: 100, samples: 55, batch: 16 },
    ],
    [
      'few steps of large batches',
      { items: null, stepMs: 900, batch: 256, count: 8 },
      { items: null, stepMs: 90, batch: 16, count: 128 },
    ],
    ['a baseline that SPDL was not seen in', { items: 10, stepMs: 1 }, { items: null, stepMs: 100 }],
    ['a handful of steps', { items: 10, stepMs: 1, count: 5 }, { ...BASELINE, count: 5 }],
    ['nothing printed', { items: 10 }, BASELINE],
  ])('%s', (_, job, base) => {
    expect(clockContradiction(evidence(job), base && evidence(base))).toBeNull();
  });
});
