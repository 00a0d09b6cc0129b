/**
 * Whether this process has the keys of a run's open engine. Without them the server would try its tasks again and
 * again, and nobody would hear why: what the worker could say of it is encrypted, too.
 */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { engineWorkflowId } from '../../domain/run/naming.js';

export class KeyMissing extends Error {
  override readonly name = 'KeyMissing';
}

/** Keys change while a run is open: the oldest events and the newest are asked for, so many of each. */
const EVENTS = 20;

/** Throws KeyMissing, which names the key. An engine of which the server does not tell now is not judged. */
export async function checkKeys(client: Client, run: string): Promise<void> {
  for (const payload of await payloadsOf(client, run)) {
    for (const codec of client.options.loadedDataConverter.payloadCodecs) {
      try {
        await codec.decode([payload]);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new KeyMissing(
          `the engine of this run cannot be read: ${reason}; start it with the keys that it has used`,
          {
            cause: error,
          },
        );
      }
    }
  }
}

async function payloadsOf(client: Client, run: string): Promise<Payload[]> {
  const { workflowService, options } = client;
  try {
    const { status, runId } = await client.workflow.getHandle(engineWorkflowId(run)).describe();
    if (status.name !== 'RUNNING') return [];
    const execution = { workflowId: engineWorkflowId(run), runId };
    const asked = { namespace: options.namespace, execution, maximumPageSize: EVENTS };
    const pages = await Promise.all([
      workflowService.getWorkflowExecutionHistory(asked),
      workflowService.getWorkflowExecutionHistoryReverse(asked),
    ]);
    return payloadsIn(pages.map(({ history }) => history?.events ?? []));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isGrpcServiceError(error)) return [];
    throw error;
  }
}

function payloadsIn(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('metadata' in value && 'data' in value && value.data instanceof Uint8Array) return [value as Payload];
  return Object.values(value).flatMap(payloadsIn);
}
