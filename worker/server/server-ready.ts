/** Waits until a dev server answers, and raises the retention of its namespace. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

export const EMBEDDED_NAMESPACE = 'default';

/** How long closed workflows are kept; the dev server's own 24 h would lose a run over a weekend. */
const RETENTION_S = 90 * 24 * 3600;

export class ServerEnded extends Error {
  override readonly name = 'ServerEnded';

  constructor(
    message: string,
    /** One of its ports was taken, so that other ports may do. */
    readonly isPortLost = false,
  ) {
    super(message);
  }
}

/**
 * Polls until the namespace can be described. `ended` is asked between attempts and says why there is no more hope.
 */
export async function untilServerReady(
  address: string,
  ended: () => Promise<ServerEnded | null>,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  // grpc-js waits a second after a refused connection; here the next 20 ms may bring the server up.
  const connection = Connection.lazy({
    address,
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 20,
      'grpc.min_reconnect_backoff_ms': 20,
      'grpc.max_reconnect_backoff_ms': 100,
      // A pool of this channel's own: one that was refused before would otherwise be shared, back-off and all.
      'grpc.use_local_subchannel_pool': 1,
    },
    interceptors: [],
  });
  try {
    for (;;) {
      const reason = await ended();
      if (reason !== null) throw reason;
      try {
        await connection.withDeadline(Date.now() + ATTEMPT_MS, () => raiseRetention(connection));
        return;
      } catch (error) {
        if (Date.now() > deadline) {
          throw new Error(`the Temporal server at ${address} did not answer in ${timeoutMs / 1000} s: ${error}`);
        }
      }
      await sleep(20);
    }
  } finally {
    await connection.close();
  }
}

/** A describe takes milliseconds; a lost one is asked again. */
const ATTEMPT_MS = 1_000;

async function raiseRetention({ workflowService }: Connection): Promise<void> {
  const { config } = await workflowService.describeNamespace({ namespace: EMBEDDED_NAMESPACE });
  if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) >= RETENTION_S) return;
  await workflowService.updateNamespace({
    namespace: EMBEDDED_NAMESPACE,
    config: { workflowExecutionRetentionTtl: msToTs(RETENTION_S * 1000) },
  });
}
