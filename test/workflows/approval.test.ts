/** Proposals that wait for a person: what is approved runs, what is refused does not, and silence decides at last. */
import { expect, it } from 'vitest';
import * as messages from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

it.each(['plans', 'edits'] as const)(
  '%s: one is approved, one refused, and the next plan is told why',
  async (stage) => {
    const fake = new FakeRun({ autoEnd: true, plans: [['a', 'b'], ['c']] });
    await using worker = await startTestWorker({ activities: fake.activities });
    const { client, run, taskQueue } = worker;
    fake.serve(run, client);
    const workflowId = engineWorkflowId(run);
    const args = [{ run, approval: { approve: stage } }];
    const handle = await client.workflow.start('engineWorkflow', { workflowId, taskQueue, args });
    const asked = () => Object.values(fake.state.experiments).filter((row) => row.asked && !row.asked.approved);
    await fake.until(() => asked().length === 2);
    const [first, second] = asked().map(({ nodeId }) => nodeId) as [string, string];
    // It holds the same slots, and the same run, when its history begins anew.
    await worker.restart();
    const update = { args: [{ node_id: first }] as [{ node_id: string }] };
    expect(await handle.executeUpdate(messages.approveUpdate, update)).toMatchObject({
      accepted: true,
      node_id: first,
    });
    await expect(handle.executeUpdate(messages.approveUpdate, update)).rejects.toThrow();
    const no = { node_id: second, reason: 'it changes what is trained' };
    expect(await handle.executeUpdate(messages.refuseUpdate, { args: [no] })).toMatchObject({ accepted: true });
    await fake.until(() => asked().some(({ name }) => name === 'c'));
    await handle.executeUpdate(messages.setApprovalUpdate, { args: [{ approve: 'none' }] });
    expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
    expect(fake.statusOf(first)).toBe('completed');
    expect(fake.statusOf(second)).toBe('cancelled');
    expect(fake.state.experiments[second]?.state).toMatchObject({
      failure: { message: expect.stringContaining('it changes what is trained') },
    });
    expect(fake.events.filter((event) => event.type === 'job_launched' && event.nodeId === second)).toEqual([]);
    const told = fake.events.flatMap((event) => (event.type === 'note_added' ? event.text : []));
    expect(told).toEqual([expect.stringContaining('(b): it changes what is trained')]);
  },
);

it.each([
  ['run', 'completed'],
  ['drop', 'cancelled'],
] as const)('silence: %s', async (silence, status) => {
  const fake = new FakeRun({ autoEnd: true, plans: [['a', 'b']] });
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const approval = { approve: 'edits', wait_minutes: 0.002, silence } as const;
  const workflowId = engineWorkflowId(run);
  const end = await client.workflow.execute('engineWorkflow', { workflowId, taskQueue, args: [{ run, approval }] });
  expect(end).toMatchObject({ reason: 'planner_stopped' });
  const proposals = Object.values(fake.state.experiments).filter(({ origin }) => origin.from === 'plan');
  expect(proposals.map(({ state }) => state.status)).toEqual([status, status]);
});
