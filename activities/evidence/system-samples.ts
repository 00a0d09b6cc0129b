/** CPU, memory and GPU of a job's processes over time, from the job runner's system.tsv. */
import type { SystemUse } from '../../domain/evidence.js';
import { shareOfOthers } from '../../domain/policies/contention.js';
import { percentile, steadySamples } from '../../domain/policies/steady-state.js';
import { measuredNumber, type Refusals } from './measured-number.js';
import type { MetricTable } from './metric-table.js';

const STEADY_SM_SHARE = 0.75;

export function systemUse(table: MetricTable | null, cpuCores: number | null, refusals: Refusals): SystemUse {
  const samples = (table?.rows ?? []).flatMap((row) => {
    const number = (name: string) => measuredNumber(row.get(name), name, refusals);
    const timeS = number('time_s');
    if (timeS === null) return [];
    const [cpu, others] = [number('cpu_pct'), number('others_cpu_pct')];
    return { timeS, cpu, others, rss: number('rss_mb'), sm: number('sm_pct'), gpu: number('gpu_mem_mb') };
  });
  const steady = steadySamples(samples);
  const known = (values: (number | null)[]) => values.filter((value) => value !== null);
  const contention = shareOfOthers(known(steady.map(({ others }) => others)));
  return {
    ...(contention === null ? {} : { contention }),
    cpuCores,
    cpuPct: mean(known(steady.map(({ cpu }) => cpu))),
    peakRssMb: most(known(samples.map(({ rss }) => rss))),
    smPct: mean(known(samples.map(({ sm }) => sm))),
    steadySmPct: percentile(known(steady.map(({ sm }) => sm)), STEADY_SM_SHARE),
    gpuMemoryMb: most(known(samples.map(({ gpu }) => gpu))),
  };
}

function mean(values: number[]): number | null {
  return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
}

function most(values: number[]): number | null {
  return values.length > 0 ? values.reduce((a, b) => Math.max(a, b)) : null;
}
