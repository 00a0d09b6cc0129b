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
}

export const DEFAULT_LIMITS: Limits = { maxIterations: 10, patience: 3, maxConcurrency: 3, jobTimeoutS: 1800 };

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
  'planner_stopped',
  'user',
  'setup_failed',
] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export const STOP_MODES = ['interrupt', 'drain', 'cancel_jobs'] as const;
export type StopMode = (typeof STOP_MODES)[number];

/** What is wrong with a limit, or null: every limit is a positive whole number, jobTimeoutS in seconds. */
export function limitProblem(name: keyof Limits, value: unknown): string | null {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    return `${name} must be a whole number of at least 1, not ${JSON.stringify(value)}`;
  }
  return null;
}
