/** Which result is better. Order of comparison: throughput (higher), else steady step time (lower), else duration (lower). */
import type { Metrics } from '../metrics.js';

export interface Objective {
  metric: 'throughput_samples_per_s' | 'steady_step_time_ms' | 'duration_s';
  value: number;
}

/** The number by which a run is compared, or null when nothing was measured. `durationS` is the job's duration in seconds. */
export function objectiveOf(metrics: Metrics, durationS: number | null): Objective | null {
  if (isMeasured(metrics.throughput_samples_per_s)) {
    return { metric: 'throughput_samples_per_s', value: metrics.throughput_samples_per_s };
  }
  if (isMeasured(metrics.steady_step_time_ms))
    return { metric: 'steady_step_time_ms', value: metrics.steady_step_time_ms };
  if (isMeasured(durationS)) return { metric: 'duration_s', value: durationS };
  return null;
}

function isMeasured(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value > 0;
}

const RANK = { throughput_samples_per_s: 0, steady_step_time_ms: 1, duration_s: 2 } as const satisfies Record<
  Objective['metric'],
  number
>;

/** A result with throughput beats one without; among equals in kind the number decides, and a tie is not better. */
export function isBetter(candidate: Objective | null, incumbent: Objective | null): boolean {
  if (!candidate) return false;
  if (!incumbent) return true;
  if (candidate.metric !== incumbent.metric) return RANK[candidate.metric] < RANK[incumbent.metric];
  return candidate.metric === 'throughput_samples_per_s'
    ? candidate.value > incumbent.value
    : candidate.value < incumbent.value;
}

/** How many times faster: above 1 is better; null when the two cannot be compared. */
export function speedup(candidate: Objective | null, reference: Objective | null): number | null {
  if (!candidate || !reference || candidate.metric !== reference.metric) return null;
  return candidate.metric === 'throughput_samples_per_s'
    ? candidate.value / reference.value
    : reference.value / candidate.value;
}
