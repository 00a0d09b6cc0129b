/**
 * Clients and workers on the test run's one Temporal server. Each worker has a run of its own, and so a task queue of
 * its own: tests do not see each other's workflows.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowClientInterceptor } from '@temporalio/client';
import { inject } from 'vitest';
import { untilTaken } from '../../client/steering/until-taken.js';
import type { Activities } from '../../domain/protocol/activities.js';
import { taskQueueFor } from '../../domain/run/naming.js';
import { Workdir } from '../../workdir/paths.js';
import { openClient, type TemporalTarget } from '../../worker/connection.js';
import { startWorker } from '../../worker/create-worker.js';
import { openNativeConnection } from '../../worker/native-connection.js';
import { installRuntime } from '../../worker/runtime.js';

export interface TestWorker extends AsyncDisposable {
  client: Client;
  run: string;
  taskQueue: string;
  /** Ends the worker alone, as a crash would not: running activities are told. `restart` brings another. */
  stop(): Promise<void>;
  restart(activities?: Partial<Activities>): Promise<void>;
}

export interface TestWorkerOptions {
  /** Those that the test's workflows call. */
  activities: Partial<Activities>;
  /** A new one when absent. */
  run?: string;
  /** The version of its code, where a test tells versions apart. */
  versioning?: { buildId: string };
  /** Another bundle than that of workflows/index.ts. */
  codePath?: string;
}

export function testTarget(): TemporalTarget {
  const address = inject('temporalAddress');
  return {
    kind: 'configured',
    address,
    namespace: 'default',
    uiAddress: inject('temporalUi'),
    clientOptions: { address },
  };
}

/** A test that sends an update to a workflow sends it as a person's command does. */
const resending: WorkflowClientInterceptor = {
  startUpdate: (input, next) => untilTaken(() => next(input), Date.now() + 60_000),
};

/** Use with `await using`, or dispose of it in a hook. */
export async function startTestWorker(options: TestWorkerOptions): Promise<TestWorker> {
  // The SDK's warnings of all test processes; nothing of it belongs on the terminal.
  installRuntime(new Workdir(join(tmpdir(), 'autoresearch-test-runtime')));
  const { run = `test-${randomUUID()}`, codePath = inject('workflowBundle') } = options;
  const target = testTarget();
  const client = await openClient(target, { workflow: [resending] });
  const connection = await openNativeConnection(target);
  const start = (activities: Partial<Activities>) =>
    startWorker({
      run,
      namespace: target.namespace,
      connection,
      activities: activities as Activities,
      versioning: options.versioning ?? null,
      codePath,
    });
  let worker = await start(options.activities);
  return {
    client,
    run,
    taskQueue: taskQueueFor(run),
    stop: () => worker.shutdown(),
    async restart(activities = options.activities) {
      await worker.shutdown();
      worker = await start(activities);
    },
    async [Symbol.asyncDispose]() {
      await worker.shutdown();
      await connection.close();
      await client.connection.close();
    },
  };
}
