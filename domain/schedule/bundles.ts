/**
 * Small gains, bought in bulk. What looks better by less than the least improvement is not settled one by one: before
 * the run ends for want of gains, such changes are put together into one experiment, which is confirmed as a whole.
 * Only changes that code makes by itself are taken, each of another knob or stage, so that none is in another's way. A
 * bundle that did not run is tried once more with the half of it that promises most.
 */
import { changesTheStep } from '../belief/ceilings/ceiling.js';
import { objectiveOfRow } from '../belief/compare.js';
import { isCandidate } from '../belief/confirmation-state.js';
import { mean } from '../belief/noise.js';
import { goesOn, isProvisional } from '../belief/provisional.js';
import { ancestorsOf, currentRuns, doubtOf, expectedNoise, leastImprovementOf } from '../belief/repeats.js';
import { duplicateOf, hasFailed } from '../proposals/change-set.js';
import { overlap, ownChanges, subjectOf } from '../proposals/stacked-changes.js';
import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import { commitOf, type ExperimentIdentity, type ExperimentRow, followUpNodeId } from '../run/experiment-record.js';
import type { StopReason } from '../run/limits.js';
import { newestEnded } from '../run/newest-ended.js';
import { countExperiments, jobsLeft } from './counted.js';
import { endOfRun, seedsTerminal } from './planning.js';

/** In log speed: how much small gains differ, of which what was measured shows a part. */
const SMALL_GAINS = 0.008;
/** What a part must promise at least, and how many are put together. */
const LEAST_PART = 0.003;
const MOST_PARTS = 6;
/** Its own job and a repeat. */
const JOBS_OF_A_BUNDLE = 2;
const FOR_WANT_OF_GAINS: readonly StopReason[] = ['plateau', 'planner_stopped'];

interface Part {
  nodeId: string;
  changes: string[];
  /** Expected gain in log speed. */
  gain: number;
}

/** The bundle that is made before the run ends for want of gains; none where the parts promise too little. */
export function bundleEvents(state: EngineState): EventBody[] {
  const { best, confirmation, open, planningSince, status } = state;
  if (!confirmation?.rules.bundlesSmallGains || !goesOn(state) || status !== 'running' || best === null) return [];
  if (open.length > 0 || planningSince !== null || confirmation.candidates.length > 0 || !seedsTerminal(state))
    return [];
  const { maxExperiments } = state.limits;
  const isFull = maxExperiments !== null && countExperiments(state, 'all') >= maxExperiments;
  if (isFull || isProvisional(state, best) || jobsLeft(state) < JOBS_OF_A_BUNDLE) return [];
  const end = endOfRun(state);
  if (end === null || !FOR_WANT_OF_GAINS.includes(end.reason)) return [];
  const parts = nextParts(state);
  if (parts.length < 2 || !promisesEnough(state, parts)) return [];
  const experiment = bundleOf(state, best, parts);
  return duplicateOf(state, experiment) === null ? [{ type: 'experiment_added', experiment }] : [];
}

/** Fresh parts, else the better half of those of a bundle that did not run. */
function nextParts(state: EngineState): Part[] {
  const parts = partsOf(state);
  const bundled = state.confirmation?.bundled ?? [];
  const timesOf = ({ nodeId }: Part) => bundled.filter((each) => each === nodeId).length;
  const fresh = parts.filter((part) => timesOf(part) === 0).slice(0, MOST_PARTS);
  if (fresh.length > 1 && promisesEnough(state, fresh)) return fresh;
  const failed = Object.values(state.experiments).filter((row) => row.origin.from === 'bundle' && hasFailed(row));
  const broken = parts.filter((part) => {
    const isIn = failed.some(({ origin }) => origin.from === 'bundle' && origin.of.includes(part.nodeId));
    return isIn && timesOf(part) === 1;
  });
  return broken.slice(0, Math.ceil(Math.min(broken.length, MOST_PARTS) / 2));
}

