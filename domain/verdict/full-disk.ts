/** Whether a job runs again whose disk was full while it ran: what it could not write says nothing about its code. */
import type { Failure } from '../run/failure.js';

/** A disk that fills again and again is a person's to see to; the last failure then stands, and says so. */
export const MOST_RUNS_AGAIN = 3;

/**
 * `times`: how often it ran again already. The rule comes with the failure: those of earlier versions do not say it.
 */
export function runsAgain(failure: Failure | null, times: number): boolean {
  return failure?.details.disk_was_full === true && times < MOST_RUNS_AGAIN;
}
