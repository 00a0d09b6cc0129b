/**
 * The numbers of one run. A missing number is null (unknown), never 0.
 * Field names are those of result.json and of an agent's analysis.
 */

import type { CustomMetric } from './custom-metric.js';

export const NUMERIC_METRICS = [
  'step_time_ms',
  'steady_step_time_ms',
  'throughput_samples_per_s',
  'ttfb_s',
  'sm_utilization_pct',
  'steady_sm_utilization_pct',
  'cpu_utilization_pct',
  'data_readiness_pct',
  'init_time_s',
  'improvement_vs_baseline_pct',
] as const;
export type NumericMetric = (typeof NUMERIC_METRICS)[number];

/** What stands beside the numbers, and what kind of value it is. */
export const OTHER_METRICS = { bottleneck_stage: 'text', is_best_so_far: 'flag', notes: 'text' } as const;
type OtherMetric = keyof typeof OTHER_METRICS;

interface Kinds {
  text: string;
  flag: boolean;
}
/** A value made of each of them, as a schema of each kind. */
export type OfOtherMetrics<Made extends Record<keyof Kinds, unknown>> = {
  [M in OtherMetric]: Made[(typeof OTHER_METRICS)[M]];
};

export function ofOtherMetrics<Made extends Record<keyof Kinds, unknown>>(made: Made): OfOtherMetrics<Made> {
  return Object.fromEntries(
    Object.entries(OTHER_METRICS).map(([name, kind]) => [name, made[kind]]),
  ) as OfOtherMetrics<Made>;
}

export type Metrics = Record<NumericMetric, number | null> & {
  [M in OtherMetric]: Kinds[(typeof OTHER_METRICS)[M]] | null;
} & {
  /** Absent in runs without --metric. */
  custom?: CustomMetric;
};

/** Where a number came from: read from the job's output or samples, computed from such, or said by the agent only. */
export type Provenance = 'parsed' | 'derived' | 'reported';
export type MetricSources = Partial<Record<NumericMetric, Provenance>>;

/**
 * What a result may say beside its numbers, and what kind of value it is; absent where there is nothing to say. The row
 * of the experiment, messages, events and the carried state hold the same fields: a new one is a row here, and who sets
 * it.
 */
export const RESULT_REMARKS = {
  /** Why these numbers cannot be believed. */
  doubt: 'text',
  /** That its change did not reach the job, in words; absent also where that is not known. */
  noEffect: 'text',
  /** That its job was ended early and its numbers are told on the scale of a whole run, in words. */
  shortened: 'text',
  /** Why nobody knows whose throughput it is compared by: that of the job, or of one of its ranks. */
  unclearRate: 'text',
  /** Relative standard error of the mean step time within the job; absent for too few steps. */
  stepNoise: 'number',
  /**
   * Share of its CPUs, or of a GPU of its, that other work used, where it was so much that the numbers are in doubt.
   */
  contention: 'number',
} as const;

type Remark = keyof typeof RESULT_REMARKS;
export type ResultRemarks = { [R in Remark]?: (typeof RESULT_REMARKS)[R] extends 'text' ? string : number };
export const REMARK_NAMES = Object.keys(RESULT_REMARKS) as Remark[];

/** The remarks of a result, or of a row, and nothing else of it. */
export function remarksOf(from: ResultRemarks): ResultRemarks {
  return Object.fromEntries(REMARK_NAMES.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
}

/** What an experiment produced; small enough to travel in a message and to stand in the engine's state. */
export interface Result extends ResultRemarks {
  metrics: Metrics;
  sources: MetricSources;
  findings: string[];
  /** Of the baseline: what a person should know before anything is compared. */
  notices?: string[];
}

export const UNKNOWN_METRICS: Metrics = {
  ...(Object.fromEntries(NUMERIC_METRICS.map((name) => [name, null])) as Record<NumericMetric, null>),
  ...ofOtherMetrics({ text: null, flag: null }),
};

/** As files show it: the run's own metric stands among the others by its name. */
export function withCustomByName({
  metrics,
  sources,
}: Pick<Result, 'metrics' | 'sources'>): Record<'metrics' | 'sources', Record<string, unknown>> {
  const { custom, ...others } = metrics;
  if (!custom) return { metrics: others, sources };
  const source: Provenance | null = custom.value === null ? null : 'parsed';
  return {
    metrics: { ...others, [custom.name]: custom.value },
    sources: source === null ? sources : { ...sources, [custom.name]: source },
  };
}