function promisesEnough(state: EngineState, parts: readonly Part[]): boolean {
  const least = leastImprovementOf(state, expectedNoise(state));
  return least !== null && parts.reduce((sum, { gain }) => sum + gain, 0) >= Math.log1p(least);
}

/** What may be put together on the best, the most promising first. */
export function partsOf(state: EngineState): Part[] {
  const { best } = state;
  if (best === null) return [];
  const above = ancestorsOf(state, best);
  const onTheWay = [best, ...above];
  const taken: string[] = [];
  const parts = newestEnded(state).flatMap((row): Part[] => {
    const parent = state.experiments[row.parentId ?? ''];
    if (!parent || !onTheWay.includes(parent.nodeId) || onTheWay.includes(row.nodeId) || !mayBePart(state, row))
      return [];
    const changes = ownChanges(row.changeSet, parent.changeSet);
    const gain = expectedGain(state, row, parent);
    if (changes === null || gain < LEAST_PART) return [];
    const since = onTheWay.slice(0, onTheWay.indexOf(parent.nodeId));
    const changed = since.flatMap((nodeId) => state.experiments[nodeId]?.changeSet ?? []);
    const isOverlapping = changes.some((change) => changed.some((other) => overlap(change, other)));
    return isOverlapping ? [] : [{ nodeId: row.nodeId, changes, gain }];
  });
  return parts
    .sort((a, b) => b.gain - a.gain)
    .filter(({ changes }) => {
      if (changes.some((change) => taken.some((other) => overlap(change, other)))) return false;
      taken.push(...changes);
      return true;
    });
}

function mayBePart(state: EngineState, row: ExperimentRow): boolean {
  const { judged, nodeId, origin, state: now, tags } = row;
  if (!isCandidate(row) || row.byCode !== true || origin.from === 'bundle' || changesTheStep(tags)) return false;
  if (now.status !== 'completed' || now.noEffect !== undefined || now.contention !== undefined) return false;
  return (judged?.verdict === 'not_better' || judged?.verdict === 'superseded') && doubtOf(state, nodeId) === null;
}

/** Of what it measured over what it was made of, the part that is not expected to be luck. */
function expectedGain(state: EngineState, row: ExperimentRow, parent: ExperimentRow): number {
  const metric = objectiveOfRow(row)?.metric;
  if (metric === undefined || objectiveOfRow(parent)?.metric !== metric) return 0;
  const [own, below] = [currentRuns(state, row.nodeId, metric), currentRuns(state, parent.nodeId, metric)];
  if (own.runs.length === 0 || below.runs.length === 0 || own.isOld !== below.isOld) return 0;
  const variance = expectedNoise(state).sd ** 2 * (1 / own.runs.length + 1 / below.runs.length);
  return ((mean(own.runs) - mean(below.runs)) * SMALL_GAINS ** 2) / (SMALL_GAINS ** 2 + variance);
}

function bundleOf(state: EngineState, best: string, parts: readonly Part[]): ExperimentIdentity {
  const row = state.experiments[best]!;
  const rows = parts.map(({ nodeId }) => state.experiments[nodeId]!);
  const flags = row.changeSet.filter((change) => change.startsWith('-'));
  const subjects = new Set(parts.flatMap(({ changes }) => changes.map(subjectOf)));
  const kept = flags.filter((flag) => !subjects.has(subjectOf(flag)));
  return {
    nodeId: followUpNodeId(state.nextCounter, 'bundle'),
    name: 'bundle',
    kind: 'planned',
    origin: { from: 'bundle', of: parts.map(({ nodeId }) => nodeId) },
    parentId: best,
    startCommit: commitOf(row),
    priority: 0,
    changeSet: [...new Set([...kept, ...parts.flatMap(({ changes }) => changes)])].sort(),
    tags: [...new Set(rows.flatMap(({ tags }) => tags))],
  };
}
