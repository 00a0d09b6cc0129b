/** One Temporal worker for one run: its queue, its limits, its shutdown. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { GracefulShutdownPeriodExpiredError, type NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../domain/protocol/activities.js';
import { taskQueueFor } from '../domain/run/naming.js';
import { thisHost } from '../host/host-identity.js';
import { buildId } from './build-id.js';
import { deploymentOptions } from './deployment.js';
import { makeDataConverter } from './encryption/data-converter.js';
import { workerIdentity } from './worker-identity.js';
import { workflowBundleFile } from './workflow-bundle.js';

export interface WorkerParts {
  run: string;
  namespace: string;
  connection: NativeConnection;
  activities: Activities;
  /** Path of the workflow bundle; the built one when absent. */
  codePath?: string;
  /** Of a cluster that routes tasks by the version of the code: this worker's. Null: it takes any task of its run. */
  versioning?: { buildId: string } | null;
}

export interface RunningWorker {
  /** Resolves after a shutdown, rejects when the worker cannot go on. */
  run: Promise<void>;
  /** Idempotent. Resolves when the worker has let go of everything. */
  shutdown(): Promise<void>;
}

/** File work (an export: 0.1 s) may finish; what lasts longer is cancelled, and its next attempt goes on from disk. */
const SHUTDOWN_GRACE_MS = 1_500;
/** An activity that does not hear its cancellation must not keep a person waiting at Ctrl+C. */
const SHUTDOWN_FORCE_MS = 10_000;
/** Each running job and each agent call holds one for minutes; far above any max_concurrency, so that none starves. */
const ACTIVITY_SLOTS = 200;
/** Cancellation comes back with a heartbeat; by default 80% of the timeout passes between two (24 s of 30). */
const HEARTBEAT_AT_LEAST_EVERY_MS = 5_000;
/**
 * How long a killed worker's cached workflows wait for it (10 s by default) before another takes them up; local tasks
 * start in ms.
 */
const STICKY_QUEUE_WAIT_MS = 2_000;

/** What workflows/failure-converter.ts reads; on the bundle's first line, so that its source map keeps its lines. */
const ENCODES_FAILURES = 'globalThis.autoresearchEncodesFailures = true;';

export async function startWorker(parts: WorkerParts): Promise<RunningWorker> {
  const { run, namespace, connection, activities, codePath = workflowBundleFile } = parts;
  if (!existsSync(codePath))
    throw new Error(`${codePath} does not exist: the package is incomplete; in a checkout, run \`npm run build\``);
  const dataConverter = makeDataConverter();
  const isSecret = dataConverter.failureConverterPath !== undefined;
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: taskQueueFor(run),
    workflowBundle: isSecret ? { code: `${ENCODES_FAILURES}${await readFile(codePath, 'utf8')}` } : { codePath },
    activities,
    dataConverter,
    identity: workerIdentity(buildId(), await thisHost()),
    workerDeploymentOptions: deploymentOptions(run, parts.versioning ?? null),
    maxConcurrentActivityTaskExecutions: ACTIVITY_SLOTS,
    stickyQueueScheduleToStartTimeout: STICKY_QUEUE_WAIT_MS,
    maxHeartbeatThrottleInterval: HEARTBEAT_AT_LEAST_EVERY_MS,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  });
  const running = worker.run().catch((error: unknown) => {
    // What was not done by then is done by the next worker.
    if (!(error instanceof GracefulShutdownPeriodExpiredError)) throw error;
  });
  // Whoever holds `run` hears of a failure; one that nobody awaits must not end the process by itself.
  running.catch(() => undefined);
  return {
    run: running,
    async shutdown() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    },
  };
}
