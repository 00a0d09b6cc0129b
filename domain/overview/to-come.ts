/** What a run still has to do: the jobs that are known, the rounds that may follow, and how long that takes. */
import { isRemeasurement } from '../belief/confirmation-state.js';
import { untriedPractices } from '../proposals/best-practices.js';
import { awaitingApproval, awaitsApproval } from '../run/approval.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { BASELINE_ID, type ExperimentRow, isSeed } from '../run/experiment-record.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { expectedTimes, usualDuration } from './expected-time.js';
import type { UnderWay } from './under-way.js';

export interface ToCome {
  /** Queued, being prepared or running. */
  jobs: number;
  /** Of those, what waits for a person's approval first. */
  asked: number;
  /** Until those have ended; null while no job tells how long one takes. */
  jobs_left_s: number | null;
  /** Planning rounds that follow if nothing more is won, and at most. */
  least_rounds: number;
  most_rounds: number;
  /** Best practices that are tried before the run may end. */
  untried: string[];
  /** Jobs that measure the winner and the baseline once more before the end. */
  verification_jobs: number;
  /** Until the end if nothing more is won, and at most; null while no job tells. */
  least_s: number | null;
  most_s: number | null;
}

/** Null once the run has ended. */
export function toCome(state: EngineState, underWay: readonly UnderWay[], nowMs: number): ToCome | null {
  if (state.status === 'stopped') return null;
  const isEnding = state.status === 'draining' || state.stopMode !== null;
  const queued = isEnding ? [] : inRunOrder(openRows(state).filter(isNotUnderWay));
  const jobs = queued.length + underWay.filter(({ step }) => step !== 'analyzing').length;
  const usualS = usualDuration(state);
  const slots = Math.max(1, state.limits.maxConcurrency);
  const expected = expectedTimes(state);
  const jobsLeftS =
    usualS === null
      ? null
      : timeInSlots(
          [
            ...underWay.flatMap(({ step, left_s, expected_s }) =>
              step === 'analyzing' ? [] : [left_s ?? (step === 'running' ? 0 : (expected_s ?? usualS))],
            ),
            ...queued.map((row) => expected(row) ?? usualS),
          ],
          slots,
        );
  const untried = untriedPractices(state);
  const mostRounds = isEnding ? 0 : Math.max(0, state.limits.maxIterations - state.iteration);
  const leastRounds = Math.min(
    mostRounds,
    Math.max(untried.length > 0 ? 1 : 0, state.limits.patience - plateauCount(state), 0),
  );
  const verification = isEnding ? 0 : verificationJobs(state);
  const perRound = jobsPerRound(state);
  const left = (rounds: number) =>
    usualS === null || jobsLeftS === null
      ? null
      : withinHours(state, nowMs, jobsLeftS + ((rounds * perRound + verification) * usualS) / slots);
  return {
    jobs,
    asked: isEnding ? 0 : awaitingApproval(state).length,
    jobs_left_s: jobsLeftS,
    least_rounds: leastRounds,
    most_rounds: mostRounds,
    untried,
    verification_jobs: verification,
    least_s: left(leastRounds),
    most_s: left(mostRounds),
  };
}

/** Code that waits for a person has no step under way, as what is queued has none. */
function isNotUnderWay(row: ExperimentRow): boolean {
  return row.state.status === 'queued' || (row.state.status === 'ready' && awaitsApproval(row));
}

/** Each job takes the slot that is free first. */
function timeInSlots(durations: readonly number[], slots: number): number {
  const free = Array.from({ length: slots }, () => 0);
  for (const duration of durations) {
    const first = free.indexOf(Math.min(...free));
    free[first] = free[first]! + duration;
  }
  return Math.max(0, ...free);
}

/** With the repeats that its results brought; before the first round as many as run at one time. */
function jobsPerRound(state: EngineState): number {
  const rounds = state.rounds.length;
  const later = Object.values(state.experiments).filter((row) => !isSeed(row)).length;
  return rounds === 0 ? state.limits.maxConcurrency : Math.max(1, later / rounds);
}

function verificationJobs({ confirmation, best, experiments }: EngineState): number {
  if (!confirmation || best === null || best === BASELINE_ID || confirmation.verified === best) return 0;
  const isOpen = Object.values(experiments).some(
    (row) => isRemeasurement(row) && row.origin.from === 'repeat' && row.origin.purpose === 'verification',
  );
  return isOpen ? 0 : 2 * confirmation.rules.verifyRuns;
}

function withinHours({ limits, ranMs, runsSinceMs }: EngineState, nowMs: number, seconds: number): number {
  if (limits.maxHours === null) return seconds;
  const ranS = (ranMs + (runsSinceMs === null ? 0 : nowMs - runsSinceMs)) / 1000;
  return Math.min(seconds, Math.max(0, 3600 * limits.maxHours - ranS));
}
