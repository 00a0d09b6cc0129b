import { describe, expect, it } from 'vitest';
import type { Evidence, StageStatistics } from '../../domain/evidence.js';
import { UNKNOWN_METRICS } from '../../domain/metrics.js';
import { clockContradiction } from '../../domain/policies/clock-agreement.js';

interface Job {
  /** Items a second of the sink, as the probe counted them; null where SPDL was not seen. */
  items: number | null;
  /** As printed. */
  stepMs?: number;
  samples?: number;
  batch?: number;
  count?: number;
}

function evidence({ items, stepMs, samples, batch, count = 200 }: Job): Evidence {
  const sink: StageStatistics = {
    name: 'pipeline:0:3:sink[1]',
    pipeline: 0,
    index: 3,
    function: 'sink',
    concurrency: 1,
    aveTimeS: null,
    numTasks: null,
    numFailures: null,
    qps: items,
    putS: null,
    getS: null,
    occupationRate: 0.5,
    isSink: true,
  };
  const metrics = {
    ...UNKNOWN_METRICS,
    steady_step_time_ms: stepMs ?? null,
    throughput_samples_per_s: samples ?? null,
  };
  const steps = { count, stepMs: stepMs ?? null, fetchMs: null, computeMs: null, batchSize: batch ?? null };
  const system = { cpuCores: 2, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null };
  return { nodeId: 'n', metrics, sources: {}, steps, stages: [sink], system, durationS: 30, findings: [] };
}

const BASELINE: Job = { items: 10, stepMs: 100, samples: 160, batch: 16 };

describe('a job that prints what the probe does not see', () => {
  it.each<[string, Job, RegExp]>([
    ['a timer that runs at half speed', { items: 10, stepMs: 50, samples: 320, batch: 16 }, /20\.0 steps a second/],
    ['steps that nothing was fetched for', { items: 5, stepMs: 100, samples: 160, batch: 16 }, /5\.00 items a second/],
    ['a throughput that is written down', { items: 10, stepMs: 100, samples: 400, batch: 16 }, /follow 160/],
    ['the same without a batch size', { items: 10, samples: 400 }, /400 samples a second/],
  ])('%s', (_, job, why) => {
    const base = job.batch === undefined ? { items: 10, samples: 160 } : BASELINE;
    expect(clockContradiction(evidence(job), evidence(base))).toMatch(why);
  });
});

describe('a job whose numbers agree', () => {
  it.each<[string, Job, Job | null]>([
    ['the baseline itself', BASELINE, null],
    ['a real gain', { items: 40, stepMs: 25, samples: 640, batch: 16 }, BASELINE],
    ['rates that differ by their windows', { items: 10, stepMs: 85, samples: 188, batch: 16 }, BASELINE],
    ['a larger batch', { items: 10, stepMs: 100, samples: 320, batch: 32 }, BASELINE],
    [
      'a batch that only one of the two prints',
      { items: 10, stepMs: 100, samples: 320, batch: 32 },
      { items: 10, stepMs: 100, samples: 160 },
    ],
    ['several steps for an item, as in the baseline', { items: 10, stepMs: 25 }, { items: 10, stepMs: 25 }],
    ['no SPDL in sight', { items: null, stepMs: 1 }, BASELINE],
    ['a handful of steps', { items: 10, stepMs: 1, count: 5 }, BASELINE],
    ['nothing printed', { items: 10 }, BASELINE],
  ])('%s', (_, job, base) => {
    expect(clockContradiction(evidence(job), base && evidence(base))).toBeNull();
  });
});
