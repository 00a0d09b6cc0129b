/**
 * What a run's ledger says was spent on agents: work that is done again after an interruption tells its whole cost
 * anew.
 */
import { applyEvent } from '../../domain/run/apply-event.js';
import { initialState } from '../../domain/run/engine-state.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import type { Ledger } from '../../domain/run/ledger.js';

export function ledgerOf(events: readonly EngineEvent[]): Ledger {
  return events.reduce(applyEvent, initialState('')).ledger;
}

export function bookedUsd(events: readonly EngineEvent[]): number {
  return ledgerOf(events).spent.usd;
}
