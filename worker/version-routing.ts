/**
 * What a worker does on a cluster that tells versions of workers apart, so that nothing waits for ever: its version
 * becomes the current one of the run's deployment, and open executions that are pinned to a version without a living
 * worker follow the current version from then on. Looked at again at long intervals, because a worker may leave at any
 * time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { taskQueueFor } from '../domain/run/naming.js';
import { type HostIdentity, thisHost } from '../host/host-identity.js';
import { deploymentNameFor } from './deployment.js';
import { hasEndedHere } from './worker-identity.js';

const { TaskQueueType } = proto.temporal.api.enums.v1;
type PollerInfo = proto.temporal.api.taskqueue.v1.IPollerInfo;

/** gRPC's names of these are no part of the client's API. */
const GRPC = { notFound: 5, permissionDenied: 7, failedPrecondition: 9, unimplemented: 12 };
/** The server hears of a version with the first poll of its worker. */
const RETRY_MS = 250;
/** Three calls, and one for each open execution. */
const LOOK_MS = 60_000;
/** A poll takes at most a minute, and the server notes when it began. */
const POLLS_EVERY_MS = 90_000;

export interface Routed {
  client: Client;
  run: string;
  /** The version that this worker serves; '' = it serves without one, beside none that does. */
  buildId: string;
  say: (message: string, details?: Record<string, unknown>) => void;
  lookMs?: number;
  isLiving?: typeof isLivingPoller;
}

/** False where the server has no worker deployments, or does not let us use them. */
export async function knowsVersions(client: Client, run: string): Promise<boolean> {
  return (await currentVersion(client, run)) !== 'unknown';
}

/** Null = none is current: tasks go to workers without a version. */
async function currentVersion(client: Client, run: string): Promise<string | null | 'unknown'> {
  const { namespace } = client.options;
  const request = { namespace, deploymentName: deploymentNameFor(run) };
  try {
    const { workerDeploymentInfo } = await client.workflowService.describeWorkerDeployment(request);
    return workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId || null;
  } catch (error) {
    const code = codeOf(error);
    if (code === GRPC.notFound) return null;
    if (code === GRPC.unimplemented || code === GRPC.permissionDenied) return 'unknown';
    throw error;
  }
}

/**
 * Tries on until it is disposed of; a difficulty is logged once. Its version becomes current once: a newer one may
 * follow.
 */
export function routeTasks(routed: Routed): AsyncDisposable {
  const ending = new AbortController();
  const { signal } = ending;
  let isCurrent = false;
  let said = '';
  const look = async () => {
    if (!isCurrent) await makeCurrent(routed, signal);
    isCurrent = true;
    await adoptLeftExecutions(routed);
    said = '';
  };
  const watch = async () => {
    while (!signal.aborted) {
      await look().catch((error: unknown) => {
        if (String(error) !== said && !signal.aborted)
          routed.say('the versions of workers could not be looked after; trying on', { error: String(error) });
        said = String(error);
      });
      await sleep(routed.lookMs ?? LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const watching = watch();
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await watching;
    },
  };
}

/**
 * Resolves when the server knows this worker's version and sends it new tasks, or when `signal` says that it leaves.
 */
export async function makeCurrent({ client, run, buildId, say }: Routed, signal: AbortSignal): Promise<void> {
  const { namespace } = client.options;
  const request = { namespace, deploymentName: deploymentNameFor(run), buildId, ignoreMissingTaskQueues: true };
  while (!signal.aborted) {
    const before = await currentVersion(client, run);
    if ((before ?? '') === buildId) return;
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion(request);
      say('new tasks go to this version of the program', { version: buildId || 'none', before });
      return;
    } catch (error) {
      if (codeOf(error) !== GRPC.notFound && codeOf(error) !== GRPC.failedPrecondition) throw error;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Returns their workflow ids. An execution that was moved stays movable: it follows whichever version is current. */
export async function adoptLeftExecutions(routed: Routed): Promise<string[]> {
  const { client, run, buildId, say } = routed;
  const { namespace } = client.options;
  const living = new Set([buildId, ...(await livingVersions(routed))]);
  const moved: string[] = [];
  const query = `TaskQueue = '${taskQueueFor(run)}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
    const { deploymentVersion, versioningOverride } = raw.workflowExecutionInfo?.versioningInfo ?? {};
    const version = deploymentVersion?.buildId;
    if (!version || living.has(version) || versioningOverride?.autoUpgrade) continue;
    await client.workflowService.updateWorkflowExecutionOptions({
      namespace,
      workflowExecution: { workflowId, runId },
      workflowExecutionOptions: { versioningOverride: { autoUpgrade: true } },
      updateMask: { paths: ['versioning_override'] },
    });
    say('no worker of its version lives: it goes on with this one', { workflow: workflowId, version });
    moved.push(workflowId);
  }
  return moved;
}

async function livingVersions({ client, run, isLiving = isLivingPoller }: Routed): Promise<string[]> {
  const { namespace } = client.options;
  const here = await thisHost();
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueueFor(run) },
    taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  return pollers
    .filter((poller) => isLiving(poller, here))
    .flatMap(({ deploymentOptions }) => deploymentOptions?.buildId ?? []);
}

/** Whether a worker polled of late, and has not ended on this host since. */
export function isLivingPoller(
  { identity, lastAccessTime }: PollerInfo,
  here: HostIdentity,
  nowMs = Date.now(),
): boolean {
  if (hasEndedHere(identity ?? '', here)) return false;
  return nowMs - 1000 * Number(lastAccessTime?.seconds ?? 0) < POLLS_EVERY_MS;
}

function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}
