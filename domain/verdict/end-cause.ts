/** Who or what ended a job, on this host or on a cluster. */

export const END_CAUSES = [
  /** Itself, with its return code. */
  'exit',
  /** The job's time limit ended it. */
  'timeout',
  /** The job printed nothing new for too long. */
  'stalled',
  /** A person. */
  'cancelled',
  /** Nobody knows. */
  'lost',
  /** The scheduler took its place away for another job. */
  'preempted',
  /** The host that it ran on failed. */
  'node_failed',
  'out_of_memory',
  /** The scheduler would not, or could not, start it. */
  'never_started',
] as const;

export type EndCause = (typeof END_CAUSES)[number];
