/** Two versions of the program side by side on a server that tells them apart: nobody changes its code under way. */
import type { Client } from '@temporalio/client';
import { afterEach, expect, it } from 'vitest';
import type { EngineInput } from '../../domain/protocol/messages.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { adoptLeftExecutions, makeCurrent, type Routed, routeTasks } from '../../worker/version-routing.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

const workers: TestWorker[] = [];

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

/** As a worker on a cluster does when it starts. */
function routed({ client, run }: TestWorker, buildId: string): Routed {
  return { client, run, buildId, say: () => undefined };
}

const never = new AbortController().signal;

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
  await makeCurrent(routed(one, 'one'), never);
  const args: [EngineInput] = [{ run, limits: { max_concurrency: 3 }, tuning: { chartIntervalMs: 50 } }];
  const engine = await client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args });
  await fake.until((now) => now.launched.length === 3);
  expect(await versionOf(client, engineWorkflowId(run))).toBe('one');

  workers.push(await startTestWorker({ run, activities: fake.activities, versioning: { buildId: 'two' } }));
  await makeCurrent(routed(one, 'two'), never);
  expect(await adoptLeftExecutions(routed(one, 'two')), 'all are served').toEqual([]);
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

it('goes on with the new version where no worker of the old one lives', async () => {
  const fake = new FakeRun();
  const one = await startTestWorker({ activities: fake.activities, versioning: { buildId: 'one' } });
  workers.push(one);
  const { client, run, taskQueue } = one;
  fake.serve(run, client);
  await makeCurrent(routed(one, 'one'), never);
  const args: [EngineInput] = [{ run, limits: { max_concurrency: 3 }, tuning: { chartIntervalMs: 50 } }];
  const engine = await client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args });
  await fake.until((now) => now.launched.length === 3);
  await one.stop();

  const two = await startTestWorker({ run, activities: fake.activities, versioning: { buildId: 'two' } });
  workers.push(two);
  await using _ = routeTasks({ ...routed(two, 'two'), lookMs: 200, isLiving: isOf('two') });
  for (const nodeId of fake.launched) fake.endJob(nodeId);
  expect(await engine.result()).toMatchObject({ reason: 'planner_stopped' });
  for (const nodeId of fake.launched)
    expect(await versionOf(client, experimentWorkflowId(run, nodeId)), nodeId).toBe('two');
});

it('goes on without versions where they are turned off after a run had them', async () => {
  const fake = new FakeRun();
  const one = await startTestWorker({ activities: fake.activities, versioning: { buildId: 'one' } });
  workers.push(one);
  const { client, run, taskQueue } = one;
  fake.serve(run, client);
  await makeCurrent(routed(one, 'one'), never);
  const args: [EngineInput] = [{ run, limits: { max_concurrency: 3 }, tuning: { chartIntervalMs: 50 } }];
  const engine = await client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args });
  await fake.until((now) => now.launched.length === 3);
  await one.stop();

  const bare = await startTestWorker({ run, activities: fake.activities });
  workers.push(bare);
  await using _ = routeTasks({ ...routed(bare, ''), lookMs: 200, isLiving: () => false });
  for (const nodeId of fake.launched) fake.endJob(nodeId);
  expect(await engine.result()).toMatchObject({ reason: 'planner_stopped' });
});

/** Workers of a test share a process, by whose end one sees elsewhere that they are gone. */
const isOf =
  (buildId: string): NonNullable<Routed['isLiving']> =>
  ({ deploymentOptions }) =>
    deploymentOptions?.buildId === buildId;
