import { expect, it } from 'vitest';
import type { Evidence } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { AnalysisReplySchema } from '../../../domain/formats/agent-replies.js';
import { resultFrom } from '../../../domain/verdict/analysis-result.js';
import { Story } from '../run-story.js';

const evidence: Evidence = {
  nodeId: '000_baseline',
  metrics: { ...UNKNOWN_METRICS, data_readiness_pct: 40 },
  sources: { data_readiness_pct: 'derived' },
  steps: { count: 0, stepMs: null, fetchMs: null, computeMs: null, batchSize: null },
  stages: [],
  system: { cpuCores: null, cpuPct: null, peakRssMb: null, smPct: null, steadySmPct: null, gpuMemoryMb: null },
  durationS: 60,
  findings: [],
};

it('an agent’s number fills what was not measured, as reported; never one that results are compared by', () => {
  const said = {
    throughput_samples_per_s: 1e6,
    steady_step_time_ms: 0.1,
    init_time_s: 3,
    data_readiness_pct: 99,
  };
  const reply = AnalysisReplySchema.parse({ metrics: said, findings: [] });
  const { metrics, sources } = resultFrom(new Story().setUp().state, '000_baseline', evidence, reply);
  expect(metrics).toMatchObject({
    throughput_samples_per_s: null,
    steady_step_time_ms: null,
    init_time_s: 3,
    data_readiness_pct: 40,
  });
  expect(sources).toMatchObject({ init_time_s: 'reported', data_readiness_pct: 'derived' });
  expect(sources).not.toHaveProperty('throughput_samples_per_s');
});

it.each([
  ['by little', { contention: 0.1, gpuOthers: { processes: 1, smShare: 0.1, looksUsed: 9 } }, undefined],
  ['on the CPUs', { contention: 0.3, gpuOthers: { processes: 1, smShare: 0.1, looksUsed: 9 } }, 0.3],
  ['on a GPU', { contention: 0.1, gpuOthers: { processes: 1, smShare: 0.4, looksUsed: 9 } }, 0.4],
  ['on both', { contention: 0.3, gpuOthers: { processes: 1, smShare: 0.5, looksUsed: 9 } }, 0.5],
])('a result says how much it lost where it was disturbed %s', (_, others, contention) => {
  const disturbed = { ...evidence, system: { ...evidence.system, ...others } };
  expect(resultFrom(new Story().setUp().state, '000_baseline', disturbed, null).contention).toBe(contention);
});
