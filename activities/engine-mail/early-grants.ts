/**
 * Tells experiments that they were granted a slot as soon as that stands in the event log. The engine itself can tell
 * them only when its workflow task has ended: until then the slot would stand empty.
 */
import type { Client } from '@temporalio/client';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { experimentWorkflowId } from '../../domain/run/naming.js';

/** Answers whom the server will tell. Never rejects: the others hear it from the engine. */
export type EarlyGrants = (events: readonly EngineEvent[], state: EngineState) => Promise<string[]>;

/** The name of the signal in domain/protocol/messages.ts, which activities do not import. */
const GRANTED_SIGNAL = 'slot_granted';

export function openEarlyGrants(
  run: string,
  client: Client,
  log: (message: string, fields?: Record<string, unknown>) => void,
): EarlyGrants {
  return async (events, state) => {
    const told = grantsInForce(events, state).map(async ({ nodeId, slot }) => {
      try {
        await client.workflow.getHandle(experimentWorkflowId(run, nodeId)).signal(GRANTED_SIGNAL, { slot });
        return [nodeId];
      } catch (error) {
        log('the engine itself tells of a slot', { node: nodeId, slot, error: String(error) });
        return [];
      }
    });
    return (await Promise.all(told)).flat();
  };
}

/** One that was taken back meanwhile, or whose job is known, is told nothing. */
function grantsInForce(events: readonly EngineEvent[], { experiments }: EngineState) {
  return events.filter((event): event is Extract<EngineEvent, { type: 'slot_granted' }> => {
    if (event.type !== 'slot_granted' || !Object.hasOwn(experiments, event.nodeId)) return false;
    const now = experiments[event.nodeId]?.state;
    return now?.status === 'launching' && now.slot === event.slot;
  });
}
