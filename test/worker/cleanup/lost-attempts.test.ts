/**
 * An activity whose worker was killed is tried again at once, on a real server, with time-outs that nobody waits for.
 */
import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import proto from '@temporalio/proto';
import { expect, it, onTestFinished } from 'vitest';
import { taskQueueFor } from '../../../domain/run/naming.js';
import { failLostAttempts } from '../../../worker/cleanup/lost-attempts.js';
import { openClient, resolveConnection } from '../../../worker/connection.js';
import { temporalWorkdir } from '../../support/temporal-workdir.js';

const RUN = 'lost';
const HOUR = msToTs(3600 * 1000);

/**
 * Plays a worker by hand: starts a workflow that waits for an activity, takes that one, and is never heard of again.
 */
async function workerThatDies(client: Client) {
  const { namespace } = client.options;
  const { workflowService } = client;
  // A poll must say how long it waits.
  const soon = <T>(poll: () => Promise<T>) => client.withDeadline(Date.now() + 30_000, poll);
  const taskQueue = { name: taskQueueFor(RUN) };
  const handle = await client.workflow.start('waits', { workflowId: 'waits', taskQueue: taskQueue.name });
  const { taskToken } = await soon(() =>
    workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity: 'dead' }),
  );
  await workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken,
    commands: [
      {
        commandType: proto.temporal.api.enums.v1.CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
        scheduleActivityTaskCommandAttributes: {
          activityId: '1',
          activityType: { name: 'plan' },
          taskQueue,
          startToCloseTimeout: HOUR,
          heartbeatTimeout: HOUR,
          retryPolicy: { initialInterval: HOUR, backoffCoefficient: 1 },
        },
      },
    ],
  });
  const task = await soon(() => workflowService.pollActivityTaskQueue({ namespace, taskQueue, identity: 'dead' }));
  expect(task.attempt).toBe(1);
  return { handle, nextAttempt: () => soon(() => workflowService.pollActivityTaskQueue({ namespace, taskQueue })) };
}

it('fails what a dead worker was at, so that the next attempt comes at once', async () => {
  const client = await openClient(await resolveConnection(await temporalWorkdir(), {}));
  onTestFinished(() => client.connection.close());
  const { handle, nextAttempt } = await workerThatDies(client);

  while ((await failLostAttempts(client, RUN)) === 0) {
    // The server's list of workflows follows their start after a moment.
  }
  const { attempt } = await nextAttempt();

  expect(attempt).toBe(2);
  const [pending] = (await handle.describe()).raw.pendingActivities ?? [];
  expect(pending?.lastFailure?.message).toBe('its worker is gone (dead)');
  expect(await failLostAttempts(client, 'another')).toBe(0);
});
