/** An engine that is reset to before its start is given again what it was given then: that counts once. */
import { randomUUID } from 'node:crypto';
import { temporal } from '@temporalio/proto';
import { expect, it } from 'vitest';
import { setLimitsUpdate } from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

const { RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, RESET_REAPPLY_EXCLUDE_TYPE_UPDATE } =
  temporal.api.enums.v1.ResetReapplyExcludeType;

it('keeps the limits that were set since, and a new engine takes those that it is given', async () => {
  const fake = new FakeRun();
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const given = [{ request: 'g1', do: 'set_limits' as const, message: { max_concurrency: 1 } }];
  const begin = async (patience: number) =>
    await client.workflow.start('engineWorkflow', {
      workflowId,
      taskQueue,
      args: [{ run, given, limits: { patience, max_iterations: 20 } }],
    });
  const started = () => fake.events.filter(({ type }) => type === 'run_started');
  const handle = await begin(5);
  await fake.until((each) => each.statusOf('000_baseline') === 'running');
  expect(fake.state.limits).toMatchObject({ patience: 5, maxConcurrency: 1 });
  await handle.executeUpdate(setLimitsUpdate, { args: [{ patience: 9, max_concurrency: 2 }] });
  await fake.until(({ state }) => state.limits.patience === 9);

  const { events } = await handle.fetchHistory();
  const first = (events ?? []).find((event) => event.workflowTaskCompletedEventAttributes);
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    reason: 'by hand',
    requestId: randomUUID(),
    workflowTaskFinishEventId: first?.eventId ?? null,
    resetReapplyExcludeTypes: [RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, RESET_REAPPLY_EXCLUDE_TYPE_UPDATE],
  });
  await fake.until(() => started().length === 2);
  expect(fake.state.limits).toMatchObject({ patience: 9, maxIterations: 20, maxConcurrency: 2 });

  await client.workflow.getHandle(workflowId).terminate('another engine begins');
  await begin(6);
  await fake.until(() => started().length === 3);
  expect(fake.state.limits).toMatchObject({ patience: 6, maxIterations: 20, maxConcurrency: 1 });
  await client.workflow.getHandle(workflowId).terminate('the test is over');
});
