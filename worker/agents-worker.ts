/**
 * A worker of agents' calls: it has the key and no workdir. Activities alone, on a queue that runs share; slots and
 * rate are the queue's own.
 */
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { type AgentsHost, makeCallAgent } from '../activities/agent-calls/call-agent.js';
import { agentQueueFor } from '../domain/run/naming.js';
import { thisHost } from '../host/host-identity.js';
import { Workdir } from '../workdir/paths.js';
import { buildId } from './build-id.js';
import { catchSignals } from './caught-signals.js';
import type { TemporalTarget } from './connection.js';
import { makeDataConverter } from './encryption/data-converter.js';
import { installRuntime } from './runtime.js';
import { workerIdentity } from './worker-identity.js';

export interface AgentsWorkerOptions extends Omit<AgentsHost, 'folder'> {
  target: TemporalTarget;
  /** Name of the queue, as runs give it. */
  queue: string;
  /** Calls at the same time of this process. */
  slots: number;
  /** Calls that begin in a second, of all workers of the queue together; null = as many as come. */
  perSecond: number | null;
  folder?: string;
}

/** A call may last as long as its own limit (15 minutes by default): a second signal does not wait for it. */
const DRAIN_MS = 15 * 60_000;
const FORCE_MS = DRAIN_MS + 10_000;
/** As of a run's worker (create-worker.ts): cancellation comes back with a heartbeat. */
const HEARTBEAT_AT_LEAST_EVERY_MS = 5_000;

/** Where replies are kept while they arrive, and the SDK's messages. */
function agentsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'autoresearch', 'agents');
}

/** Serves until a signal comes, and then until its calls have ended. */
export async function serveAgents(options: AgentsWorkerOptions): Promise<void> {
  const { target, queue, slots, perSecond, folder = agentsFolder(), ...host } = options;
  const signals = catchSignals();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  installRuntime(new Workdir(folder));
  const connection = await NativeConnection.connect(target.clientOptions);
  try {
    const worker = await Worker.create({
      connection,
      namespace: target.namespace,
      taskQueue: agentQueueFor(queue),
      activities: { callAgent: makeCallAgent({ ...host, folder }) },
      dataConverter: makeDataConverter(),
      identity: workerIdentity(buildId(), await thisHost()),
      maxConcurrentActivityTaskExecutions: slots,
      ...(perSecond === null ? {} : { maxTaskQueueActivitiesPerSecond: perSecond }),
      maxHeartbeatThrottleInterval: HEARTBEAT_AT_LEAST_EVERY_MS,
      shutdownGraceTime: DRAIN_MS,
      shutdownForceTime: FORCE_MS,
    });
    void signals.first.then((name) => {
      host.log(`ending on ${name}: calls under way are waited for; a second signal leaves them to the next worker`);
      worker.shutdown();
    });
    await worker.run();
  } finally {
    await connection.close();
    signals.release();
  }
}
