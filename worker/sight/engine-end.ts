/**
 * Learns that a run's engine workflow has closed, by one long poll at a time: the server answers it when the workflow
 * closes, or with nothing after its own patience (20 s). A poll has a connection without the SDK's retries: those
 * outlive an abort, and would speak on a connection that was closed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { engineWorkflowId } from '../../domain/run/naming.js';
import type { TemporalTarget } from '../connection.js';

const { HistoryEventFilterType } = proto.temporal.api.enums.v1;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/**
 * A server answers at once where its own patience would outlast the deadline of the call: this is far above the
 * patience of a server, and short enough that a call which nobody answers is not waited for all night.
 */
const POLL_MS = 90_000;
/**
 * A server that died is up again after a second or two; one that answers with nothing at once is asked no faster
 * either.
 */
const PAUSE_MS = 1_000;
/** gRPC's code for a workflow that the server does not know. */
const NOT_FOUND = 5;

/**
 * Resolves when the engine has closed, in whatever way, or when the server knows of none. `runId` is the run that is
 * meant, the newest one when absent: a reset closes it, and another takes its place. Runs that continue it as new are
 * followed, a server that is away is waited for. Rejects once `signal` aborts. Tests give another `connect`.
 */
export async function untilEngineCloses(
  target: TemporalTarget,
  run: string,
  signal: AbortSignal,
  { runId = '', connect = connectWithoutRetries }: { runId?: string; connect?: Connect } = {},
): Promise<'closed' | 'missing'> {
  const connection = connect(target);
  const { namespace } = target;
  const execution = { workflowId: engineWorkflowId(run), runId };
  let nextPageToken: Uint8Array | null = null;
  try {
    for (;;) {
      signal.throwIfAborted();
      const askedAtMs = performance.now();
      try {
        const { event, token } = await poll(connection, { namespace, execution, nextPageToken }, signal);
        if (event) {
          const next = successorOf(event);
          if (next === null) return 'closed';
          execution.runId = next;
        }
        nextPageToken = token;
      } catch (error) {
        signal.throwIfAborted();
        if (!isGrpcServiceError(error)) throw error;
        if (Number(error.code) === NOT_FOUND) return 'missing';
        nextPageToken = null;
      }
      const restMs = PAUSE_MS - (performance.now() - askedAtMs);
      if (restMs > 0) await sleep(restMs, undefined, { signal });
    }
  } finally {
    await connection.close();
  }
}

function connectWithoutRetries({ clientOptions }: TemporalTarget): Connection {
  return Connection.lazy({ ...clientOptions, interceptors: [] });
}

type Connect = (target: TemporalTarget) => Connection;

interface Place {
  namespace: string;
  execution: { workflowId: string; runId: string };
  nextPageToken: Uint8Array | null;
}

/**
 * The client leaves a listener on the signal of each call for as long as the signal lives: a call gets one of its own.
 */
async function poll(
  connection: Connection,
  place: Place,
  signal: AbortSignal,
): Promise<{ event: HistoryEvent | undefined; token: Uint8Array | null }> {
  const own = new AbortController();
  const abort = () => own.abort();
  signal.addEventListener('abort', abort, { once: true });
  const ask = () =>
    connection.workflowService.getWorkflowExecutionHistory({
      ...place,
      waitNewEvent: true,
      skipArchival: true,
      historyEventFilterType: HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT,
    });
  try {
    const withDeadline = () => connection.withDeadline(Date.now() + POLL_MS, ask);
    const { history, nextPageToken: token } = await connection.withAbortSignal(own.signal, withDeadline);
    const event = history?.events?.[0];
    return { event, token: event === undefined && token?.length > 0 ? token : null };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The run in which the engine goes on, '' where it is not named; null when it has ended. */
function successorOf(event: HistoryEvent): string | null {
  const continued = event.workflowExecutionContinuedAsNewEventAttributes;
  if (continued) return continued.newExecutionRunId ?? '';
  const closed =
    event.workflowExecutionCompletedEventAttributes ??
    event.workflowExecutionFailedEventAttributes ??
    event.workflowExecutionTimedOutEventAttributes;
  return closed?.newExecutionRunId || null;
}
