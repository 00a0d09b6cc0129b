/** What a run left in the histories of its workflows. */
import type { Client } from '@temporalio/client';

export interface HistoryCost {
  /** Runs of the workflow, one after the other by continue-as-new. */
  runs: number;
  events: number;
  /** Events of the longest run. */
  longest: number;
  /** Bytes of the payloads of the event that carries most. */
  largest: number;
}

/** Of a workflow and all that continued it; `firstRunId` names the first, the latest one is meant without it. */
export async function historyCost(client: Client, workflowId: string, firstRunId?: string): Promise<HistoryCost> {
  const cost: HistoryCost = { runs: 0, events: 0, longest: 0, largest: 0 };
  let runId: string | undefined = firstRunId;
  do {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const list = events ?? [];
    cost.runs += 1;
    cost.events += list.length;
    cost.longest = Math.max(cost.longest, list.length);
    for (const event of list) cost.largest = Math.max(cost.largest, payloadBytes(event));
    runId = list.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined;
  } while (runId);
  return cost;
}

function payloadBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, part: unknown) => sum + payloadBytes(part), 0);
}
