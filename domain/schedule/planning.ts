/**
 * When to plan, and when a run has reached its end. Planning never stands in the way of a running job: it happens while
 * jobs run, early enough that the queue does not run dry, and not so early that it decides on stale results.
 */

import { hasReachedCeiling } from '../belief/ceilings/ceiling.js';
import { objectiveOfRow } from '../belief/compare.js';
import { isConfirming } from '../belief/confirmation.js';
import { isRemeasurement } from '../belief/confirmation-state.js';
import type { RepeatPurpose } from '../belief/judgement.js';
import { goesOn, hasLostPlace } from '../belief/provisional.js';
import { ceilingOf, isDoubtedCeiling, leastImprovementOf, noiseOf, runsOf } from '../belief/repeats.js';
import { usualDuration } from '../overview/expected-time.js';
import { leftOutPractices, leftOutText, untriedPractices } from '../proposals/best-practices.js';
import { awaitsApproval } from '../run/approval.js';
import { type EngineState, openRows, type Round } from '../run/engine-state.js';
import { type ExperimentRow, isTerminal, isWaiting, SEEDS } from '../run/experiment-record.js';
import { ofLimitText, type StopReason } from '../run/limits.js';
import { countExperiments, isKeptForRepeats, jobsLeft, jobsText } from './counted.js';
import { worths } from './worth.js';

/**
 * Planning rounds in a row, newest first, whose experiments have all ended without a gain; open rounds and waits do not
 * count.
 */
export function plateauCount(state: EngineState): number {
  let count = 0;
  for (const round of countedRounds(state).reverse()) {
    if (round.gained) break;
    if (isPlain(state, round)) count += 1;
    count += round.plainBefore ?? 0;
  }
  return count;
}

/** Whether all that it queued has ended, and told that there was nothing to gain. */
export function isPlain(state: EngineState, round: Round): boolean {
  const { open, waited, gained, iteration } = round;
  return open === 0 && !waited && !gained && !triedNothing(state, iteration) && !isOverturned(state, round);
}

/** Whether the planner stopped for the sake of a provisional best that has lost its place since. */
function isOverturned({ experiments }: EngineState, { stoppedOn }: Round): boolean {
  const row = stoppedOn === undefined ? undefined : experiments[stoppedOn];
  return row !== undefined && hasLostPlace(row);
}

/** Whether none of a round's changes reached its job: that says nothing about what there is to gain. */
function triedNothing(state: EngineState, iteration: number): boolean {
  const own = Object.entries(state.roundOf).flatMap(([nodeId, round]) => {
    const row = round === iteration ? state.experiments[nodeId] : undefined;
    return row ? [row] : [];
  });
  return own.length > 0 && own.every(isUntold);
}

/** An experiment that tells nothing: its change did not reach its job, it was no try, or nobody approved it. */
function isUntold(row: ExperimentRow): boolean {
  const { state: now } = row;
  if (now.status === 'cancelled') return awaitsApproval(row);
  if (now.status === 'completed') return now.noEffect !== undefined;
  return now.status === 'failed' && now.failure.details.is_no_try === true;
}

/** Rounds since the run was last given something to do after it had stopped; all rounds of a run that never was. */
function countedRounds({ rounds, roundsBefore = 0 }: EngineState): Round[] {
  return rounds.slice(roundsBefore);
}

export type PlanningVerdict = { do: 'plan' } | { do: 'wait' } | { do: 'end'; reason: StopReason; detail: string };

/** A planner that answers faster than this (ms) leaves no slot idle, so it need not plan before results are in. */
const QUICK_PLANNING_MS = 500;
/** Nor does one that takes less than this share of a job: a job saved by a result is worth ten such pauses. */
const SHORT_PAUSE = 0.1;
/** Whatever jobs take, each costs more than such a pause (ms): it is prepared, started, warmed up and analysed. */
const LEAST_PAUSE_MS = 3000;
const FAILED_PLANS_IN_A_ROW = 3;
/** A planner that stops although practices are untried is asked once more before it is believed. */
const STOPS_BELIEVED = 2;

export function planningVerdict(state: EngineState): PlanningVerdict {
  if (state.status !== 'running' || state.planningSince !== null || !seedsTerminal(state)) return { do: 'wait' };
  if (goesOn(state) ? isMeasuringFirst(state) : isMeasuringAgain(state)) return { do: 'wait' };
  return endOfRun(state) ?? (isTimeToPlan(state) ? { do: 'plan' } : { do: 'wait' });
}

export function seedsTerminal(state: EngineState): boolean {
  return SEEDS.every(({ nodeId }) => {
    const row = state.experiments[nodeId];
    return row === undefined ? state.seeded : isTerminal(row);
  });
}

/** A plan made before what looks better is confirmed, or not, would start from the wrong place. */
function isMeasuringAgain(state: EngineState): boolean {
  return isConfirming(state) || openRows(state).some(isRemeasurement);
}

/** What a run that goes on while candidates are undecided waits for: its noise, and the measurements at its end. */
function isMeasuringFirst(state: EngineState): boolean {
  const waitsFor: readonly RepeatPurpose[] = ['calibration', 'verification'];
  return openRows(state).some(({ origin }) => origin.from === 'repeat' && waitsFor.includes(origin.purpose));
}

