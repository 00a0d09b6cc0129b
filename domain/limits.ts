/** What a user limits, with the defaults (each written once, here) and the reasons for which a run can end. */

export interface Limits {
  /** Planning rounds. */
  maxIterations: number;
  /** Planning rounds in a row without a gain. */
  patience: number;
  /** Jobs at a time (not experiments: preparation and analysis hold no slot). */
  maxConcurrency: number;
  /** Wall clock of one job, seconds. */
  jobTimeoutS: number;
  /** Experiments that are started, seeds included; null = no limit, here and below. */
  maxExperiments: number | null;
  /** Hours in which the engine runs. */
  maxHours: number | null;
  /** US dollars for agent calls. */
  budgetUsd: number | null;
  /** Tokens of agent calls, of all kinds. */
  budgetTokens: number | null;
  /** Hours of jobs, added up. */
  budgetJobHours: number | null;
}

export const DEFAULT_LIMITS: Limits = {
  maxIterations: 10,
  patience: 3,
  maxConcurrency: 3,
  jobTimeoutS: 1800,
  maxExperiments: null,
  maxHours: null,
  budgetUsd: null,
  budgetTokens: null,
  budgetJobHours: null,
};

/** Of what people hand to a run, and an engine carries with it until a plan or a slot takes it. */
export const MOST_PENDING = {
  /** Notes that no plan has taken yet. */
  notes: 50,
  /** Characters of one. */
  noteLength: 4000,
  /** Experiments by people that have not been launched yet. */
  ownExperiments: 200,
} as const;

/** What a limit counts: whole ones, or an amount; whether it may be lifted by null. */
const LIMIT_KINDS = {
  maxIterations: 'count',
  patience: 'count',
  maxConcurrency: 'count',
  jobTimeoutS: 'count',
  maxExperiments: 'optional count',
  maxHours: 'optional amount',
  budgetUsd: 'optional amount',
  budgetTokens: 'optional amount',
  budgetJobHours: 'optional amount',
} as const satisfies Record<keyof Limits, 'count' | 'optional count' | 'optional amount'>;

export const STOP_REASONS = [
  'plateau',
  'max_iterations',
  'max_experiments',
  'budget_usd',
  'budget_tokens',
  'job_hours',
  'wall_clock',
  'headspace_reached',
  'failure_rate',
  'baseline_failed',
  'planner_stopped',
  'user',
  'setup_failed',
  'user_files_changed',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export const STOP_MODES = ['interrupt', 'drain', 'cancel_jobs'] as const;
export type StopMode = (typeof STOP_MODES)[number];

/** Whether one of them allows more than before. */
export function isRaised(before: Limits, after: Limits): boolean {
  const amount = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return (Object.keys(after) as (keyof Limits)[]).some((name) => amount(after[name]) > amount(before[name]));
}

/** What is wrong with a limit's value, or null. */
export function limitProblem(name: keyof Limits, value: unknown): string | null {
  const kind = LIMIT_KINDS[name];
  if (value === null && kind !== 'count') return null;
  const isCount = kind !== 'optional amount';
  if (
    typeof value === 'number' &&
    (isCount ? Number.isInteger(value) && value >= 1 : Number.isFinite(value) && value > 0)
  ) {
    return null;
  }
  return `must be ${isCount ? 'a whole number of at least 1' : 'a number above 0'}, not ${JSON.stringify(value)}`;
}
