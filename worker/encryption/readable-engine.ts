/**
 * Whether this process has the keys of a run's open engine. Without them the server would try its tasks again and
 * again, and nobody would hear why: what the worker could say of it is encrypted, too.
 */
import { type Client, isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { decode, encode } from '@temporalio/common/lib/encoding.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { CODEC_KEY_VARIABLE, KEY_ID } from './payload-codec.js';

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
          `the engine of this run cannot be read: ${reason}; give the keys that it has used. Where one is lost, ` +
            '`autoresearch run --take-over` leaves that engine, and goes on from the event log',
          { cause: error },
        );
      }
    }
  }
}

/**
 * Throws KeyMissing where the engine has never used the key with which this client would encrypt a message: one that
 * cannot be decoded fails the engine's tasks from then on, whoever sent it.
 */
export async function checkSender(client: Client, run: string): Promise<void> {
  const mine = await ownKey(client);
  if (mine === null) return;
  const used = (await payloadsOf(client, run)).map(keyOf);
  if (used.length === 0 || used.includes(mine)) return;
  throw new KeyMissing(
    `the engine of this run has not used key ${mine}, the first of ${CODEC_KEY_VARIABLE}, and could not read the ` +
      'message: give the command with the keys of the engine',
  );
}

/** Null when nothing is encrypted. */
async function ownKey(client: Client): Promise<string | null> {
  let sealed: Payload[] = [{ metadata: { encoding: encode('json/plain') }, data: encode('""') }];
  for (const codec of client.options.loadedDataConverter.payloadCodecs) sealed = await codec.encode(sealed);
  return keyOf(sealed[0]);
}

function keyOf(payload: Payload | undefined): string | null {
  const id = payload?.metadata?.[KEY_ID];
  return id ? decode(id) : null;
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
