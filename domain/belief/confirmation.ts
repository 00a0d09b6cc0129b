/**
 * What is due before a result is believed, as events: repeats of the baseline (calibration), repeats of what looks
 * better than the incumbent, in turn with repeats of the incumbent itself, and the verdicts on them (improvement.ts).
 */

import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import {
  BASELINE_ID,
  type ExperimentIdentity,
  type ExperimentRow,
  HEADSPACE_ID,
  isTerminal,
} from '../run/experiment-record.js';
import { isAboveCeiling } from './ceiling.js';
import { isBetter, objectiveOfRow } from './compare.js';
import { MOST_DISTURBED_REPEATS, mayBeFasterBy } from './contention.js';
import {
  deservesRepeats,
  gainInterval,
  incumbentIsDue,
  judgeRepeats,
  KEEP_CONFIDENCE,
  MOST_REPEATS,
  type Sides,
} from './improvement.js';
import type { Judgement } from './judgement.js';
import type { Noise } from './noise.js';
import { repeatOf } from './repeat-experiment.js';
import {
  ceilingOf,
  doubtOf,
  hasOpenRepeats,
  isDoubtedCeiling,
  leastImprovementOf,
  noiseOf,
  repeatRows,
  runsOf,
  wasDisturbed,
} from './repeats.js';

/** After the seeds, spread over the time before the first plan. */
const CALIBRATION_PRIORITY = -900;
/** Before whatever a plan proposes: the next plan waits for them. */
const CONFIRMATION_PRIORITY = -500;

/** The next events that are due; to be asked again once they were applied, until there are none. */
export function confirmationEvents(state: EngineState): EventBody[] {
  const { confirmation } = state;
  const baseline = state.experiments[BASELINE_ID];
  if (!confirmation || isOpen(state, BASELINE_ID)) return [];
  const isRunning = state.status === 'running';
  const { calibrationRuns } = confirmation.rules;
  if (isRunning && calibrationRuns > 0 && objectiveOfRow(baseline) && !confirmation.repeats[BASELINE_ID])
    return repeats(state, BASELINE_ID, 'calibration', CALIBRATION_PRIORITY, calibrationRuns);
  if (isCalibrating(state) || isOpen(state, HEADSPACE_ID)) return [];
  if (isRunning && confirmRunsOf(state) > 0 && baseline && needsQuiet([baseline, ...repeatRows(state, BASELINE_ID)]))
    return repeats(state, BASELINE_ID, 'calibration', CALIBRATION_PRIORITY, 1);
  for (const nodeId of confirmation.candidates) {
    if (hasOpenRepeats(state, nodeId)) continue;
    const events = nextOf(state, state.experiments[nodeId]!);
    // Nothing new is begun while the run ends or pauses: what is not decided by then stays undecided.
    if (isRunning || !events.some(({ type }) => type === 'experiment_added')) return events;
  }
  return [];
}

/** Whether all that was measured of something was disturbed, and a quiet machine may still be waited for. */
function needsQuiet(runs: readonly ExperimentRow[]): boolean {
  const ended = runs.filter(({ state: now }) => now.status === 'completed');
  return ended.length > 0 && runs.length <= MOST_DISTURBED_REPEATS && ended.every(wasDisturbed);
}

function confirmRunsOf({ confirmation }: EngineState): number {
  return confirmation?.rules.confirmRuns ?? 0;
}

function isOpen(state: EngineState, nodeId: string): boolean {
  const row = state.experiments[nodeId];
  return row !== undefined && !isTerminal(row);
}

function isCalibrating(state: EngineState): boolean {
  return repeatRows(state, BASELINE_ID).some(
    (row) => row.origin.from === 'repeat' && row.origin.purpose === 'calibration' && !isTerminal(row),
  );
}

/** Whether results are being confirmed, so that a plan made now would start from what may not be the best. */
export function isConfirming(state: EngineState): boolean {
  const { confirmation } = state;
  if (!confirmation) return false;
  return confirmation.candidates.length > 0 || isCalibrating(state);
}

function judged(nodeId: string, judgement: Judgement): EventBody {
  return { type: 'candidate_judged', nodeId, judgement };
}

