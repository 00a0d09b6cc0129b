/** Experiments of a person that are asked for at one moment: each is queued once, with its own specification. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import * as messages from '../../domain/protocol/messages.js';
import type { SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { MOST_PENDING } from '../../domain/run/limits.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

interface Case {
  says: string;
  sent: { request?: string; experiment: { name: string } }[];
  queued: string[];
}

const CASES: readonly Case[] = [
  {
    says: 'two without a request id are two',
    sent: [{ experiment: { name: 'one' } }, { experiment: { name: 'two' } }],
    queued: ['one', 'two'],
  },
  {
    says: 'the same request sent twice is one',
    sent: [
      { request: 'r', experiment: { name: 'one' } },
      { request: 'r', experiment: { name: 'one' } },
    ],
    queued: ['one'],
  },
  {
    says: 'one that is refused keeps no other back',
    sent: [{ experiment: { name: 'refused' } }, { experiment: { name: 'two' } }],
    queued: ['two'],
  },
];

it.each(CASES)('$says, in one workflow task', async ({ sent, queued }) => {
  const fake = new FakeRun({});
  const specs = new Map<string, string>();
  await using worker = await startTestWorker({
    activities: {
      ...fake.activities,
      acceptExperiment: async (input) => {
        const spec = JSON.stringify(input.experiment);
        if ((specs.get(input.request) ?? spec) !== spec) return { accepted: false, reason: 'was made before' };
        specs.set(input.request, spec);
        return await fake.activities.acceptExperiment(input);
      },
    },
  });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const args = [{ run, limits: { max_concurrency: 1 } }];
  const workflowId = engineWorkflowId(run);
  const handle = await client.workflow.start('engineWorkflow', { workflowId, taskQueue, args });
  await fake.until((each) => each.statusOf('000_baseline') === 'running');
  await worker.stop();
  for (const message of sent) await handle.signal(messages.addSignal, message);
  // Heard after all of them.
  await handle.signal(messages.addSignal, { request: 'last', experiment: { name: 'last' } });
  await worker.restart();
  const own = () => Object.values(fake.state.experiments).filter(({ kind }) => kind === 'user');
  await fake.until(() => own().some(({ name }) => name === 'last'));
  expect(own().map(({ name }) => name)).toEqual([...queued, 'last']);
  const requests = own().map(({ origin }) => (origin.from === 'user' ? origin.request : ''));
  expect(new Set(requests).size).toBe(requests.length);
});

it.each<[string, SetLimitsMessage, boolean]>([
  ['raised limits: plans again', { patience: 9 }, true],
  ['nothing: ends again', {}, false],
])('a run whose planner had stopped, started again with %s', async (_, limits, plans) => {
  const fake = new FakeRun({ autoEnd: true, plans: [['a']] });
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const begin = async (given: SetLimitsMessage) =>
    await client.workflow.execute('engineWorkflow', { workflowId, taskQueue, args: [{ run, limits: given }] });
  expect(await begin({})).toMatchObject({ reason: 'planner_stopped' });
  const before = fake.calls.filter((call) => call === 'plan').length;
  expect(await begin(limits)).toMatchObject({ reason: 'planner_stopped' });
  expect(fake.calls.filter((call) => call === 'plan').length > before).toBe(plans);
});

it('refuses a note that has no room, and takes it when a plan took the others', async () => {
  const fake = new FakeRun({ plans: [['a']] });
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const args = [{ run, limits: { max_concurrency: 1 } }];
  const handle = await client.workflow.start('engineWorkflow', { workflowId, taskQueue, args });
  await fake.until((each) => each.statusOf('000_baseline') === 'running');
  for (let index = 0; index < MOST_PENDING.notes; index += 1)
    await handle.signal(messages.noteSignal, { text: `note ${index}` });
  await fake.until((each) => each.state.notes.length === MOST_PENDING.notes);
  await handle.signal(messages.noteSignal, { text: 'one more' });
  const note = () => handle.executeUpdate(messages.noteUpdate, { args: [{ text: 'one more' }] });
  expect(await note()).toEqual({ accepted: false, message: expect.stringMatching(/^50 notes wait for the next plan/) });
  for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) fake.endJob(nodeId);
  await fake.until((each) => each.statusOf('002_a') === 'running');
  expect(await note()).toMatchObject({ accepted: true });
  fake.endJob('002_a');
  await handle.result();
  expect(fake.events.filter(({ type }) => type === 'note_added')).toHaveLength(MOST_PENDING.notes + 1);
});

it('takes a note that comes again for the same one, in the run that continues the one that had it, too', async () => {
  const fake = new FakeRun({});
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [{ run, limits: { max_concurrency: 1 }, tuning: { eventsPerRun: 1 } }],
  });
  await fake.until((each) => each.statusOf('000_baseline') === 'running');
  const open = client.workflow.getHandle(handle.workflowId);
  const send = () =>
    open.startUpdate(messages.noteUpdate, {
      args: [{ text: 'try threads', request: 'r1' }],
      updateId: 'note-r1',
      waitForStage: 'ACCEPTED',
    });
  const first = await send();
  expect(await first.result()).toMatchObject({ accepted: true });
  while ((await open.describe()).runId === first.workflowRunId) await sleep(20);
  expect(await (await send()).result()).toMatchObject({ accepted: true });
  expect(fake.events.filter(({ type }) => type === 'note_added')).toHaveLength(1);
  await open.terminate('the test is over');
});
