/** Sentinels of a run as events: when the incumbent is measured once more, and what follows where it departs. */
import { type EngineState, openRows } from '../../run/engine-state.js';
import type { EventBody } from '../../run/event-types.js';
import { type ExperimentRow, jobIdOf } from '../../run/experiment-record.js';
import { newestEnded } from '../../run/newest-ended.js';
import { objectiveOfRow } from '../compare.js';
import { isRemeasurement } from '../confirmation-state.js';
import { CONFIRMATION_PRIORITY, confirmationsOf, isMeasurable, repeats } from '../measure-again.js';
import { mean } from '../noise.js';
import { type Belief, beliefOf, beliefOfKept, leastGain } from '../odds.js';
import { goesOn, isProvisional } from '../provisional.js';
import { currentRows, expectedNoise, hasOpenRepeats, repeatRows, speedNow } from '../repeats.js';
import { keptOver, weigh } from '../weighing.js';
import { SENTINEL_AFTER_JOBS, type Watch, watch } from './drift.js';

function watchesDrift(state: EngineState): boolean {
  return goesOn(state) && state.confirmation?.rules.watchesDrift === true;
}

/** Whether it was measured too long ago for another one to be kept over it. */
export function isOverdue(state: EngineState, nodeId: string): boolean {
  return watchesDrift(state) && state.status === 'running' && jobsSince(state, nodeId) >= SENTINEL_AFTER_JOBS;
}

/** Whether a sentinel of it departed, and the second one is still to come: nothing is compared with it meanwhile. */
export function isInDoubt(state: EngineState, nodeId: string | null): boolean {
  if (!watchesDrift(state) || nodeId === null || lookAt(state, nodeId)?.says !== 'measure again') return false;
  return hasOpenRepeats(state, nodeId) || isMeasurable(state, nodeId);
}

/** The sentinel that is due: after one that departed, else after many jobs, while there is something to compare. */
export function sentinelEvents(state: EngineState): EventBody[] {
  const { best } = state;
  if (!watchesDrift(state) || best === null) return [];
  const isCompared = openRows(state).some((row) => !isRemeasurement(row));
  const isDue = isCompared && !isProvisional(state, best) && jobsSince(state, best) >= SENTINEL_AFTER_JOBS;
  const nodeId = watched(state).find((each) => isInDoubt(state, each)) ?? (isDue ? best : null);
  if (nodeId === null || hasOpenRepeats(state, nodeId) || !isMeasurable(state, nodeId)) return [];
  return repeats(state, nodeId, 'sentinel', CONFIRMATION_PRIORITY, 1);
}

/** The drift that the newest sentinels have found. */
export function driftEvents(state: EngineState): EventBody[] {
  if (!watchesDrift(state)) return [];
  for (const nodeId of watched(state)) {
    const look = lookAt(state, nodeId);
    if (look?.says !== 'drift') continue;
    const by = mean(look.sentinels.map((row) => speedNow(state, row))) - look.known.mean;
    const [afterSeq = 0, fromSeq = 0] = [look.before.at(-1)?.endedSeq, look.sentinels[0]?.endedSeq];
    return [{ type: 'drift_found', nodeId, by, afterSeq, fromSeq }];
  }
  return [];
}

/**
 * What was found to be no better than the incumbent while the machine drifted, and would be against what that is now:
 * its own number may be of before or after, so that it is measured again.
 */
export function measuredBeforeDrift(state: EngineState): ExperimentRow[] {
  const drift = state.confirmation?.drifts?.at(-1);
  if (!drift || drift.nodeId !== state.best) return [];
  return newestEnded(state).filter((row) => {
    const { endedSeq = 0, judged, nodeId } = row;
    const metric = objectiveOfRow(row)?.metric;
    const isMeanwhile = endedSeq > drift.afterSeq && endedSeq < drift.fromSeq;
    const isGivenUp = judged?.verdict === 'not_better' && judged.against === drift.nodeId;
    if (!isMeanwhile || !isGivenUp || metric === undefined || confirmationsOf(state, nodeId).length > 0) return false;
    const noEffect = row.state.status === 'completed' ? row.state.noEffect : undefined;
    return noEffect === undefined && weigh(state, nodeId, drift.nodeId, metric).step !== 'drop';
  });
}

function jobsSince(state: EngineState, nodeId: string): number {
  const own = [state.experiments[nodeId], ...repeatRows(state, nodeId)];
  const last = Math.max(0, ...own.map((row) => row?.endedSeq ?? 0));
  return newestEnded(state).filter((row) => jobIdOf(row) !== null && (row.endedSeq ?? 0) > last).length;
}

/** What candidates are compared with. */
function watched({ best, confirmation, experiments }: EngineState): string[] {
  const against = (confirmation?.candidates ?? []).map((nodeId) => experiments[nodeId]?.judged?.against ?? best);
  return [...new Set([best, ...against])].filter((nodeId) => nodeId !== null);
}

interface Look {
  says: Watch;
  before: ExperimentRow[];
  sentinels: ExperimentRow[];
  known: Belief;
}

/** What the last sentinels of an experiment say; null where its last run was none. */
function lookAt(state: EngineState, nodeId: string): Look | null {
  const metric = objectiveOfRow(state.experiments[nodeId])?.metric;
  if (metric === undefined) return null;
  const rows = currentRows(state, nodeId, metric).toSorted((a, b) => (a.endedSeq ?? 0) - (b.endedSeq ?? 0));
  const [last, one] = [rows.at(-1), rows.at(-2)];
  if (!last || !one || !isSentinel(last)) return null;
  // What is to be judged says nothing of how much runs differ.
  const noise = expectedNoise(without(state, isSentinel(one) ? [one, last] : [last]));
  const below = keptOver(state, nodeId);
  const belief = (before: readonly ExperimentRow[]): Belief => {
    const speeds = before.map((row) => speedNow(state, row));
    const over = below === null ? [] : currentRows(state, below, metric).map((row) => speedNow(state, row));
    const least = leastGain(state.confirmation?.rules.minImprovement ?? null, noise);
    return over.length === 0 ? beliefOf(speeds, noise) : beliefOfKept(speeds, beliefOf(over, noise), noise, least);
  };
  const look = (before: ExperimentRow[], sentinels: ExperimentRow[]): Look => {
    const known = belief(before);
    const runs = sentinels.map((row) => speedNow(state, row));
    return { says: watch(runs, known, noise), before, sentinels, known };
  };
  const earlier = rows.slice(0, -2);
  // The older of two is the one that departed from what came before it.
  const isSecond = earlier.length > 0 && isSentinel(one) && look(earlier, [one]).says !== 'steady';
  return isSecond ? look(earlier, [one, last]) : look([...earlier, one], [last]);
}

function without(state: EngineState, rows: readonly ExperimentRow[]): EngineState {
  const experiments = { ...state.experiments };
  for (const { nodeId } of rows) delete experiments[nodeId];
  return { ...state, experiments };
}

function isSentinel({ origin }: ExperimentRow): boolean {
  return origin.from === 'repeat' && origin.purpose === 'sentinel';
}