function nextOf(state: EngineState, row: ExperimentRow): EventBody[] {
  const { nodeId } = row;
  const against = state.best;
  const verdict = (is: Judgement['verdict'], reason: string, gain: Judgement['gain'] = null) =>
    judged(nodeId, { verdict: is, against, gain, reason });
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
  const noise = noiseOf(state);
  const least = leastImprovementOf(state, noise);
  const { metric } = objective;
  const ownRuns = { candidate: runsOf(state, nodeId, metric), incumbent: runsOf(state, against, metric) };
  const gain = noise && gainInterval(ownRuns, noise, KEEP_CONFIDENCE);
  if (row.judged?.verdict !== 'repeat') {
    const [first] = ownRuns.candidate;
    const isPromising =
      noise && least !== null && first !== undefined
        ? deservesRepeats(first + disturbanceOf(state, row), ownRuns.incumbent, noise, least)
        : isBetter(objective, incumbent);
    if (!isPromising) return [verdict('not_better', `not better than ${against}`, gain)];
    return [verdict('repeat', `it looks better than ${against}`, gain), ...nextRound(state, row, ownRuns.incumbent)];
  }
  const broken = confirmationsOf(state, nodeId).find(({ state: now }) => now.status !== 'completed');
  if (broken) return [verdict('reject', `its repeat ${broken.nodeId} ${broken.state.status}`, gain)];
  // The experiment's first run does not count any more: only repeats do.
  if (confirmRunsOf(state) > 0 && needsQuiet(confirmationsOf(state, nodeId)))
    return [verdict('repeat', 'its repeats ran beside other work', gain), ...nextRound(state, row, ownRuns.incumbent)];
  const says = noise && least !== null ? judgeRepeats(ownRuns, noise, least) : 'repeat';
  if (says === 'reject') return [verdict('reject', `its repeats are not better than ${against}`, gain)];
  if (says === 'keep') return kept(state, row, ownRuns, noise!, verdict, gain);
  // Repeats that other work disturbed count as well: a busy machine must not make a run endless.
  if (confirmationsOf(state, nodeId).length >= MOST_REPEATS)
    return [verdict('reject', `${MOST_REPEATS} repeats show no gain over ${against}`, gain)];
  return [verdict('repeat', 'not decided', gain), ...nextRound(state, row, ownRuns.incumbent)];
}

/** How much better its first run may be than it shows, because other work disturbed it and not the incumbent. */
function disturbanceOf(state: EngineState, { state: now }: ExperimentRow): number {
  const best = state.experiments[state.best ?? ''];
  if (now.status !== 'completed' || now.contention === undefined || confirmRunsOf(state) === 0) return 0;
  return best && [best, ...repeatRows(state, best.nodeId)].every(wasDisturbed) ? 0 : mayBeFasterBy(now.contention);
}

function kept(
  state: EngineState,
  { nodeId }: ExperimentRow,
  runs: Sides,
  noise: Noise,
  verdict: (is: Judgement['verdict'], reason: string, gain: Judgement['gain']) => EventBody,
  gain: Judgement['gain'],
): EventBody[] {
  const keep = [verdict('keep', 'its repeats are better', gain), { type: 'best_changed', nodeId } as const];
  const metric = objectiveOfRow(state.experiments[nodeId])!.metric;
  const isAbove = (ceiling: string) =>
    !isDoubtedCeiling(state, ceiling) && isAboveCeiling(runs.candidate, runsOf(state, ceiling, metric), noise);
  if (!isAbove(HEADSPACE_ID)) return keep;
  const ceiling = ceilingOf(state, nodeId);
  if (ceiling === null) {
    const experiment = ceilingExperiment(state.experiments[nodeId]!);
    return [verdict('repeat', 'the ceiling is measured on its code', gain), { type: 'experiment_added', experiment }];
  }
  if (objectiveOfRow(state.experiments[ceiling]) && !isAbove(ceiling)) return keep;
  const reason = `it is faster than ${ceiling}, which loads no data at all: more than a change of data loading can give`;
  return [verdict('quarantine', reason, gain)];
}

function confirmationsOf(state: EngineState, nodeId: string): ExperimentRow[] {
  return repeatRows(state, nodeId).filter(
    ({ origin }) => origin.from === 'repeat' && origin.purpose === 'confirmation',
  );
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

function repeats(
  state: EngineState,
  nodeId: string,
  purpose: 'calibration' | 'confirmation',
  priority: number,
  count: number,
): EventBody[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'experiment_added' as const,
    experiment: repeatOf(state, nodeId, purpose, priority, i),
  }));
}

/** The experiment's own code with cached data. */
function ceilingExperiment(row: ExperimentRow): ExperimentIdentity {
  return {
    nodeId: `${row.nodeId}_ceiling`,
    name: `${row.name}_ceiling`,
    kind: 'headspace',
    origin: { from: 'ceiling', of: row.nodeId },
    parentId: row.nodeId,
    startCommit: 'commit' in row.state ? row.state.commit : null,
    priority: CONFIRMATION_PRIORITY,
    changeSet: [...row.changeSet, 'cache_dataloader'].sort(),
    tags: [],
  };
}
