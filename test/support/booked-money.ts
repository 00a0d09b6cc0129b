/** What a run's event log says was spent on agents. */
import type { EngineEvent } from '../../domain/run/event-types.js';

export function bookedUsd(events: readonly EngineEvent[]): number {
  return events.flatMap(({ money }) => money?.settle ?? []).reduce((sum, { spent }) => sum + spent.usd, 0);
}
