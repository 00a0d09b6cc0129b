/**
 * What a user limits: one table, from which the state, messages, views, config.json, flags and texts follow; and the
 * reasons for which a run can end. A new limit is a row here, and a policy that keeps it.
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
  /** Runs of earlier versions know nothing of it. */
  isLater?: true;
  /** Why a run ends that has reached it. */
  ends?: string;
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
    ends: 'max_iterations',
    section: 'stopping_criteria',
  },
  patience: {
    field: 'patience',
    kind: 'count',
    initial: 3,
    flag: '--patience <n>',
    help: 'stop after so many planning rounds without a gain, once each best practice (MTP, batch size, concurrency) was tried',
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
    help: 'different experiments that are started, seeds included and repeats not',
    ends: 'max_experiments',
    shown: { label: 'Experiments', unit: 'experiments' },
  },
  /** Counted when it is given a slot, whatever becomes of it. */
  max_jobs: {
    field: 'maxJobs',
    kind: 'optional count',
    initial: null,
    flag: '--max-jobs <n>',
    help: 'jobs that are started, repeats included',
    isLater: true,
    ends: 'max_jobs',
    shown: { label: 'Jobs', unit: 'jobs' },
  },
  max_hours: {
    field: 'maxHours',
    kind: 'optional amount',
    initial: null,
    flag: '--max-hours <hours>',
    help: 'hours in which the engine runs',
    ends: 'wall_clock',
    shown: { label: 'Hours of the engine', unit: 'hours' },
  },
  budget_usd: {
    field: 'budgetUsd',
    kind: 'optional amount',
    initial: null,
    flag: '--budget-usd <amount>',
    help: "US dollars for the agent's calls",
    ends: 'budget_usd',
  },
  /** Tokens of all kinds. */
  budget_tokens: {
    field: 'budgetTokens',
    kind: 'optional amount',
    initial: null,
    flag: '--budget-tokens <n>',
    help: "tokens for the agent's calls, of all kinds",
    ends: 'budget_tokens',
  },
  budget_job_hours: {
    field: 'budgetJobHours',
    kind: 'optional amount',
    initial: null,
    flag: '--budget-job-hours <hours>',
    help: 'hours of all jobs together',
    ends: 'job_hours',
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

/** As a record of a run says them, with those that it may be too old for. */
export function withLaterLimits<T extends object>(limits: T): T {
  const later = Object.values<LimitFacts>(LIMITS).filter(({ isLater }) => isLater);
  return { ...Object.fromEntries(later.map(({ field, initial }) => [field, initial])), ...limits };
}

export function namedLimits(limits: Limits): NamedLimits {
  return Object.fromEntries(LIMIT_NAMES.map((name) => [name, limits[LIMITS[name].field]])) as unknown as NamedLimits;
}

/** The limits in force that status and summary.md list with a label of their own. */
export function shownLimits(limits: NamedLimits): { label: string; unit: string; value: number }[] {
  return LIMIT_NAMES.flatMap((name) => {
    const { shown }: LimitFacts = LIMITS[name];
    const value = limits[name];
    return shown === undefined || value === null ? [] : [{ ...shown, value }];
  });
}

/** A count that was reached under a higher limit is no breach of the one that was set since. */
export function ofLimitText(count: number, limit: number, what = ''): string {
  return count <= limit ? `${count} of ${limit}${what}` : `${count}${what} (the limit is ${limit} now)`;
}

/** "limits are now --max-iterations 20 …; none of --max-jobs, …": by the flags as a person would give them. */
export function limitsText(limits: NamedLimits): string {
  const flags = LIMIT_NAMES.map((name) => ({ flag: LIMITS[name].flag.split(' ')[0]!, value: limits[name] }));
  const set = flags.filter(({ value }) => value !== null).map(({ flag, value }) => `${flag} ${value}`);
  const none = flags.filter(({ value }) => value === null).map(({ flag }) => flag);
  return `limits are now ${set.join(' ')}${none.length === 0 ? '' : `; none of ${none.join(', ')}`}`;
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

/** Reasons that are no limit of the user's. */
const OTHER_STOP_REASONS = [
  'plateau',
  'headspace_reached',
  'failure_rate',
  'baseline_failed',
  'planner_stopped',
  'user',
  'setup_failed',
  'user_files_changed',
] as const;
type LimitEnd = { [N in LimitName]: Table[N] extends { ends: infer End } ? End : never }[LimitName];
export type StopReason = LimitEnd | (typeof OTHER_STOP_REASONS)[number];
export const STOP_REASONS: readonly StopReason[] = [
  ...LIMIT_NAMES.flatMap((name) => endOf(name) ?? []),
  ...OTHER_STOP_REASONS,
];

/** The limit that ends a run for that reason, or null. */
export function limitBehind(reason: StopReason): LimitName | null {
  return LIMIT_NAMES.find((name) => endOf(name) === reason) ?? null;
}

function endOf(name: LimitName): LimitEnd | null {
  const limit: LimitFacts & { ends?: LimitEnd } = LIMITS[name];
  return limit.ends ?? null;
}

/** The flag without what its value is called. */
export function flagOf(name: LimitName): string {
  return LIMITS[name].flag.split(' ')[0] ?? LIMITS[name].flag;
}

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
