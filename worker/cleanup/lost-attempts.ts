/**
 * Attempts of activities that ended with a killed worker. The server would find out by their missing heartbeats, after
 * 15 s; a worker that starts knows at once, for its lock says that it is the only one of the run.
 */
import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { taskQueueFor } from '../../domain/run/naming.js';

const { PendingActivityState } = proto.temporal.api.enums.v1;
/** The server needs a delay above 0; there is nothing to wait for. */
const RETRY_AFTER_MS = 1;

/**
 * Fails them, so that they are tried again at once, and returns how many there were. To be called before the run's own
 * worker polls, and only where no other worker can serve the run: on the workdir's own server, with the engine's lock.
 */
export async function failLostAttempts(client: Client, run: string): Promise<number> {
  const { workflowService } = client;
  const { namespace } = client.options;
  let count = 0;
  const query = `TaskQueue = '${taskQueueFor(run)}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const execution = { workflowId, runId };
    // Its next task goes to whoever polls, not first to the queue of the dead worker that had the workflow in its
    // cache.
    await workflowService.resetStickyTaskQueue({ namespace, execution });
    const { pendingActivities } = await workflowService.describeWorkflowExecution({ namespace, execution });
    for (const { activityId, state, lastWorkerIdentity } of pendingActivities ?? []) {
      const isUnderWay =
        state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED ||
        state === PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
      if (!isUnderWay) continue;
      await workflowService.respondActivityTaskFailedById({
        namespace,
        ...execution,
        activityId: activityId ?? '',
        failure: {
          message: `its worker is gone (${lastWorkerIdentity})`,
          applicationFailureInfo: { type: 'interrupted', nextRetryDelay: msToTs(RETRY_AFTER_MS) },
        },
      });
      count += 1;
    }
  }
  return count;
}
