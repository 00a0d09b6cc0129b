/** Jobs in the queue of a cluster lend their slots, and no more than as many as may run are there at a time. */
import { expect, it } from 'vitest';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

it('submits beside jobs that wait, and only so many', async () => {
  const pending = ['002_a', '003_b'];
  const fake = new FakeRun({ plans: [['a', 'b', 'c']], pending });
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const args = [{ run, limits: { max_concurrency: 1, max_iterations: 1 }, tuning: { prepareAhead: 2 } }];
  const handle = await client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args });
  for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) fake.endJob(nodeId);
  // Of one slot: the first waits in the queue, and the second one is submitted all the same.
  await fake.until(({ launched }) => launched.includes('003_b'));
  await fake.until(({ events }) => events.filter(({ type }) => type === 'job_pending').length === 2);
  await fake.until((each) => each.statusOf('004_c') === 'ready');
  fake.beginJob('002_a');
  await fake.until((each) => each.statusOf('002_a') === 'running');
  expect(fake.launched).not.toContain('004_c');
  fake.endJob('002_a');
  await fake.until(({ launched }) => launched.includes('004_c'));
  fake.beginJob('003_b');
  for (const nodeId of ['003_b', '004_c']) fake.endJob(nodeId);
  await handle.result();
  expect(fake.events.filter(({ type }) => type === 'job_pending')).toHaveLength(2);
  expect(fake.state.tally).toMatchObject({ completed: 6 });
});
