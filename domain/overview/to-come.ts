/** What a run still has to do: the jobs that are known, the rounds that may follow, and how long that takes. */

import { isCandidate, isRemeasurement } from '../belief/confirmation-state.js';
import type { RepeatPurpose } from '../belief/judgement.js';
import { verificationPairs } from '../belief/verification/verification-pairs.js';
import { untriedPractices } from '../proposals/best-practices.js';
import { awaitingApproval, awaitsApproval } from '../run/approval.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { BASELINE_ID, type ExperimentRow, isSeed, isTerminal } from '../run/experiment-record.js';
import { leftOf } from '../schedule/budget.js';
import { countExperiments, isKeptBack, jobsLeft } from '../schedule/counted.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { expectedTimes, usualDuration } from './expected-time.js';
import type { UnderWay } from './under-way.js';

export interface ToCome {
  /** Queued, being prepared or running, as far as limits leave room for them. */
  jobs: number;
  /** Of those, what waits for a person's approval first. */
  asked: number;
  /** Until those have ended; null while no job tells how long one takes. */
  jobs_left_s: number | null;
  /** Planning rounds that follow if nothing more is won, at the rate of gains so far, and at most. */
  least_rounds: number;
  likely_rounds: number;
  most_rounds: number;
  /** Jobs until the end, repeats included: at the rates of the run so far, and if all rounds are used. */
  likely_jobs: number;
  most_jobs: number;
  /** Best practices that nothing tries yet, and that are tried before the run may end. */
  untried: string[];
  /** Jobs that measure the winner and the baseline once more before the end. */
  verification_jobs: number;
  /** Until the end if nothing more is won, for the likely jobs and for the most; null while no job tells. */
  least_s: number | null;
  likely_s: number | null;
  most_s: number | null;
}

/** Null once the run has ended; of an interrupted one, what follows once it goes on. */
export function toCome(state: EngineState, underWay: readonly UnderWay[], nowMs: number): ToCome | null {
  if (state.status === 'stopped') return null;
  const isEnding = state.status === 'draining';
  const waiting = openRows(state).filter((row) => isNotUnderWay(row) && !isKeptBack(state, row));
  const usualS = usualDuration(state);
  const room = roomForJobs(state, usualS);
  const begun = underWay.filter(({ step }) => step !== 'analyzing').slice(0, room);
  const queued = isEnding ? [] : inRunOrder(state, waiting).slice(0, room - begun.length);
  const jobs = queued.length + begun.length;
  const slots = Math.max(1, state.limits.maxConcurrency);
  const expected = expectedTimes(state);
  const jobsLeftS =
    usualS === null
      ? null
      : timeInSlots(
          [
            ...begun.map(({ step, left_s, expected_s }) => left_s ?? (step === 'running' ? 0 : (expected_s ?? usualS))),
            ...queued.map((row) => expected(row) ?? usualS),
          ],
          slots,
        );
  const underTest = new Set(openRows(state).flatMap(({ tags }) => tags));
  const untried = untriedPractices(state).filter((practice) => !underTest.has(practice));
  const mostRounds = isEnding ? 0 : Math.max(0, state.limits.maxIterations - state.iteration);
  const leastRounds = Math.min(
    mostRounds,
    Math.max(untried.length > 0 ? 1 : 0, state.limits.patience - plateauCount(state), 0),
  );
  const likelyRounds = Math.max(leastRounds, Math.min(mostRounds, roundsToPlateau(state)));
  const verification = isEnding ? 0 : Math.min(verificationJobs(state), room - jobs);
  const undecided = isEnding ? 0 : queued.filter((row) => !isRemeasurement(row)).length * repeatsEach(state);
  const allJobs = (rounds: number) =>
    Math.min(Math.ceil(jobs + undecided + roundJobs(state, rounds) + verification), room);
  const left = (rounds: number) =>
    usualS === null || jobsLeftS === null
      ? null
      : withinHours(state, nowMs, jobsLeftS + (Math.max(0, allJobs(rounds) - jobs) * usualS) / slots);
  return {
    jobs,
    asked: isEnding ? 0 : awaitingApproval(state).length,
    jobs_left_s: jobsLeftS,
    least_rounds: leastRounds,
    likely_rounds: likelyRounds,
    likely_jobs: allJobs(likelyRounds),
    most_jobs: allJobs(mostRounds),
    most_rounds: mostRounds,
    untried,
    verification_jobs: verification,
    least_s: left(leastRounds),
    likely_s: left(likelyRounds),
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

/** Of rounds as those so far, with the repeats that their results brought; the first one fills the slots. */
function roundJobs(state: EngineState, rounds: number): number {
  const { maxConcurrency, maxExperiments } = state.limits;
  const tried = Object.values(state.experiments).filter((row) => !isSeed(row) && !isRemeasurement(row)).length;
  const begun = state.rounds.length;
  const each = begun === 0 ? maxConcurrency : Math.max(1, tried / begun);
  const room = maxExperiments === null ? Number.POSITIVE_INFINITY : maxExperiments - countExperiments(state, 'all');
  return Math.min(rounds * each, Math.max(0, room)) * (1 + repeatsEach(state));
}

function isOfSearch(purpose: RepeatPurpose): boolean {
  return purpose === 'confirmation' || purpose === 'sentinel';
}

/** Repeats that an experiment brought so far. */
function repeatsEach({ experiments }: EngineState): number {
  const rows = Object.values(experiments);
  const tried = rows.filter((row) => isTerminal(row) && isCandidate(row)).length;
  const repeats = rows.filter(({ origin }) => origin.from === 'repeat' && isOfSearch(origin.purpose)).length;
  return tried === 0 ? 0 : repeats / tried;
}

/**
 * Rounds that are to be expected until as many in a row as patience allows bring no gain, where each brings one as
 * often as those before did (with one of each kind beforehand, so that no rate is 0 or 1).
 */
function roundsToPlateau(state: EngineState): number {
  const gained = state.rounds.filter((round) => round.gained).length;
  const without = (state.rounds.length - gained + 1) / (state.rounds.length + 2);
  const before = Math.min(plateauCount(state), state.limits.patience);
  return Math.round((without ** -state.limits.patience - without ** -before) / (1 - without));
}

/** For how many jobs limits leave room, those that hold a slot included; infinite without limits. */
function roomForJobs(state: EngineState, usualS: number | null): number {
  const hours = leftOf(state, 'jobHours');
  const paid = hours === null || usualS === null || usualS <= 0 ? Number.POSITIVE_INFINITY : (3600 * hours) / usualS;
  const granted = openRows(state).filter(({ state: now }) => 'slot' in now).length;
  return granted + Math.ceil(Math.min(jobsLeft(state), paid));
}

function verificationJobs(state: EngineState): number {
  const { confirmation, best, experiments } = state;
  if (!confirmation || best === null || best === BASELINE_ID || confirmation.verified === best) return 0;
  const isOpen = Object.values(experiments).some(
    (row) => isRemeasurement(row) && row.origin.from === 'repeat' && row.origin.purpose === 'verification',
  );
  return isOpen ? 0 : 2 * verificationPairs(state);
}

function withinHours({ limits, ranMs, runsSinceMs }: EngineState, nowMs: number, seconds: number): number {
  if (limits.maxHours === null) return seconds;
  const ranS = (ranMs + (runsSinceMs === null ? 0 : nowMs - runsSinceMs)) / 1000;
  return Math.min(seconds, Math.max(0, 3600 * limits.maxHours - ranS));
}
