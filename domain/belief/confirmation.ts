/**
 * What is due before a result is believed, as events: repeats of the baseline (calibration), repeats of what looks
 * better than the incumbent, and of the incumbent itself, and the verdicts on them: by odds (weighing.ts), in older
 * runs by intervals (improvement.ts).
 */

import { type EngineState, openRows } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import { BASELINE_ID, type ExperimentRow, HEADSPACE_ID, isTerminal } from '../run/experiment-record.js';
import { isKeptBack } from '../schedule/counted.js';
import { baselineFailure } from '../verdict/baseline-failure.js';
import { byOdds } from './by-odds.js';
import { ceilingEvents } from './ceilings/ceiling-again.js';
import { kept } from './ceilings/keeping.js';
import { isBetter, objectiveOfRow } from './compare.js';
import {
  deservesRepeats,
  gainInterval,
  incumbentIsDue,
  judgeRepeats,
  KEEP_CONFIDENCE,
  MOST_REPEATS,
} from './improvement.js';
import {
  CONFIRMATION_PRIORITY,
  confirmationsOf,
  confirmRunsOf,
  disturbanceOf,
  needsQuiet,
  repeats,
  verdictOn,
} from './measure-again.js';
import { agree } from './noise.js';
import { goesOn } from './provisional.js';
import { doubtOf, hasOpenRepeats, leastImprovementOf, noiseOf, repeatRows, runsOf } from './repeats.js';
import { toldAnewAtEnd, undecidedEvents } from './undecided.js';

/** After the seeds, spread over the time before the first plan. */
const CALIBRATION_PRIORITY = -900;

/** The next events that are due; to be asked again once they were applied, until there are none. */
export function confirmationEvents(state: EngineState): EventBody[] {
  const { confirmation } = state;
  const baseline = state.experiments[BASELINE_ID];
  if (!confirmation || isOpen(state, BASELINE_ID)) return [];
  if (state.needsMeasuredBaseline && baselineFailure(state) !== null) return [];
  const isRunning = state.status === 'running';
  const { calibrationRuns, calibratesAsNeeded } = confirmation.rules;
  if (isRunning && calibrationRuns > 0 && objectiveOfRow(baseline) && !confirmation.repeats[BASELINE_ID])
    return repeats(state, BASELINE_ID, 'calibration', CALIBRATION_PRIORITY, calibratesAsNeeded ? 1 : calibrationRuns);
  if (isCalibrating(state)) return [];
  if (isRunning && needsCalibration(state)) return repeats(state, BASELINE_ID, 'calibration', CALIBRATION_PRIORITY, 1);
  if (isHeadspaceToCome(state)) return [];
  if (
    isRunning &&
    confirmRunsOf(state) > 0 &&
    baseline &&
    needsQuiet(state, [baseline, ...repeatRows(state, BASELINE_ID)])
  )
    return repeats(state, BASELINE_ID, 'calibration', CALIBRATION_PRIORITY, 1);
  const again = isRunning ? ceilingEvents(state) : [];
  if (again.length > 0) return again;
  if (goesOn(state)) return undecidedEvents(state, (row, against) => nextOf(state, row, against));
  for (const nodeId of confirmation.candidates) {
    if (hasOpenRepeats(state, nodeId)) continue;
    const events = nextOf(state, state.experiments[nodeId]!, state.best);
    // Nothing new is begun while the run ends or pauses: what is not decided by then stays undecided.
    if (isRunning || !events.some(({ type }) => type === 'experiment_added')) return events;
  }
  return [];
}

/** The next verdict that is told anew once the run is over; to be asked again until there are none. */
export function verdictsAtEnd(state: EngineState): EventBody[] {
  return toldAnewAtEnd(state, (row, against) => nextOf(state, row, against));
}

function isOpen(state: EngineState, nodeId: string): boolean {
  const row = state.experiments[nodeId];
  return row !== undefined && !isTerminal(row);
}

/** One that a limit of experiments keeps back never runs: nothing waits for its bound. */
function isHeadspaceToCome(state: EngineState): boolean {
  const row = state.experiments[HEADSPACE_ID];
  return row !== undefined && !isTerminal(row) && !(state.passesOver === true && isKeptBack(state, row));
}

function isCalibrating(state: EngineState): boolean {
  return openRows(state).some(({ origin }) => origin.from === 'repeat' && origin.purpose === 'calibration');
}

/** Whether the baseline's runs so far leave open how much a result varies. */
function needsCalibration(state: EngineState): boolean {
  const { rules, repeats: known } = state.confirmation!;
  const begun = known[BASELINE_ID]?.length ?? 0;
  return rules.calibratesAsNeeded === true && begun < rules.calibrationRuns && !agree(runsOf(state, BASELINE_ID));
}

