/** Who or what ended a job, on this host or on a cluster. */

export const END_CAUSES = [
  /** Itself, with its return code. */
  'exit',
  /** Its time limit. */
  'timeout',
  /** It printed nothing new for too long. */
  'stalled',
  /** A person. */
  'cancelled',
  /** Nobody knows. */
  'lost',
  /** Its scheduler, for another job. */
  'preempted',
  /** Its host. */
  'node_failed',
  'out_of_memory',
  /** Its scheduler would not, or could not, start it. */
  'never_started',
] as const;

export type EndCause = (typeof END_CAUSES)[number];
