/**
 * What is cancelled: the engine's workflow, which is interrupted by it, and experiments, which wait for the end of
 * their work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Activities, NodeRef } from '../../domain/protocol/activities.js';
import * as messages from '../../domain/protocol/messages.js';
import type { SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];

async function begin(limits: SetLimitsMessage, others: (fake: FakeRun) => Partial<Activities> = () => ({})) {
  const fake = new FakeRun({ usdPerCall: 0.1, plans: [['a', 'b']] });
  const worker = await startTestWorker({ activities: { ...fake.activities, ...others(fake) } });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const args = [{ run, limits, tuning: { chartIntervalMs: 50 } }];
  await client.workflow.start('engineWorkflow', { workflowId, taskQueue, args });
  return { fake, worker, handle: client.workflow.getHandle(workflowId) };
}

describe('an engine whose workflow is cancelled', () => {
  it.each<[string, SetLimitsMessage]>([
    ['without a limit of time', {}],
    ['with one', { max_hours: 5 }],
  ])('%s: is interrupted, says so in the workdir, and goes on when it is resumed', async (_, more) => {
    const { fake, worker, handle } = await begin({ max_concurrency: 1, max_iterations: 1, ...more });
    await using _worker = worker;
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    await handle.cancel();
    await fake.until((run) => run.state.status === 'interrupted');
    expect((await handle.query(messages.statusQuery)).status).toBe('interrupted');
    expect(await handle.describe()).toMatchObject({ status: { name: 'RUNNING' } });
    expect(fake.statusOf('000_baseline')).toBe('running');
    await handle.executeUpdate(messages.resumeUpdate);
    for (const nodeId of SEEDS) fake.endJob(nodeId);
    await fake.until((run) => run.statusOf('002_a') === 'running');
    // The workflow had heard its one cancellation: the run that continues it hears the next.
    await handle.cancel();
    await fake.until((run) => run.state.status === 'interrupted');
    await handle.executeUpdate(messages.resumeUpdate);
    for (const nodeId of ['002_a', '003_b']) fake.endJob(nodeId);
    expect(await handle.result()).toMatchObject({ reason: 'max_iterations' });
    expect(fake.cancelled).toEqual([]);
    expect(fake.state.tally).toMatchObject({ completed: 5, failed: 0, cancelled: 0 });
  });

  it('during its set-up: goes on with it when it is resumed', async () => {
    let anchored: () => void = () => undefined;
    const anchor = new Promise<void>((resolve) => {
      anchored = resolve;
    });
    const { fake, worker, handle } = await begin({ max_concurrency: 1, max_iterations: 1 }, (each) => ({
      setup: async (input) => {
        const answer = await each.activities.setup(input);
        await anchor;
        return answer;
      },
    }));
    await using _worker = worker;
    await fake.until((run) => run.calls.includes('setup'));
    await handle.cancel();
    await fake.until((run) => run.state.status === 'interrupted');
    anchored();
    await handle.executeUpdate(messages.resumeUpdate);
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    expect(fake.state.setupFailures).toEqual([]);
  });
});

/** Ends a moment after it heard that it is cancelled, as a build that cleans up does. */
async function untilCleanedUp(): Promise<never> {
  const { cancellationSignal, cancelled, heartbeat } = Context.current();
  while (!cancellationSignal.aborted) {
    heartbeat();
    await sleep(20);
  }
  await sleep(300);
  return await cancelled;
}

describe('an experiment whose work is cancelled', () => {
  it.each<['applyPatch' | 'buildImage' | 'launchJob' | 'analyze']>([
    ['applyPatch'],
    ['buildImage'],
    ['launchJob'],
    ['analyze'],
  ])('%s: is followed only when it has ended', async (name) => {
    const order: string[] = [];
    const { fake, worker, handle } = await begin({ max_concurrency: 1 }, (each) => ({
      [name]: async (input: Partial<NodeRef> & { experiment?: NodeRef }) => {
        // Others are prepared beside it, and may begin first.
        if ((input.nodeId ?? input.experiment?.nodeId) === '000_baseline') order.push('begins');
        await untilCleanedUp().finally(() => order.push('ended'));
      },
      cancelJob: async (input: NodeRef) => {
        order.push('its job is looked for');
        await each.activities.cancelJob(input);
      },
      releaseTree: async () => {
        order.push('its tree is removed');
      },
    }));
    await using _worker = worker;
    fake.endJob('000_baseline');
    while (!order.includes('begins')) await sleep(20);
    await handle.executeUpdate(messages.cancelUpdate, { args: [{ node_id: '000_baseline' }] });
    await fake.until((run) => run.statusOf('000_baseline') === 'cancelled');
    const after = name === 'launchJob' ? ['its job is looked for'] : [];
    const first = order.slice(order.indexOf('ended'), order.indexOf('ended') + 2 + after.length);
    expect(first).toEqual(['ended', ...after, 'its tree is removed']);
    expect(order.filter((each) => each === 'begins').length).toBeGreaterThanOrEqual(1);
  });
});

