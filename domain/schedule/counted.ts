/**
 * What the limits on numbers leave of a run: experiments of the search, of which a repeat is none, and jobs of all
 * kinds, each counted when it is given a slot.
 */

import { isRemeasurement } from '../belief/confirmation-state.js';
import { provisionalOnes } from '../belief/provisional.js';
import { repeatsFor } from '../belief/repeats.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { type ExperimentRow, isWaiting } from '../run/experiment-record.js';
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
  return jobsLeft(state) - preparedRows(state).length;
}

function preparedRows(state: EngineState): ExperimentRow[] {
  return openRows(state).filter(({ state: now }) => now.status === 'preparing' || now.status === 'ready');
}

/** Of the last jobs, how many new experiments leave to the repeats of a provisional best: no run ends with one. */
const MOST_KEPT_FOR_REPEATS = 3;

/** The repeats that wait for a job which no new experiment takes from them. */
function firstServed(state: EngineState): ExperimentRow[] {
  if (state.limits.maxJobs === null || !state.confirmation?.rules.keepsJobsToDecide) return [];
  const [best] = provisionalOnes(state);
  if (best === undefined) return [];
  return repeatsFor(state, best, 'confirmation').filter(isWaiting).slice(0, MOST_KEPT_FOR_REPEATS);
}

/** Whether the jobs that are left are kept for repeats of the provisional best; a person's wishes stand above that. */
export function isKeptForRepeats(state: EngineState, row: Pick<ExperimentRow, 'origin' | 'kind' | 'isPlaced'> | null) {
  if (row !== null && (isRemeasurement(row) || row.isPlaced || row.kind === 'user')) return false;
  const kept = firstServed(state).length;
  return kept > 0 && jobsLeft(state) <= kept;
}

/** Whether an experiment may be prepared, as far as the number of jobs says. */
export function mayPrepare(state: EngineState, row: ExperimentRow): boolean {
  const waiting = firstServed(state);
  if (waiting.length === 0) return preparationsLeft(state) > 0;
  // What is prepared and would take a job from them waits.
  if (waiting.includes(row)) return jobsLeft(state) > preparedRows(state).filter(isRemeasurement).length;
  const unprepared = waiting.filter(({ state: now }) => now.status === 'queued').length;
  const isWished = row.isPlaced || row.kind === 'user';
  return preparationsLeft(state) > (isRemeasurement(row) || isWished ? 0 : unprepared);
}

/** Of a run that the limit of jobs ends. */
export function jobsText({ limits, jobs = 0 }: EngineState): string {
  const most = limits.maxJobs ?? Number.POSITIVE_INFINITY;
  return jobs > most ? ofLimitText(jobs, most, ' jobs were started') : `${jobs} of at most ${most} jobs were started`;
}
