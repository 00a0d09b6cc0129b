/**
 * Which experiment is prepared next and which gets a free slot. Slots count jobs: preparation and analysis hold none.
 */
import { awaitsApproval } from '../run/approval.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { type ExperimentRow, isWaiting } from '../run/experiment-record.js';
import { type Worth, worths } from './worth.js';

/** Lower places first (worth.ts); repeats by what they are worth, and what is alike in the order of insertion. */
export function inRunOrder(state: EngineState, rows: readonly ExperimentRow[]): ExperimentRow[] {
  const worthOf = worths(state);
  return rows
    .map((row) => ({ row, worth: worthOf(row) }))
    .sort((a, b) => a.worth.place - b.worth.place || comparedByWorth(a, b) || a.row.seq - b.row.seq)
    .map(({ row }) => row);
}

interface Ranked {
  row: ExperimentRow;
  worth: Worth;
}

/** Planners order what they propose themselves. */
function comparedByWorth(a: Ranked, b: Ranked): number {
  if (a.row.kind !== 'repeat' || b.row.kind !== 'repeat') return 0;
  return (b.worth.perSecond ?? 0) - (a.worth.perSecond ?? 0);
}

/**
 * The lowest first; where more are free than there are experiments, as many as those could take. Jobs that wait in the
 * queue of a cluster hold none, up to as many as may run: what is submitted stays bounded whatever the cluster does.
 */
export function freeSlots(state: EngineState): number[] {
  const { maxConcurrency } = state.limits;
  const open = openRows(state);
  const used = new Set<number>();
  let pending = 0;
  for (const now of slotHolders(state)) {
    used.add(now.slot);
    if (now.status === 'launching' && now.isPending) pending += 1;
  }
  const slots = maxConcurrency + Math.min(pending, maxConcurrency);
  const length = Math.min(state.lendsSlots ? used.size + slots : slots, open.length + used.size);
  const free = Array.from({ length }, (_, slot) => slot).filter((slot) => !used.has(slot));
  // Jobs that began to run together may hold more than there are: their numbers say nothing of how many are free.
  return state.lendsSlots ? free.slice(0, Math.max(0, slots - used.size)) : free;
}

/** Whether jobs hold as many slots as there are, or more: the limit may have been lowered while they ran. */
export function isFull(state: EngineState): boolean {
  // Where waiting jobs lend their slots, what is free is told by number already.
  if (state.lendsSlots) return freeSlots(state).length === 0;
  return slotHolders(state).length >= state.limits.maxConcurrency;
}

function slotHolders(state: EngineState) {
  return openRows(state).flatMap(({ state: now }) =>
    now.status === 'launching' || now.status === 'running' ? [now] : [],
  );
}

export interface Grant {
  nodeId: string;
  slot: number;
}

/** Prepared experiments that may launch now. */
export function nextGrants(state: EngineState, among: (row: ExperimentRow) => boolean = () => true): Grant[] {
  if (state.status !== 'running') return [];
  const prepared = openRows(state).filter((row) => row.state.status === 'ready' && !awaitsApproval(row));
  const ready = inRunOrder(state, prepared.filter(among));
  const slots = freeSlots(state);
  return ready.slice(0, slots.length).map((row, index) => ({ nodeId: row.nodeId, slot: slots[index]! }));
}

/**
 * Queued experiments whose preparation may begin: enough for the free slots, and `prepareAhead` more for those that
 * become free. Prepared ones that would run later do not count, so that an experiment that was moved to the front is
 * not overtaken; nor do those that a person is asked about, who may be asleep, and those that are passed over.
 */
export function nextStarts(
  state: EngineState,
  prepareAhead: number,
  isPassedOver: (row: ExperimentRow) => boolean = () => false,
): string[] {
  if (state.status !== 'running') return [];
  const room = freeSlots(state).length + prepareAhead;
  const starts: string[] = [];
  let ahead = 0;
  for (const row of inRunOrder(state, openRows(state))) {
    if (ahead >= room) break;
    if (awaitsApproval(row) || isPassedOver(row)) continue;
    if (row.state.status === 'queued') starts.push(row.nodeId);
    if (isWaiting(row)) ahead += 1;
  }
  return starts;
}
