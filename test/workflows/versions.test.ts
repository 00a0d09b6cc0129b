/** Two versions of the program side by side on a server that tells them apart: nobody changes its code under way. */
import type { Client } from '@temporalio/client';
import { afterEach, expect, it } from 'vitest';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/naming.js';
import { deploymentNameFor } from '../../worker/deployment.js';
import type { EngineInput } from '../../workflows/messages.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

const workers: TestWorker[] = [];

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

/** As `temporal worker deployment set-current-version` does, once the version's worker is known. */
async function makeCurrent(client: Client, run: string, buildId: string): Promise<void> {
  const request = { namespace: 'default', deploymentName: deploymentNameFor(run), buildId };
  for (;;) {
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion({ ...request, ignoreMissingTaskQueues: true });
      return;
    } catch (error) {
      if (!/not found|no poller|does not exist/i.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function versionOf(client: Client, workflowId: string): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
}

it('lets experiments end with the code that began them, and the engine go on with the new one', async () => {
  const fake = new FakeRun({ plans: [['a']] });
  const one = await startTestWorker({ activities: fake.activities, versioning: { buildId: 'one' } });
  workers.push(one);
  const { client, run, taskQueue } = one;
  fake.serve(run, client);
  await makeCurrent(client, run, 'one');
  const args: [EngineInput] = [{ run, limits: { max_concurrency: 3 }, tuning: { chartIntervalMs: 50 } }];
  const engine = await client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args });
  await fake.until((now) => now.launched.length === 3);
  expect(await versionOf(client, engineWorkflowId(run))).toBe('one');

  workers.push(await startTestWorker({ run, activities: fake.activities, versioning: { buildId: 'two' } }));
  await makeCurrent(client, run, 'two');
  for (const nodeId of ['000_baseline', '000_headspace']) fake.endJob(nodeId);
  await fake.until((now) => now.statusOf('000_headspace') === 'completed');
  fake.endJob('001_mtp');
  await fake.until((now) => now.launched.includes('002_a'));
  for (const nodeId of ['000_baseline', '000_headspace', '001_mtp'])
    expect(await versionOf(client, experimentWorkflowId(run, nodeId)), nodeId).toBe('one');
  expect(await versionOf(client, engineWorkflowId(run))).toBe('two');
  expect(await versionOf(client, experimentWorkflowId(run, '002_a'))).toBe('two');
  fake.endJob('002_a');
  expect(await engine.result()).toMatchObject({ reason: 'planner_stopped' });
  for (const nodeId of fake.launched)
    expect(fake.calls.filter((call) => call === `launchJob ${nodeId}`)).toHaveLength(1);
});