it('an experiment whose workflow is cancelled is cancelled, whatever its work fails of meanwhile', async () => {
  const { fake, worker } = await begin({ max_concurrency: 1, max_iterations: 1 }, (each) => ({
    applyPatch: async (input) => {
      if (input.experiment.nodeId !== '000_headspace') return await each.activities.applyPatch(input);
      const isAsked = each.activities.applyPatch(input);
      await untilCleanedUp().catch(() => undefined);
      await isAsked;
      // As the attempt of a worker that died: it would be tried again, were its workflow not cancelled.
      throw ApplicationFailure.retryable('its worker died', 'interrupted');
    },
  }));
  await using _worker = worker;
  const { client, run } = worker;
  await fake.until(({ calls }) => calls.includes('applyPatch 000_headspace'));
  await client.workflow.getHandle(experimentWorkflowId(run, '000_headspace')).cancel();
  await fake.until((each) => each.statusOf('000_headspace') === 'cancelled');
  const { state } = fake.state.experiments['000_headspace']!;
  expect(state).toMatchObject({ failure: { kind: 'cancelled', message: 'its workflow was cancelled' } });
});

describe('an experiment that is removed while it is prepared', () => {
  it('costs what was paid for it, and keeps nothing reserved', async () => {
    const { fake, worker, handle } = await begin({ max_concurrency: 1, max_iterations: 1, budget_usd: 9 }, (each) => ({
      buildImage: async (input) =>
        input.nodeId === '001_mtp' ? await untilCleanedUp() : await each.activities.buildImage(input),
    }));
    await using _worker = worker;
    fake.endJob('000_baseline');
    await fake.until((run) => run.calls.includes('applyPatch 001_mtp') && run.statusOf('001_mtp') === 'preparing');
    // Its code is paid for when it is built.
    while (!fake.paid.has('apply 001_mtp')) await sleep(20);
    await handle.executeUpdate(messages.removeUpdate, { args: [{ node_id: '001_mtp' }] });
    await fake.until((run) => run.events.some(({ type }) => type === 'withdrawal_ended'));
    for (const nodeId of ['000_headspace', '002_a', '003_b']) fake.endJob(nodeId);
    await handle.result();
    expect(fake.state.ledger.reserved).toEqual({});
    expect(fake.state.ledger.spent.usd).toBeCloseTo(0.1 * fake.paid.size, 6);
    expect(fake.state.withdrawing).toBeUndefined();
  });
});

it('books what a call has cost that ended with its worker while its experiment was cancelled', async () => {
  const fake = new FakeRun({ autoEnd: true, plans: [] });
  const none = { usd: 0, tokens: 0, unpriced: 0 };
  await using worker = await startTestWorker({
    activities: {
      ...fake.activities,
      applyPatch: async (input) => {
        if (input.experiment.nodeId === '000_headspace') throw ApplicationFailure.nonRetryable('gone', 'interrupted');
        return await fake.activities.applyPatch(input);
      },
      analyze: async (input) => {
        if (input.nodeId === '001_mtp') throw ApplicationFailure.nonRetryable('gone', 'interrupted');
        return await fake.activities.analyze(input);
      },
      releaseTree: async () => ({ paid: { apply: { ...none, usd: 0.25 }, analyze: { ...none, usd: 4, unpriced: 1 } } }),
    },
  });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  await client.workflow.execute('engineWorkflow', { workflowId, taskQueue, args: [{ run }] });
  expect(fake.state.ledger.spent.usd).toBe(4.25);
  expect(fake.state.ledger.unpriced).toBe(1);
});
