/** What deciding about a candidate needs, whichever rule decides: its verdict and its repeats as events. */
import { type EngineState, rowOf } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import { commitOf, type ExperimentIdentity, type ExperimentRow } from '../run/experiment-record.js';
import { MOST_DISTURBED_REPEATS, mayBeFasterBy } from './contention.js';
import type { Judgement, RepeatPurpose } from './judgement.js';
import { repeatRows, repeatsFor, staysBusy, wasDisturbed } from './repeats.js';

export function verdictOn(nodeId: string, against: string | null) {
  return (verdict: Judgement['verdict'], reason: string, gain: Judgement['gain'] = null): EventBody => ({
    type: 'candidate_judged',
    nodeId,
    judgement: { verdict, against, gain, reason },
  });
}

export function confirmRunsOf({ confirmation }: EngineState): number {
  return confirmation?.rules.confirmRuns ?? 0;
}

/** Whether all that was measured of something was disturbed, and a quiet machine may still be waited for. */
export function needsQuiet(state: EngineState, runs: readonly ExperimentRow[]): boolean {
  if (staysBusy(state)) return false;
  const ended = runs.filter(({ state: now }) => now.status === 'completed');
  return ended.length > 0 && runs.length <= MOST_DISTURBED_REPEATS && ended.every(wasDisturbed);
}

/** Not where its last repeat failed, or other work disturbed it. */
export function isMeasurable(state: EngineState, nodeId: string): boolean {
  const last = repeatRows(state, nodeId).at(-1);
  return last === undefined || (last.state.status === 'completed' && !wasDisturbed(last));
}

/** How much better its first run may be than it shows, because other work disturbed it and not the incumbent. */
export function disturbanceOf(state: EngineState, { state: now }: ExperimentRow, against: string | null): number {
  const best = state.experiments[against ?? ''];
  if (now.status !== 'completed' || now.contention === undefined || confirmRunsOf(state) === 0) return 0;
  // One that runs yet tells nothing of what disturbed it.
  const ended = best ? [best, ...repeatRows(state, best.nodeId)].filter((row) => row.state.status === 'completed') : [];
  const isAlike = staysBusy(state) || (ended.length > 0 && ended.every(wasDisturbed));
  return isAlike ? 0 : mayBeFasterBy(now.contention);
}

/** The same while no repeat has told otherwise; 0 from then on. */
export function firstDisturbance(state: EngineState, row: ExperimentRow, against: string): number {
  const isFirst = repeatRows(state, row.nodeId).every(({ state: now }) => now.status !== 'completed');
  return isFirst ? disturbanceOf(state, row, against) : 0;
}

export function confirmationsOf(state: EngineState, nodeId: string): ExperimentRow[] {
  return repeatsFor(state, nodeId, 'confirmation');
}

export function repeats(
  state: EngineState,
  nodeId: string,
  purpose: RepeatPurpose,
  priority: number,
  count: number,
): EventBody[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'experiment_added' as const,
    experiment: repeatOf(state, nodeId, purpose, priority, i),
  }));
}

/** Before whatever a plan proposes: in older runs the next plan waits for them. */
export const CONFIRMATION_PRIORITY = -500;

/** `after` counts repeats that are queued with it and before it. */
export function repeatOf(
  state: EngineState,
  nodeId: string,
  purpose: RepeatPurpose,
  priority: number,
  after = 0,
): ExperimentIdentity {
  const row = rowOf(state, nodeId);
  const index = (state.confirmation?.repeats[nodeId] ?? []).length + after + 1;
  return {
    nodeId: `${nodeId}_repeat_${index}`,
    name: `${row.name}_repeat_${index}`,
    kind: 'repeat',
    origin: { from: 'repeat', of: nodeId, index, purpose },
    parentId: nodeId,
    startCommit: commitOf(row),
    priority,
    changeSet: [...row.changeSet],
    tags: [],
  };
}
