/** A run's experiments as its search memory needs them: with their repeats, without what is not believed. */

import { directionOf, type Objective } from '../belief/compare.js';
import { isRemeasurement } from '../belief/confirmation-state.js';
import { gainInterval, KEEP_CONFIDENCE } from '../belief/improvement.js';
import { logSpeed, type Noise } from '../belief/noise.js';
import { doubtOf, leastImprovementOf, noiseOf, runsOf } from '../belief/repeats.js';
import { typicalObjective } from '../belief/value.js';
import { flagsOf, settingName } from '../command/launch-command.js';
import { type SearchMemory, searchMemory, type Tried } from '../memory/search-memory.js';
import { type Standing, standingsOf } from '../reports/standing.js';
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID, commitOf, type ExperimentRow } from '../run/experiment-record.js';

export function memoryOf(state: EngineState, baseCommand: string): SearchMemory {
  const noise = noiseOf(state);
  const standing = standingsOf(state);
  const rows = Object.values(state.experiments)
    .filter((row) => row.kind !== 'headspace' && !isRemeasurement(row))
    .sort((a, b) => a.seq - b.seq);
  return searchMemory({
    experiments: rows.map((row) => triedOf(state, row, noise, standing(row.nodeId))),
    baseCommit: state.baseCommit,
    baseValues: baseValuesOf(baseCommand),
    least: leastImprovementOf(state, noise),
  });
}

/** Only flags: what the code was set to, no change set tells. Lower case, as in change sets. */
export function baseValuesOf(baseCommand: string): Map<string, string> {
  const flags = flagsOf(baseCommand);
  return new Map(
    [...flags].flatMap(([flag, value]) =>
      value === '' ? [] : [[settingName(flag).toLowerCase(), value.toLowerCase()]],
    ),
  );
}

function triedOf(state: EngineState, row: ExperimentRow, noise: Noise | null, standing: Standing): Tried {
  const { nodeId, startCommit, changeSet } = row;
  const parentId = row.parentId ?? (nodeId === BASELINE_ID ? null : BASELINE_ID);
  const hadNoEffect = row.state.status === 'completed' && row.state.noEffect !== undefined;
  const isBelieved = !hadNoEffect && row.judged?.verdict !== 'quarantine' && doubtOf(state, nodeId) === null;
  const pruned = prunedObjective(state, row);
  const objective = isBelieved ? (standing.objective ?? pruned) : null;
  const typical = isBelieved ? (typicalObjective(state, nodeId) ?? pruned) : null;
  return {
    nodeId,
    startCommit,
    changeSet,
    commit: commitOf(row),
    parentId,
    objective,
    runs: Math.max(1, standing.runs),
    isPruned: pruned !== null,
    gain: typical === null || parentId === null ? null : confirmedGain(state, row, parentId, typical, noise),
  };
}

/**
 * What was kept, and what was not the best of all but is better than what it builds on as surely as a kept one must be.
 */
function confirmedGain(
  state: EngineState,
  { nodeId, judged }: ExperimentRow,
  parentId: string,
  objective: Objective,
  noise: Noise | null,
): number | null {
  const parent = typicalObjective(state, parentId);
  if (parent?.metric !== objective.metric) return null;
  const { metric } = objective;
  const sides = { candidate: runsOf(state, nodeId, metric), incumbent: runsOf(state, parentId, metric) };
  const interval = noise && gainInterval(sides, noise, KEEP_CONFIDENCE);
  const isConfirmed = judged?.verdict === 'keep' || (interval !== null && interval.low > 0);
  return isConfirmed ? Math.expm1(logSpeed(objective) - logSpeed(parent)) : null;
}

/** What the steps of a job that was ended early let expect of it, from the incumbent's speed; null for every other. */
function prunedObjective(state: EngineState, { state: now }: ExperimentRow): Objective | null {
  const { incumbent, speed_ratio: ratio } =
    now.status === 'failed' && now.failure.kind === 'pruned' ? now.failure.details : {};
  const reference = typeof incumbent === 'string' ? typicalObjective(state, incumbent) : null;
  if (!reference || typeof ratio !== 'number' || ratio <= 0) return null;
  const { value } = reference;
  return { ...reference, value: directionOf(reference) === 'higher' ? value * ratio : value / ratio };
}
