/**
 * Candidates of a run that goes on while they are not decided: what is due about each, what a larger gain has made
 * moot, and what follows when a provisional best is refuted.
 */
import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import { objectiveOfRow } from './compare.js';
import { driftEvents, isInDoubt, measuredBeforeDrift, sentinelEvents } from './incumbent/sentinels.js';
import { isUndecided, type Verdict } from './judgement.js';
import { firstDisturbance, verdictOn } from './measure-again.js';
import { hasLostPlace, provisionalOnes } from './provisional.js';
import { hasOpenRepeats, repeatRows } from './repeats.js';
import { weigh } from './weighing.js';

/** `next`: what is due about one of them against that incumbent (confirmation.ts). */
export function undecidedEvents(
  state: EngineState,
  next: (row: ExperimentRow, against: string | null) => EventBody[],
): EventBody[] {
  const settled = [givenBack, passedBy, driftEvents, orphaned]
    .map((events) => events(state))
    .find(({ length }) => length > 0);
  if (settled) return settled;
  const { best, confirmation, status } = state;
  const [top, ...below] = provisionalOnes(state);
  // Nothing new is begun while the run ends or pauses: what is not decided by then stays undecided.
  const isDue = (events: EventBody[]) =>
    events.length > 0 && (status === 'running' || !events.some(({ type }) => type === 'experiment_added'));
  for (const row of [...comparedWithFallen(state), ...measuredBeforeDrift(state)]) {
    const { judged: _, ...anew } = row;
    const events = next(anew, best);
    if (isDue(events)) return events;
  }
  for (const nodeId of confirmation?.candidates ?? []) {
    const row = state.experiments[nodeId];
    // It is asked for only if what stands on it is refuted.
    if (!row || below.includes(nodeId)) continue;
    const against = nodeId === top ? (row.judged?.against ?? null) : best;
    if (isInDoubt(state, against)) continue;
    const events = hasOpenRepeats(state, nodeId) ? moot(state, row, against) : next(row, against);
    if (isDue(events)) return events;
  }
  const sentinels = sentinelEvents(state);
  return isDue(sentinels) ? sentinels : [];
}

const BELIEVED: readonly (Verdict | undefined)[] = ['keep', 'provisional', undefined];

/** A best that is not believed any more gives its place back to the one below it. */
function givenBack({ best, experiments }: EngineState): EventBody[] {
  const judged = best === null ? undefined : experiments[best]?.judged;
  if (best === null || BELIEVED.includes(judged?.verdict) || judged?.against == null) return [];
  return [{ type: 'best_changed', nodeId: judged.against, insteadOf: best }];
}

/** What was provisional when another was kept over it: whether it was a gain decides nothing any more. */
function passedBy(state: EngineState): EventBody[] {
  const { best, experiments } = state;
  const judged = best === null ? undefined : experiments[best]?.judged;
  const row = judged?.verdict === 'keep' ? experiments[judged.against ?? ''] : undefined;
  if (best === null || row?.judged?.verdict !== 'provisional') return [];
  const under = provisionalOnes({ ...state, best: row.nodeId });
  return under.flatMap((nodeId) => [
    verdictOn(nodeId, best)('superseded', `${best} was kept over it`),
    ...withoutWaiting(state, nodeId),
  ]);
}

/** Repeats of what no undecided candidate is compared with, and that is none itself. */
function orphaned(state: EngineState): EventBody[] {
  const { best, confirmation, experiments } = state;
  const candidates = confirmation?.candidates ?? [];
  const asked = new Set([best, ...candidates, ...candidates.map((id) => experiments[id]?.judged?.against)]);
  const owners = Object.keys(confirmation?.repeats ?? {}).filter((nodeId) => !asked.has(nodeId));
  return owners.flatMap((nodeId) => withoutWaiting(state, nodeId));
}

/** Closes a question that a larger gain has answered meanwhile, without the jobs that still wait. */
function moot(state: EngineState, row: ExperimentRow, against: string | null): EventBody[] {
  const { nodeId, judged } = row;
  const metric = objectiveOfRow(row)?.metric;
  if (judged?.verdict !== 'repeat' || against === null || judged.against === against || metric === undefined) return [];
  if (objectiveOfRow(state.experiments[against])?.metric !== metric) return [];
  const { step, reason } = weigh(state, nodeId, against, metric, firstDisturbance(state, row, against));
  if (step !== 'drop') return [];
  return [verdictOn(nodeId, against)('superseded', reason), ...withoutWaiting(state, nodeId)];
}

/** The repeats of a candidate that have no job yet leave the queue. */
function withoutWaiting(state: EngineState, nodeId: string): EventBody[] {
  return repeatRows(state, nodeId).flatMap(({ nodeId: repeat, origin, state: { status } }): EventBody[] => {
    const isWaiting = status === 'queued' || status === 'preparing' || status === 'ready';
    const isOfBelief = origin.from === 'repeat' && (origin.purpose === 'confirmation' || origin.purpose === 'sentinel');
    if (!isWaiting || !isOfBelief) return [];
    return [{ type: 'experiment_removed', nodeId: repeat, withdraws: status !== 'queued' }];
  });
}

/** What was held against a provisional best that lost its place, and deserves another look by its own numbers. */
function comparedWithFallen({ experiments }: EngineState): ExperimentRow[] {
  return Object.values(experiments).filter(({ judged }) => {
    if (!judged || judged.verdict === 'quarantine' || judged.verdict === 'keep' || isUndecided(judged.verdict))
      return false;
    const against = experiments[judged.against ?? ''];
    return against !== undefined && hasLostPlace(against);
  });
}
