/**
 * What the limits on numbers leave of a run: experiments of the search, of which a repeat is none, and jobs of all
 * kinds, each counted when it is given a slot.
 */

import { isRemeasurement } from '../belief/confirmation-state.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import { ofLimitText } from '../run/limits.js';

/** Of the search: those that have ended, and those that are open, or open and begun. */
export function countExperiments(state: EngineState, which: 'all' | 'begun'): number {
  const { completed, failed, cancelled } = state.tally;
  const open = openRows(state).filter(
    (row) => !isRemeasurement(row) && (which === 'all' || row.state.status !== 'queued'),
  );
  return completed + failed + cancelled - (state.confirmation?.ended ?? 0) + open.length;
}

/** Whether it stays queued: as many as may be have left the queue. What only measures again is not counted. */
export function isKeptBack(state: EngineState, row: ExperimentRow): boolean {
  const { maxExperiments } = state.limits;
  if (maxExperiments === null || row.state.status !== 'queued' || isRemeasurement(row)) return false;
  return countExperiments(state, 'begun') >= maxExperiments;
}

/** Slots that may still be granted; Infinity without a limit. */
export function jobsLeft({ limits, jobs = 0 }: EngineState): number {
  return limits.maxJobs === null ? Number.POSITIVE_INFINITY : Math.max(0, limits.maxJobs - jobs);
}

/** Experiments that may still be prepared: each that is prepared already will ask for a job. */
export function preparationsLeft(state: EngineState): number {
  const prepared = openRows(state).filter(({ state: now }) => now.status === 'preparing' || now.status === 'ready');
  return jobsLeft(state) - prepared.length;
}

/** Of a run that the limit of jobs ends. */
export function jobsText({ limits, jobs = 0 }: EngineState): string {
  const most = limits.maxJobs ?? Number.POSITIVE_INFINITY;
  return jobs > most ? ofLimitText(jobs, most, ' jobs were started') : `${jobs} of at most ${most} jobs were started`;
}
