/** A run that has stopped takes what was given while nobody served it, and goes on. */
import { expect, it } from 'vitest';
import { engineWorkflowId } from '../../domain/naming.js';
import type { GivenMessage } from '../../domain/steering.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

const GIVEN: readonly GivenMessage[] = [
  { request: 'n1', do: 'note', message: { text: 'look at the decoder' } },
  { request: 'l1', do: 'set_limits', message: { max_concurrency: 1, patience: 7 } },
  { request: 'a1', do: 'add', message: { experiment: { name: 'own' } } },
  // As a damaged file of the workdir might say.
  { request: 'x1', do: 'note', message: { text: '' } },
];

it('does what was given to a run whose planner had stopped, once, and records which requests those were', async () => {
  const fake = new FakeRun({ autoEnd: true, plans: [['a']] });
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const begin = async (given: readonly GivenMessage[]) =>
    await client.workflow.execute('engineWorkflow', { workflowId, taskQueue, args: [{ run, given }] });
  expect(await begin([])).toMatchObject({ reason: 'planner_stopped' });
  const plans = () => fake.calls.filter((call) => call === 'plan').length;
  const before = plans();
  await begin(GIVEN);
  const own = () => Object.values(fake.state.experiments).filter(({ kind }) => kind === 'user');
  expect(own()).toMatchObject([{ name: 'own', origin: { request: 'a1' }, state: { status: 'completed' } }]);
  expect(fake.state.limits).toMatchObject({ maxConcurrency: 1, patience: 7 });
  expect(plans()).toBeGreaterThan(before);
  expect(fake.events.filter(({ type }) => type === 'run_started').at(-1)).toMatchObject({ anew: true, taken: ['l1'] });
  expect(fake.events.filter(({ type }) => type === 'note_added')).toMatchObject([{ request: 'n1' }]);
  // The client may have died before it took them out of the box.
  await begin(GIVEN.filter((each) => each.do === 'add'));
  expect(own()).toHaveLength(1);
});
