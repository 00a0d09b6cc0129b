/**
 * What the engine answers to an experiment that tells where it stands. Each message between the two may be lost with
 * its sender, or come twice: an experiment tells its stage again when it is greeted, and what the state misses of it
 * follows here.
 */
import { type EngineState, openRows } from '../run/engine-state.js';
import type { EngineEvent, EventBody, Money } from '../run/event-types.js';
import type { ExperimentRow } from '../run/experiment-record.js';
import type { SpendingPhase, Spent } from '../run/ledger.js';
import { estimateFor } from '../schedule/budget.js';
import { grantedPhases, startPhases } from '../schedule/planned-moves.js';
import { reservationsFor, settlement } from '../schedule/settlement.js';

export type Answer = { do: 'nothing' } | { do: 'grant'; slot: number } | { do: 'withdraw' };

/** To one that says that it is prepared and holds no slot. */
export function answerToPrepared(state: EngineState, nodeId: string): Answer {
  const row = rowIfAny(state, nodeId);
  if (row === undefined) return { do: 'withdraw' };
  switch (row.state.status) {
    case 'completed':
    case 'failed':
    case 'cancelled':
      return { do: 'withdraw' };
    case 'launching':
    case 'running':
      return { do: 'grant', slot: row.state.slot };
    case 'analyzing':
      return { do: 'grant', slot: 0 };
    // One that is queued is started, and greeted where it lives already; one that is ready waits for its turn.
    case 'queued':
    case 'preparing':
    case 'ready':
      return { do: 'nothing' };
  }
}

/** What an experiment says that holds a slot: what it was granted, and for which code. */
export interface Granted {
  nodeId: string;
  commit: string;
  slot: number;
  /** What its code has cost. */
  spent: Spent;
}

/** Events that a state lacks which went back behind the grant (its workflow was reset, its log forked). */
export function missedBefore(state: EngineState, told: Granted): (EventBody & { money?: Money })[] {
  const { nodeId, commit, slot, spent } = told;
  const row = rowIfAny(state, nodeId);
  const status = row?.state.status;
  if (row === undefined || (status !== 'queued' && status !== 'preparing' && status !== 'ready')) return [];
  const reserved = (phases: SpendingPhase[]) =>
    reservationsFor({ reservations: phases.map((phase) => [phase, estimateFor(state, phase)]) }, nodeId);
  const missed: (EventBody & { money?: Money })[] = [
    { type: 'slot_granted', nodeId, slot, money: reserved(grantedPhases(row)) },
  ];
  if (status === 'ready') return missed;
  missed.unshift({ type: 'experiment_prepared', nodeId, commit, money: settlement('apply', spent, nodeId) });
  if (status === 'queued')
    missed.unshift({ type: 'experiment_preparing', nodeId, money: reserved(startPhases(row.kind)) });
  return missed;
}

/**
 * Whom events that the log gave up had granted a slot: such an experiment may have a job of which the state knows
 * nothing. Its slot by node id, the last one where it was granted several.
 */
export function grantedIn(events: readonly EngineEvent[]): Record<string, number> {
  return Object.fromEntries(
    events.flatMap((event): [string, number][] => (event.type === 'slot_granted' ? [[event.nodeId, event.slot]] : [])),
  );
}

/** Whether the state knows of its job, or of its end. */
export function isKnownGranted(state: EngineState, nodeId: string): boolean {
  const status = rowIfAny(state, nodeId)?.state.status;
  return status !== 'queued' && status !== 'preparing' && status !== 'ready';
}

/** What left the queue, or the run, and whose workflow has not told its end: its end may be looked up. */
export function underWay(state: EngineState): string[] {
  const open = openRows(state).filter((row) => row.state.status !== 'queued');
  return [...open.map(({ nodeId }) => nodeId), ...(state.withdrawing ?? [])];
}

/** Whether an experiment is where its workflow or the engine waits for a word of the other. */
export function isAwaited(state: EngineState, nodeId: string): boolean {
  const status = rowIfAny(state, nodeId)?.state.status;
  return status === undefined || status === 'preparing' || status === 'launching';
}

function rowIfAny(state: EngineState, nodeId: string): ExperimentRow | undefined {
  return Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
}