/** Whether results are being confirmed, so that a plan made now would start from what may not be the best. */
export function isConfirming(state: EngineState): boolean {
  const { confirmation } = state;
  if (!confirmation) return false;
  return confirmation.candidates.length > 0 || isCalibrating(state);
}

function nextOf(state: EngineState, row: ExperimentRow, against: string | null): EventBody[] {
  const { nodeId } = row;
  const { confirmation } = state;
  const verdict = verdictOn(nodeId, against);
  const objective = objectiveOfRow(row);
  const incumbent = against === null ? null : objectiveOfRow(state.experiments[against]);
  const best: EventBody = { type: 'best_changed', nodeId };
  if (!objective) return [verdict('not_better', 'nothing was measured')];
  const doubt = doubtOf(state, nodeId);
  if (doubt !== null) return [verdict('quarantine', doubt)];
  const noEffect = row.state.status === 'completed' ? row.state.noEffect : undefined;
  if (noEffect !== undefined) return [verdict('not_better', noEffect)];
  if (against === null || !incumbent) return [verdict('keep', 'there is nothing to compare it with'), best];
  if (objective.metric !== incumbent.metric) {
    return isBetter(objective, incumbent)
      ? [verdict('keep', `it has ${objective.metric}, which ${against} lacks`), best]
      : [verdict('not_better', `${against} has ${incumbent.metric}, which it lacks`)];
  }
  if (confirmation!.rules.weighsOdds && confirmRunsOf(state) > 0) return byOdds(state, row, against, objective.metric);
  const noise = noiseOf(state);
  const least = leastImprovementOf(state, noise);
  const { metric } = objective;
  const ownRuns = { candidate: runsOf(state, nodeId, metric), incumbent: runsOf(state, against, metric) };
  const gain = noise && gainInterval(ownRuns, noise, KEEP_CONFIDENCE);
  if (row.judged?.verdict !== 'repeat') {
    const [first] = ownRuns.candidate;
    const isPromising =
      noise && least !== null && first !== undefined
        ? deservesRepeats(first + disturbanceOf(state, row, against), ownRuns.incumbent, noise, least)
        : isBetter(objective, incumbent);
    if (!isPromising) return [verdict('not_better', `not better than ${against}`, gain)];
    return [verdict('repeat', `it looks better than ${against}`, gain), ...nextRound(state, row, ownRuns.incumbent)];
  }
  const broken = confirmationsOf(state, nodeId).find(({ state: now }) => now.status !== 'completed');
  if (broken) return [verdict('reject', `its repeat ${broken.nodeId} ${broken.state.status}`, gain)];
  // The experiment's first run does not count any more: only repeats do.
  if (confirmRunsOf(state) > 0 && needsQuiet(state, confirmationsOf(state, nodeId)))
    return [verdict('repeat', 'its repeats ran beside other work', gain), ...nextRound(state, row, ownRuns.incumbent)];
  const says = noise && least !== null ? judgeRepeats(ownRuns, noise, least) : 'repeat';
  if (says === 'reject') return [verdict('reject', `its repeats are not better than ${against}`, gain)];
  if (says === 'keep') return kept(state, row, noise!, { verdict, reason: 'its repeats are better', gain });
  // Repeats that other work disturbed count as well: a busy machine must not make a run endless.
  if (confirmationsOf(state, nodeId).length >= MOST_REPEATS)
    return [verdict('reject', `${MOST_REPEATS} repeats show no gain over ${against}`, gain)];
  return [verdict('repeat', 'not decided', gain), ...nextRound(state, row, ownRuns.incumbent)];
}

/** The incumbent first, so that the two alternate. */
function nextRound(state: EngineState, row: ExperimentRow, incumbentRuns: readonly number[]): EventBody[] {
  const { best, confirmation } = state;
  const events: EventBody[] = [];
  const isDue = best !== null && !hasOpenRepeats(state, best) && isIncumbentDue(state, best, incumbentRuns.length);
  if (isDue) events.push(...repeats(state, best, 'confirmation', CONFIRMATION_PRIORITY, 1));
  return [
    ...events,
    ...repeats(state, row.nodeId, 'confirmation', CONFIRMATION_PRIORITY, confirmation!.rules.confirmRuns),
  ];
}

function isIncumbentDue(state: EngineState, best: string, runs: number): boolean {
  // By number, not by time: ends of one moment have no order in time.
  const endOf = ({ endedSeq }: ExperimentRow) => endedSeq ?? 0;
  const own = [state.experiments[best]!, ...repeatRows(state, best)];
  const last = Math.max(...own.map(endOf));
  const since = Object.values(state.experiments).filter((row) => endOf(row) > last).length;
  return incumbentIsDue(runs, since);
}
