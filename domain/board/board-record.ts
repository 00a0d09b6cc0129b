/**
 * A run as the page needs it: the record that reports are made from, and beside it when things happened to each
 * experiment and what each has cost. Made by folding the same events.
 */
import { applyToRecord, newRunRecord, type RunRecord } from '../reports/run-record.js';
import type { EngineEvent } from '../run/event-types.js';
import { type Amount, NOTHING, ownKey, plus, type SpendingPhase } from '../run/ledger.js';

export interface Moment {
  type: EngineEvent['type'];
  atMs: number;
}

export interface Cost {
  phase: SpendingPhase;
  spent: Amount;
  /** Calls of which nobody knows the price. */
  unpriced: number;
}

export interface BoardRecord extends RunRecord {
  /** What happened to each experiment, in order, by node id. */
  moments: Map<string, Moment[]>;
  /** By the ledger's key, which names phase and experiment: work that is told again replaces what was told of it. */
  costs: Map<string, Cost>;
}

export function newBoardRecord(): BoardRecord {
  return { ...newRunRecord(), moments: new Map(), costs: new Map() };
}

/** Applies one event in place; those already applied are ignored, a gap is a RangeError. */
export function applyToBoard(board: BoardRecord, event: EngineEvent): void {
  if (event.seq <= board.state.seq) return;
  applyToRecord(board, event);
  const nodeId = event.type === 'experiment_added' ? event.experiment.nodeId : 'nodeId' in event ? event.nodeId : null;
  if (nodeId !== null) {
    const moments = board.moments.get(nodeId);
    const moment = { type: event.type, atMs: event.atMs };
    if (moments) moments.push(moment);
    else board.moments.set(nodeId, [moment]);
  }
  for (const { phase, key, spent, unpriced } of event.money?.settle ?? []) {
    const own = ownKey(key);
    // An account that is settled again tells its whole cost; what comes late stands beside it.
    const before = own === key ? undefined : board.costs.get(own);
    board.costs.set(own, {
      phase,
      spent: plus(spent, before?.spent ?? NOTHING),
      unpriced: unpriced + (before?.unpriced ?? 0),
    });
  }
}
