/**
 * What a user limits: one table, from which the state, messages, views, config.json, flags and texts follow; and the reasons
 * for which a run can end. A new limit is a row here, and a policy that keeps it.
 */

interface LimitFacts {
  /** Its name in the state. */
  field: string;
  /** What it counts: whole ones, or an amount; an optional one may be lifted by null. */
  kind: 'count' | 'optional count' | 'optional amount';
  /** Without a person's word; null = no limit. */
  initial: number | null;
  /** The flag, with what its value is called. */
  flag: string;
  /** For `--help`, to which the default is added. */
  help: string;
  /** `help` says what is in force without the flag. */
  saysDefault?: true;
  /** Part of config.json in which it stands. */
  section?: 'stopping_criteria';
  /** How status and summary.md name it, where no line of their own does. */
  shown?: { label: string; unit: string };
}

/** By their names in messages and in config.json. */
export const LIMITS = {
  max_iterations: {
    field: 'maxIterations',
    kind: 'count',
    initial: 10,
    flag: '--max-iterations <n>',
    help: 'planning rounds at most',
    section: 'stopping_criteria',
  },
  patience: {
    field: 'patience',
    kind: 'count',
    initial: 3,
    flag: '--patience <n>',
    help: 'stop after so many planning rounds without a gain',
    section: 'stopping_criteria',
  },
  /** Jobs at a time, not experiments: preparation and analysis hold no slot. */
  max_concurrency: {
    field: 'maxConcurrency',
    kind: 'count',
    initial: 3,
    flag: '--max-concurrency <n>',
    help: 'jobs at a time; when absent one for each slot, and one alone on this machine where there are no slots',
    saysDefault: true,
  },
  job_timeout_s: {
    field: 'jobTimeoutS',
    kind: 'count',
    initial: 1800,
    flag: '--job-timeout <seconds>',
    help: 'wall clock of one job',
  },
  max_experiments: {
    field: 'maxExperiments',
    kind: 'optional count',
    initial: null,
    flag: '--max-experiments <n>',
    help: 'experiments that are started, seeds included',
    shown: { label: 'Experiments', unit: 'experiments' },
  },
  max_hours: {
    field: 'maxHours',
    kind: 'optional amount',
    initial: null,
    flag: '--max-hours <hours>',
    help: 'hours in which the engine runs',
    shown: { label: 'Hours of the engine', unit: 'hours' },
  },
  budget_usd: {
    field: 'budgetUsd',
    kind: 'optional amount',
    initial: null,
    flag: '--budget-usd <amount>',
    help: "US dollars for the agent's calls",
  },
  /** Tokens of all kinds. */
  budget_tokens: {
    field: 'budgetTokens',
    kind: 'optional amount',
    initial: null,
    flag: '--budget-tokens <n>',
    help: "tokens for the agent's calls, of all kinds",
  },
  budget_job_hours: {
    field: 'budgetJobHours',
    kind: 'optional amount',
    initial: null,
    flag: '--budget-job-hours <hours>',
    help: 'hours of all jobs together',
  },
} as const satisfies Record<string, LimitFacts>;

type Table = typeof LIMITS;
export type LimitName = keyof Table;
export const LIMIT_NAMES = Object.keys(LIMITS) as LimitName[];

/** Null = no limit. */
export type LimitValue<N extends LimitName> = Table[N]['kind'] extends 'count' ? number : number | null;

/** As the state holds them. */
export type Limits = { [N in LimitName as Table[N]['field']]: LimitValue<N> };
/** As people and scripts say them. */
export type NamedLimits = { [N in LimitName]: LimitValue<N> };

export const DEFAULT_LIMITS = Object.fromEntries(
  Object.values(LIMITS).map(({ field, initial }) => [field, initial]),
) as unknown as Limits;

export function namedLimits(limits: Limits): NamedLimits {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[LIMITS[name].field]])) as unknown as NamedLimits;
}

/** Those in force that status and summary.md list with a label of their own. */
export function shownLimits(limits: NamedLimits): { label: string; unit: string; value: number }[] {
  return LIMIT_NAMES.flatMap((name) => {
    const { shown }: LimitFacts = LIMITS[name];
    const value = limits[name];
    return shown === undefined || value === null ? [] : [{ ...shown, value }];
  });
}

export function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

/** Of what people hand to a run, and an engine carries with it until a plan or a slot takes it. */
export const MOST_PENDING = {
  /** Notes that no plan has taken yet. */
  notes: 50,
  /** Characters of one. */
  noteLength: 4000,
  /** Experiments by people that have not been launched yet. */
  ownExperiments: 200,
} as const;

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
export function limitProblem(name: LimitName, value: unknown): string | null {
  const { kind } = LIMITS[name];
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
