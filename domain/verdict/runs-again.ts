/**
 * Whether a job runs again that nothing in its code ended: its disk was full, its scheduler gave its place to another
 * job, its host failed, or nobody saw how it ended.
 */
import type { Failure } from '../run/failure.js';

/** What comes again and again is a person's to see to; the last failure then stands, and says so. */
export const MOST_RUNS_AGAIN = 3;
/**
 * A job that fails with its host twice may be what makes hosts fail. One that nobody saw end may have gone down with
 * its host as well.
 */
const MOST_AFTER_HOST_FAILURES = 1;

/**
 * `times`: how often it ran again already. The rule comes with the failure: those of earlier versions do not say it.
 */
export function runsAgain(failure: Failure | null, times: number): boolean {
  if (failure === null) return false;
  if (failure.kind === 'job_node_failed' || failure.kind === 'job_lost') return times < MOST_AFTER_HOST_FAILURES;
  const isOfOthers = failure.details.disk_was_full === true || failure.kind === 'job_preempted';
  return isOfOthers && times < MOST_RUNS_AGAIN;
}
