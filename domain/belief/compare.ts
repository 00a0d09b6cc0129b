/**
 * Which result is better. Order of comparison: throughput (higher), else steady step time (lower), else duration
 * (lower); in a run with a metric of its own that metric alone.
 */
import type { Direction } from '../evidence/custom-metric.js';
import type { Metrics } from '../evidence/metrics.js';
import type { ExperimentRow } from '../run/experiment-record.js';

const BUILT_IN = {
  throughput_samples_per_s: { rank: 0, direction: 'higher' },
  steady_step_time_ms: { rank: 1, direction: 'lower' },
  duration_s: { rank: 2, direction: 'lower' },
} as const satisfies Record<string, { rank: number; direction: Direction }>;
export type BuiltInObjective = keyof typeof BUILT_IN;

export interface Objective {
  /** A BuiltInObjective, or the name of the run's own metric. */
  metric: string;
  value: number;
  /** Of the run's own metric; absent where the metric says it. */
  direction?: Direction;
}

export function isBuiltIn(metric: string): metric is BuiltInObjective {
  return Object.hasOwn(BUILT_IN, metric);
}

export function directionOf({ metric, direction }: Omit<Objective, 'value'>): Direction {
  return direction ?? (isBuiltIn(metric) ? BUILT_IN[metric].direction : 'higher');
}

/**
 * The number by which a run is compared, or null when nothing was measured. `durationS` is the job's duration in
 * seconds.
 */
export function objectiveOf(metrics: Metrics, durationS: number | null): Objective | null {
  const { custom } = metrics;
  // Unknown is unknown: nobody asked for a comparison by another number.
  if (custom)
    return isMeasured(custom.value) ? { metric: custom.name, value: custom.value, direction: custom.direction } : null;
  if (isMeasured(metrics.throughput_samples_per_s)) {
    return { metric: 'throughput_samples_per_s', value: metrics.throughput_samples_per_s };
  }
  if (isMeasured(metrics.steady_step_time_ms))
    return { metric: 'steady_step_time_ms', value: metrics.steady_step_time_ms };
  if (isMeasured(durationS)) return { metric: 'duration_s', value: durationS };
  return null;
}

/** The same metrics with that number in its place; a duration has none among them. */
export function withObjective(metrics: Metrics, { metric, value }: Objective): Metrics {
  if (metrics.custom?.name === metric) return { ...metrics, custom: { ...metrics.custom, value } };
  return isBuiltIn(metric) && metric !== 'duration_s' ? { ...metrics, [metric]: value } : metrics;
}

/** The compared number of a completed experiment; null for every other. */
export function objectiveOfRow(row: ExperimentRow | undefined): Objective | null {
  return row?.state.status === 'completed' ? objectiveOf(row.state.metrics, row.state.durationS) : null;
}

function isMeasured(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value > 0;
}

/** A result with throughput beats one without; among equals in kind the number decides, and a tie is not better. */
export function isBetter(candidate: Objective | null, incumbent: Objective | null): boolean {
  if (!candidate) return false;
  if (!incumbent) return true;
  if (candidate.metric !== incumbent.metric) return rankOf(candidate) < rankOf(incumbent);
  return directionOf(candidate) === 'higher' ? candidate.value > incumbent.value : candidate.value < incumbent.value;
}

/** How many times faster: above 1 is better; null when the two cannot be compared. */
export function speedup(candidate: Objective | null, reference: Objective | null): number | null {
  if (!candidate || !reference || candidate.metric !== reference.metric) return null;
  return directionOf(candidate) === 'higher' ? candidate.value / reference.value : reference.value / candidate.value;
}

/** The run's own metric before all others. */
function rankOf({ metric }: Objective): number {
  return isBuiltIn(metric) ? BUILT_IN[metric].rank : -1;
}
