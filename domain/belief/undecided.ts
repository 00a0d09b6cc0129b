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
import { goesOn, hasLostPlace, isProvisional, provisionalOnes } from './provisional.js';
import { hasOpenRepeats, repeatRows, weighsRepeats } from './repeats.js';
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
    // Its verdict is told against what stands, though nothing is measured any more.
    const told = weighsRepeats(state) && row.judged?.against !== best ? events.filter(isVerdict).map(asUndecided) : [];
    if (told.length > 0) return told;
  }
  for (const nodeId of confirmation?.candidates ?? []) {
    const row = state.experiments[nodeId];
    // It is asked for only if what stands on it is refuted.
    if (!row || below.includes(nodeId)) continue;
    const against = nodeId === top ? (row.judged?.against ?? null) : best;
    if (isInDoubt(state, against)) continue;
    const events = hasOpenRepeats(state, nodeId) ? meanwhile(state, row, against) : next(row, against);
    if (isDue(events)) return events;
  }
  const sentinels = sentinelEvents(state);
  return isDue(sentinels) ? sentinels : [];
}

function isVerdict({ type }: EventBody): boolean {
  return type === 'candidate_judged';
}

/**
 * At the end, once what was not confirmed has given its place back (provisional.ts): the next verdict on what was held
 * against such a one, told against the best that is left. What was measured of it may show it to be the best; nothing
 * is measured any more.
 */
export function toldAnewAtEnd(
  state: EngineState,
  next: (row: ExperimentRow, against: string | null) => EventBody[],
): EventBody[] {
  const { best, experiments } = state;
  if (!goesOn(state) || !weighsRepeats(state)) return [];
  const row = Object.values(experiments).find(({ nodeId, judged }) => {
    const against = experiments[judged?.against ?? ''];
    const isTold = judged !== undefined && judged.verdict !== 'keep' && judged.verdict !== 'quarantine';
    return isTold && nodeId !== best && against !== undefined && hasGivenWay(state, against);
  });
  if (!row) return [];
  const { judged: _, ...anew } = row;
  const events = next(anew, best).filter((event) => isVerdict(event) || event.type === 'best_changed');
  const isKept = events.some((event) => event.type === 'candidate_judged' && event.judgement.verdict === 'keep');
  return isKept ? events : events.filter(isVerdict).map(asUndecided);
}

/** Whether it is no provisional best any more, though nothing was decided about it. */
function hasGivenWay(state: EngineState, { nodeId, judged }: ExperimentRow): boolean {
  return judged?.verdict === 'provisional' && !isProvisional(state, nodeId);
}

/** Nothing becomes a provisional best at the end. */
function asUndecided(event: EventBody): EventBody {
  if (event.type !== 'candidate_judged' || event.judgement.verdict !== 'provisional') return event;
  return { ...event, judgement: { ...event.judgement, verdict: 'repeat' } };
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

/** What is due about a candidate while it is measured again. */
function meanwhile(state: EngineState, row: ExperimentRow, against: string | null): EventBody[] {
  const closed = moot(state, row, against);
  return closed.length > 0 ? closed : toldAnew(state, row, against);
}

/** What was compared with a provisional best that has lost its place is compared with the one below it. */
function toldAnew(state: EngineState, { nodeId, judged }: ExperimentRow, against: string | null): EventBody[] {
  const before = state.experiments[judged?.against ?? ''];
  const metric = objectiveOfRow(state.experiments[nodeId])?.metric;
  const isStale = judged?.verdict === 'repeat' && before !== undefined && hasLostPlace(before);
  if (!weighsRepeats(state) || !isStale || against === null || before.nodeId === against) return [];
  if (metric === undefined || objectiveOfRow(state.experiments[against])?.metric !== metric) return [];
  const { reason, gain } = weigh(state, nodeId, against, metric);
  return [verdictOn(nodeId, against)('repeat', reason, gain)];
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
