/**
 * CPU, memory and GPU of a job's processes over time, and of others beside it, from the job runner's system.tsv and
 * gpu_others.tsv.
 */

import { shareOfOthers } from '../belief/contention.js';
import { percentile, steadySamples } from '../belief/steady-state.js';
import type { GpuOthers, SystemUse } from './evidence.js';
import { measuredNumber, type Refusals } from './measured-number.js';
import type { MetricTable } from './metric-table.js';

const STEADY_SM_SHARE = 0.75;

export function systemUse(
  tables: { system: MetricTable | null; gpuOthers: MetricTable | null },
  cpuCores: number | null,
  refusals: Refusals,
): SystemUse {
  const samples = (tables.system?.rows ?? []).flatMap((row) => {
    const number = (name: string) => measuredNumber(row.get(name), name, refusals);
    const timeS = number('time_s');
    if (timeS === null) return [];
    const [cpu, others] = [number('cpu_pct'), number('others_cpu_pct')];
    return { timeS, cpu, others, rss: number('rss_mb'), sm: number('sm_pct'), gpu: number('gpu_mem_mb') };
  });
  const steady = steadySamples(samples);
  const known = (values: (number | null)[]) => values.filter((value) => value !== null);
  const contention = shareOfOthers('CPUs', known(steady.map(({ others }) => others)));
  const gpuOthers = othersOnGpus(tables.gpuOthers, refusals);
  return {
    ...(contention === null ? {} : { contention }),
    ...(gpuOthers === null ? {} : { gpuOthers }),
    cpuCores,
    cpuPct: mean(known(steady.map(({ cpu }) => cpu))),
    peakRssMb: most(known(samples.map(({ rss }) => rss))),
    smPct: mean(known(samples.map(({ sm }) => sm))),
    steadySmPct: percentile(known(steady.map(({ sm }) => sm)), STEADY_SM_SHARE),
    gpuMemoryMb: most(known(samples.map(({ gpu }) => gpu))),
  };
}

/** On the GPU that they used most: the slowest part of a job is its speed. Null where no GPU is known well enough. */
function othersOnGpus(table: MetricTable | null, refusals: Refusals): GpuOthers | null {
  const rows = (table?.rows ?? []).flatMap((row) => {
    const number = (name: string) => measuredNumber(row.get(name), `gpu_others ${name}`, refusals);
    const timeS = number('time_s');
    return timeS === null
      ? []
      : [{ timeS, gpu: row.get('gpu') ?? '', processes: number('processes'), smPct: number('sm_pct') }];
  });
  const steady = steadySamples(rows);
  const processes = most(steady.flatMap((row) => row.processes ?? [])) ?? 0;
  let worst: GpuOthers | null = null;
  for (const gpu of new Set(steady.map((row) => row.gpu))) {
    const percentages = steady.filter((row) => row.gpu === gpu).flatMap(({ smPct }) => smPct ?? []);
    const smShare = shareOfOthers('GPUs', percentages);
    if (smShare === null || (worst !== null && smShare <= worst.smShare)) continue;
    worst = { processes, smShare, looksUsed: percentages.filter((pct) => pct > 0).length };
  }
  return worst;
}

function mean(values: number[]): number | null {
  return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
}

function most(values: number[]): number | null {
  return values.length > 0 ? values.reduce((a, b) => Math.max(a, b)) : null;
}
