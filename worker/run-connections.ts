/**
 * The connections by which runs of one process speak to a Temporal server: those of a configured server are shared, a
 * workdir's own server has its own, which end with the run.
 */
import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { openClient, type TemporalTarget } from './connection.js';
import { openNativeConnection } from './native-connection.js';

export class RunConnections {
  #client: Promise<Client> | null = null;
  #native: Promise<NativeConnection> | null = null;

  client(target: TemporalTarget): Promise<Client> {
    this.#client ??= openClient(target);
    return this.#client;
  }

  native(target: TemporalTarget): Promise<NativeConnection> {
    this.#native ??= openNativeConnection(target);
    return this.#native;
  }

  /** To be called when no run uses them any more. What was never opened, or could not be, needs no end. */
  async close(): Promise<void> {
    const native = await this.#native?.catch(() => null);
    const client = await this.#client?.catch(() => null);
    await native?.close();
    await client?.connection.close();
  }
}