/** Whether what its planner proposes is there in moments. */
export function isQuickPlanner(state: EngineState): boolean {
  return state.rounds.length > 0 && plansQuickly(state);
}

function plansQuickly(state: EngineState): boolean {
  const { lastPlanningMs, confirmation } = state;
  if (!confirmation?.rules.plansBetweenJobs) return lastPlanningMs <= QUICK_PLANNING_MS;
  return isShortPause(state, lastPlanningMs);
}

/** Whether a slot may stand idle for so long (ms), where a job may be saved by that. */
export function isShortPause(state: EngineState, pauseMs: number): boolean {
  return pauseMs <= Math.max(LEAST_PAUSE_MS, SHORT_PAUSE * 1000 * (usualDuration(state) ?? 0));
}

/** By which rule the run ends once nothing is open, or null. */
export function endOfRun(state: EngineState): Extract<PlanningVerdict, { do: 'end' }> | null {
  const { limits } = state;
  const rounds = countedRounds(state);
  const end = (reason: StopReason, detail: string) => ({ do: 'end', reason, detail }) as const;
  if (state.best === null && state.open.length === 0) {
    return end('failure_rate', 'no experiment but headspace produced a measurement to plan from');
  }
  const isOf = (round: Round, action: Round['action']) =>
    round.action === action && !round.waited && !isOverturned(state, round);
  const trailing = (action: Round['action']) =>
    rounds.length - 1 - rounds.findLastIndex((round) => !isOf(round, action));
  const failed = trailing('failed');
  if (failed >= FAILED_PLANS_IN_A_ROW) return end('failure_rate', `planning failed ${failed} times in a row`);
  const untried = untriedPractices(state);
  const stops = trailing('stop');
  if (stops >= STOPS_BELIEVED || (stops > 0 && untried.length === 0) || trailing('manual') > 0) {
    return end('planner_stopped', 'the planner proposes nothing more');
  }
  const mustTry = state.roundsBefore !== undefined && rounds.length === 0;
  if (untried.length === 0 && !mustTry && isAtCeiling(state)) {
    return end(
      'headspace_reached',
      'the best is as fast as the same job with cached data: data loading can give no more',
    );
  }
  const plateau = plateauCount(state);
  if (plateau >= limits.patience && untried.length === 0) {
    const left = leftOutPractices(state).map(leftOutText);
    const but = left.length > 0 ? `, but for ${left.join(' and ')}` : '';
    const tried = `every best practice was tried${but}`;
    return end(
      'plateau',
      `${plateau} planning ${plateau === 1 ? 'round' : 'rounds'} in a row brought no gain and ${tried}`,
    );
  }
  if (jobsLeft(state) === 0) return end('max_jobs', jobsText(state));
  const total = countExperiments(state, 'all');
  if (limits.maxExperiments !== null && total >= limits.maxExperiments) {
    return end('max_experiments', ofLimitText(total, limits.maxExperiments, ' experiments were queued'));
  }
  if (state.iteration >= limits.maxIterations) {
    return end('max_iterations', ofLimitText(state.iteration, limits.maxIterations, ' planning rounds are done'));
  }
  return null;
}

/** As far as can be told from repeats. */
function isAtCeiling(state: EngineState): boolean {
  if (state.best === null || (state.confirmation?.rules.confirmRuns ?? 0) === 0) return false;
  const noise = noiseOf(state);
  const least = leastImprovementOf(state, noise);
  const ceiling = ceilingOf(state, state.best);
  const metric = objectiveOfRow(state.experiments[state.best])?.metric;
  if (!noise || least === null || ceiling === null || metric === undefined) return false;
  if (isDoubtedCeiling(state, ceiling)) return false;
  return hasReachedCeiling(runsOf(state, state.best, metric), runsOf(state, ceiling, metric), noise, least);
}

function isTimeToPlan(state: EngineState): boolean {
  if (state.best === null || isKeptForRepeats(state, null)) return false;
  const { maxConcurrency } = state.limits;
  const worthOf = worths(state);
  const rows = openRows(state).filter((row) => !worthOf(row).isBehind || !isWaiting(row));
  const waiting = rows.filter(isWaiting).length;
  const hasNews = state.resultsSincePlan > 0;
  if (rows.length === 0) return state.open.length === 0 || hasNews || state.rounds.at(-1)?.accepted !== 0;
  // What is being measured again decides what the next plan starts from, and a quick planner need not guess.
  const isFilled = rows.length >= maxConcurrency;
  if (goesOn(state) && isFilled && isQuickPlanner(state) && rows.some(isRemeasurement)) return false;
  const isFirst = state.rounds.length === 0;
  if (state.resultsSincePlan > 0 || isFirst) return waiting < maxConcurrency;
  const lastWasEmpty = state.rounds.at(-1)?.accepted === 0;
  if (lastWasEmpty) return false;
  // Without news since the last plan: only to keep slots busy behind a slow planner, and with bounded staleness.
  const isSlow = !plansQuickly(state);
  return (rows.length < maxConcurrency || isSlow) && waiting < maxConcurrency && rows.length < 2 * maxConcurrency;
}
