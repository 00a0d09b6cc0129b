/**
 * Which experiment is prepared next and which gets a free slot. Slots count jobs: preparation and analysis hold none.
 */
import { awaitsApproval } from '../run/approval.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';

/** Lower priority first; ties keep insertion order. */
export function inRunOrder(rows: readonly ExperimentRow[]): ExperimentRow[] {
  return [...rows].sort((a, b) => a.priority - b.priority || a.seq - b.seq);
}

/** The lowest first; where more are free than there are experiments, as many as those could take. */
export function freeSlots(state: EngineState): number[] {
  const open = openRows(state);
  const used = new Set<number>();
  for (const { state: now } of open) {
    if (now.status === 'launching' || now.status === 'running') used.add(now.slot);
  }
  const length = Math.min(state.limits.maxConcurrency, open.length + used.size);
  return Array.from({ length }, (_, slot) => slot).filter((slot) => !used.has(slot));
}

export interface Grant {
  nodeId: string;
  slot: number;
}

/** Prepared experiments that may launch now. */
export function nextGrants(state: EngineState): Grant[] {
  if (state.status !== 'running') return [];
  const ready = inRunOrder(openRows(state).filter((row) => row.state.status === 'ready' && !awaitsApproval(row)));
  const slots = freeSlots(state);
  return ready.slice(0, slots.length).map((row, index) => ({ nodeId: row.nodeId, slot: slots[index]! }));
}

/**
 * Queued experiments whose preparation may begin: enough for the free slots, and `prepareAhead` more for those that
 * become free. Prepared ones that would run later do not count, so that an experiment that was moved to the front is
 * not overtaken; nor do those that a person is asked about, who may be asleep.
 */
export function nextStarts(state: EngineState, prepareAhead: number): string[] {
  if (state.status !== 'running') return [];
  const room = freeSlots(state).length + prepareAhead;
  const starts: string[] = [];
  let ahead = 0;
  for (const row of inRunOrder(openRows(state))) {
    if (ahead >= room) break;
    if (awaitsApproval(row)) continue;
    if (row.state.status === 'queued') starts.push(row.nodeId);
    if (isWaiting(row)) ahead += 1;
  }
  return starts;
}

/** Not launched yet: queued, in preparation, or prepared. */
export function isWaiting(row: ExperimentRow): boolean {
  return row.state.status === 'queued' || row.state.status === 'preparing' || row.state.status === 'ready';
}
