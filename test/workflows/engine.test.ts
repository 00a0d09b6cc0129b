import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineInput, EngineResult, Tuning } from '../../domain/protocol/messages.js';
import * as messages from '../../domain/protocol/messages.js';
import type { SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { type FakeOptions, FakeRun, STARTED_AT_MS } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

type Handle = WorkflowHandleWithFirstExecutionRunId<(input: EngineInput) => Promise<EngineResult>>;

let worker: TestWorker | null = null;

afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

async function startEngine(
  options: FakeOptions,
  limits: SetLimitsMessage = {},
  tuning: Partial<Tuning> = {},
): Promise<{ fake: FakeRun; handle: Handle; worker: TestWorker }> {
  const fake = new FakeRun(options);
  worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const input: EngineInput = { run, limits, tuning: { chartIntervalMs: 50, ...tuning } };
  const handle = (await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [input],
  })) as Handle;
  return { fake, handle, worker };
}

const count = (fake: FakeRun, call: string) => fake.calls.filter((name) => name === call).length;

describe('a whole run', () => {
  it('runs the seeds, plans, runs what was planned once each, and stops by its own rule', async () => {
    const { fake, handle } = await startEngine({
      autoEnd: true,
      plans: [['a', 'b'], ['c']],
      throughput: (nodeId) => (nodeId === '003_b' ? 300 : 100),
    });
    const result = await handle.result();
    expect(result).toMatchObject({ reason: 'planner_stopped', best: '003_b' });
    expect(fake.launched.sort()).toEqual(['000_baseline', '000_headspace', '001_mtp', '002_a', '003_b', '004_c']);
    for (const nodeId of fake.launched) {
      expect(count(fake, `applyPatch ${nodeId}`)).toBe(1);
      expect(count(fake, `analyze ${nodeId}`)).toBe(1);
    }
    expect(fake.state).toMatchObject({ status: 'stopped', stop: { reason: 'planner_stopped' } });
    expect(fake.events.map((event) => event.seq)).toEqual(fake.events.map((_, index) => index + 1));
    expect(fake.calls.slice(-2)).toEqual(['drawCharts', 'report']);
  });

  it('ends with the reason when its log is refused, and goes on when it is started again', async () => {
    const message = 'the event log belongs to another engine';
    const fake = new FakeRun({ autoEnd: true, plans: [['a']] });
    let isRefusing = true;
    const { exportWorkdir } = fake.activities;
    worker = await startTestWorker({
      activities: {
        ...fake.activities,
        async exportWorkdir(input) {
          if (isRefusing && input.events.some(({ seq }) => seq > 2)) {
            throw ApplicationFailure.nonRetryable(message, 'policy_refused');
          }
          return await exportWorkdir(input);
        },
      },
    });
    const { client, run, taskQueue } = worker;
    fake.serve(run, client);
    const start = () =>
      client.workflow.execute('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args: [{ run }] });
    await expect(start()).rejects.toMatchObject({ cause: { message } });
    isRefusing = false;
    expect(await start()).toMatchObject({ reason: 'planner_stopped' });
  });

  it('holds the limit of jobs, and prepares ahead while they run', async () => {
    const { fake, handle } = await startEngine({ plans: [['a', 'b', 'c']] }, { max_concurrency: 1, max_iterations: 1 });
    await fake.until((run) => run.launched.length === 1);
    await fake.until((run) => run.statusOf('000_headspace') === 'ready');
    expect(fake.launched).toEqual(['000_baseline']);
    for (const [index, nodeId] of ['000_baseline', '000_headspace', '001_mtp', '002_a', '003_b', '004_c'].entries()) {
      await fake.until((run) => run.launched.length === index + 1);
      fake.endJob(nodeId);
    }
    expect(await handle.result()).toMatchObject({ reason: 'max_iterations' });
    expect(fake.mostJobs).toBe(1);
  });

  it('leaves it to its exports to tell experiments of their slots, where they do', async () => {
    const fake = new FakeRun({ autoEnd: true, plans: [['a', 'b']] });
    const { exportWorkdir } = fake.activities;
    const told: string[] = [];
    worker = await startTestWorker({
      activities: {
        ...fake.activities,
        async exportWorkdir(input) {
          const answer = await exportWorkdir(input);
          expect(input.tells).toBe(true);
          const grants = input.events.filter((event) => event.type === 'slot_granted');
          // The engine itself tells the last one.
          const now = grants.filter(({ nodeId }) => nodeId !== '003_b');
          for (const { nodeId, slot } of now) {
            await client.workflow.getHandle(experimentWorkflowId(run, nodeId)).signal('slot_granted', { slot });
            told.push(nodeId);
          }
          return now.length === 0 ? answer : { ...answer, told: now.map(({ nodeId }) => nodeId) };
        },
      },
    });
    const { client, run, taskQueue } = worker;
    fake.serve(run, client);
    const args = [{ run }];
    const handle = await client.workflow.start('engineWorkflow', {
      workflowId: engineWorkflowId(run),
      taskQueue,
      args,
    });
    await handle.result();
    expect(fake.launched.toSorted()).toEqual([...told, '003_b'].toSorted());
    const { events } = await handle.fetchHistory();
    const toldByEngine = (events ?? []).flatMap(({ signalExternalWorkflowExecutionInitiatedEventAttributes: sent }) =>
      sent?.signalName === 'slot_granted' ? [sent.workflowExecution?.workflowId] : [],
    );
    expect(toldByEngine).toEqual([experimentWorkflowId(run, '003_b')]);
  });

  it('goes on after failures, and repairs a startup failure of mtp', async () => {
    const { fake, handle } = await startEngine({
      autoEnd: true,
      failures: { '001_mtp': 'job_startup_failed', '003_a': 'job_runtime_failed' },
      plans: [['a']],
    });
    await handle.result();
    expect(fake.statusOf('001_mtp')).toBe('failed');
    expect(fake.statusOf('002_mtp_startup_retry_1')).toBe('completed');
    expect(fake.statusOf('003_a')).toBe('failed');
    for (const { state } of Object.values(fake.state.experiments))
      expect(state, 'its wait is no part of its time').toMatchObject({ launchedAtMs: STARTED_AT_MS, durationS: 1 });
    expect(fake.state.tally.failedByKind).toEqual({ job_startup_failed: 1, job_runtime_failed: 1 });
  });

  it('continues as new with running children and loses none', async () => {
    const {
      fake,
      handle,
      worker: w,
    } = await startEngine(
      {
        plans: [
          ['a', 'b'],
          ['c', 'd'],
        ],
      },
      { max_concurrency: 2, max_iterations: 2 },
      // A drawing that waits for its time does not keep it.
      { eventsPerRun: 7, chartIntervalMs: 3_600_000 },
    );
    const ended = new Set<string>();
    for (let index = 0; index < 7; index += 1) {
      await fake.until((run) => run.launched.some((nodeId) => !ended.has(nodeId)));
      const nodeId = fake.launched.find((id) => !ended.has(id))!;
      ended.add(nodeId);
      fake.endJob(nodeId);
    }
    expect(await handle.result()).toMatchObject({ reason: 'max_iterations' });
    expect(fake.state.tally).toMatchObject({ completed: 7, failed: 0 });
    const first = handle.firstExecutionRunId;
    const last = (await w.client.workflow.getHandle(handle.workflowId).describe()).runId;
    expect(last).not.toBe(first);
    for (const nodeId of fake.launched) expect(count(fake, `launchJob ${nodeId}`)).toBe(1);
  });

  it('notices an experiment whose workflow somebody terminated', async () => {
    const { fake, worker: w } = await startEngine({});
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    await w.client.workflow.getHandle(experimentWorkflowId(w.run, '000_baseline')).terminate('by hand');
    await fake.until((run) => run.statusOf('000_baseline') === 'failed');
    expect(fake.state.experiments['000_baseline']?.state).toMatchObject({ failure: { kind: 'unexpected_exception' } });
  });
});

describe('limits', () => {
  it('ends what runs beside a baseline that fails, once, and names that failure', async () => {
    const { fake, handle } = await startEngine(
      { needsBaseline: true, failures: { '000_baseline': 'job_failed' } },
      { max_concurrency: 3 },
    );
    const seeds = ['000_baseline', '000_headspace', '001_mtp'];
    await fake.until((run) => seeds.every((nodeId) => run.statusOf(nodeId) === 'running'));
    fake.endJob('000_baseline');
    const { reason, detail } = await handle.result();
    expect({ reason, detail }).toMatchObject({
      reason: 'baseline_failed',
      detail: expect.stringMatching(/^the baseline failed \(job_failed\): it broke\. /),
    });
    expect(fake.cancelled.sort()).toEqual(['000_headspace', '001_mtp']);
    for (const nodeId of ['000_headspace', '001_mtp'])
      expect(fake.state.experiments[nodeId]?.state).toMatchObject({
        status: 'cancelled',
        failure: { kind: 'cancelled', message: 'there is no baseline to compare it with' },
      });
    expect(fake.state.tally).toMatchObject({ failed: 1, cancelled: 2 });
    expect(fake.events.filter(({ type }) => type === 'limit_reached')).toHaveLength(1);
    expect(fake.calls).not.toContain('plan');
  });

  it('ends after a baseline that was cancelled, and names no best', async () => {
    const { fake, handle } = await startEngine(
      { needsBaseline: true, needsMeasuredBaseline: true },
      { max_concurrency: 3 },
    );
    const seeds = ['000_baseline', '000_headspace', '001_mtp'];
    await fake.until((run) => seeds.every((nodeId) => run.statusOf(nodeId) === 'running'));
    fake.endJob('001_mtp');
    await fake.until((run) => run.state.best === '001_mtp');
    const receipt = await handle.executeUpdate(messages.cancelUpdate, { args: [{ node_id: '000_baseline' }] });
    expect(receipt.message).toContain('the run ends, as nothing can be compared without it');
    expect(await handle.result()).toMatchObject({
      reason: 'baseline_failed',
      detail: expect.stringMatching(/^the baseline was not measured: cancelled by a person\. /),
      best: null,
    });
    expect(fake.cancelled.sort()).toEqual(['000_baseline', '000_headspace']);
    expect(fake.calls).not.toContain('plan');
  });

  it('never spends more than its budget by more than one reservation, and says so', async () => {
    const plans = Array.from({ length: 9 }, (_, round) => ['a', 'b', 'c'].map((name) => `${name}${round}`));
    const { fake, handle } = await startEngine(
      { autoEnd: true, usdPerCall: 0.1, plans },
      { budget_usd: 1, max_concurrency: 3 },
    );
    expect(await handle.result()).toMatchObject({ reason: 'budget_usd' });
    const spent = fake.paid.size * 0.1;
    expect(spent).toBeLessThanOrEqual(1.0001);
    expect(spent).toBeGreaterThan(0.6);
    expect(fake.state.ledger.spent.usd).toBeCloseTo(spent, 6);
    expect(fake.state.ledger.reserved).toEqual({});
  });

  it('starts no more experiments than allowed', async () => {
    const { fake, handle } = await startEngine({ autoEnd: true, plans: [['a', 'b', 'c']] }, { max_experiments: 5 });
    expect(await handle.result()).toMatchObject({ reason: 'max_experiments' });
    expect(fake.launched).toHaveLength(5);
    expect(fake.state.open).toHaveLength(1);
  });

  it('starts no more jobs than allowed, and more once more are', async () => {
    const { fake, handle } = await startEngine({ plans: [['a', 'b', 'c']] }, { max_jobs: 2, max_concurrency: 2 });
    await fake.until(() => fake.launched.length === 2);
    await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_jobs: 3 }] });
    for (const nodeId of ['000_baseline', '000_headspace']) fake.endJob(nodeId);
    await fake.until(() => fake.launched.length === 3);
    fake.endJob('001_mtp');
    expect(await handle.result()).toMatchObject({ reason: 'max_jobs' });
    expect(fake.launched).toHaveLength(3);
  });

  it('ends when its time is up, and lets what runs finish', async () => {
    const { fake, handle } = await startEngine({}, { max_concurrency: 1 });
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    // Shortened while nothing else happens: an alarm for the first time is of no use.
    for (const max_hours of [5, 2e-4]) await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_hours }] });
    await fake.until((run) => run.state.stop?.reason === 'wall_clock');
    fake.endJob('000_baseline');
    expect(await handle.result()).toMatchObject({ reason: 'wall_clock' });
    expect(fake.launched).toEqual(['000_baseline']);
  });

  it('goes on when the limit is raised in time', async () => {
    const { fake, handle } = await startEngine({ plans: [] }, { budget_job_hours: 0.0001, max_concurrency: 1 });
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ budget_job_hours: 5 }] });
    for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) fake.endJob(nodeId);
    expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
    expect(fake.state.tally.completed).toBe(3);
  });
});

describe('steering', () => {
  const blocked = { plans: [['a', 'b', 'c']] };
  /** Seeds done, `a` runs in the only slot, `b` and `c` wait. */
  async function withQueue(): Promise<{ fake: FakeRun; handle: Handle; worker: TestWorker }> {
    const started = await startEngine(blocked, { max_concurrency: 1, max_iterations: 1 }, { prepareAhead: 1 });
    for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) started.fake.endJob(nodeId);
    await started.fake.until((run) => run.statusOf('002_a') === 'running' && run.state.open.length === 3);
    return started;
  }

  it('reprioritizes by signal: the order of launches follows', async () => {
    const { fake, handle } = await withQueue();
    await handle.signal(messages.reprioritizeSignal, { node_id: '004_c', priority: -5 });
    await fake.until((run) => run.state.experiments['004_c']?.priority === -5);
    expect((await handle.query(messages.queueQuery)).map((view) => view.node_id)).toEqual(['004_c', '003_b']);
    await fake.until((run) => run.statusOf('003_b') === 'ready' && run.statusOf('004_c') === 'ready');
    for (const nodeId of ['002_a', '003_b', '004_c']) fake.endJob(nodeId);
    await handle.result();
    expect(fake.launched.slice(3)).toEqual(['002_a', '004_c', '003_b']);
  });

  it('answers updates with receipts that stand in the workdir, and refuses with the reason', async () => {
    const { fake, handle } = await withQueue();
    const receipt = await handle.executeUpdate(messages.reprioritizeUpdate, {
      args: [{ node_id: '004_c', priority: 7 }],
    });
    expect(receipt).toMatchObject({ accepted: true, node_id: '004_c' });
    expect(fake.state.experiments['004_c']?.priority).toBe(7);
    await expect(handle.executeUpdate(messages.removeUpdate, { args: [{ node_id: 'nobody' }] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('there is no such experiment') },
    });
    await expect(handle.executeUpdate(messages.setLimitsUpdate, { args: [{ patience: -1 }] })).rejects.toThrow();
    await handle.executeUpdate(messages.noteUpdate, { args: [{ text: 'mind the cache' }] });
    expect(fake.state.notes).toEqual(['mind the cache']);
    await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_concurrency: 2 }] });
    await fake.until((run) => run.launched.length === 5);
    expect((await handle.query(messages.statusQuery)).limits.max_concurrency).toBe(2);
  });

  it('begins no job while as many run as a lowered limit allows', async () => {
    const { fake, handle } = await startEngine(blocked, { max_concurrency: 2, max_iterations: 1 });
    for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) fake.endJob(nodeId);
    await fake.until((run) => run.statusOf('003_b') === 'running' && run.statusOf('004_c') === 'ready');
    await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_concurrency: 1 }] });
    fake.endJob('002_a');
    await fake.until((run) => run.statusOf('002_a') === 'completed');
    await handle.executeUpdate(messages.noteUpdate, { args: [{ text: 'what was due is done by now' }] });
    expect(fake.launched).not.toContain('004_c');
    for (const nodeId of ['003_b', '004_c']) fake.endJob(nodeId);
    await handle.result();
    expect(fake.launched.slice(3).sort()).toEqual(['002_a', '003_b', '004_c']);
    // In the order of their slots: of two that got theirs together, either may launch its job first.
    const granted = fake.events.flatMap((event) => (event.type === 'slot_granted' ? event.nodeId : []));
    expect(granted.slice(3)).toEqual(['002_a', '003_b', '004_c']);
    expect(fake.launched.at(-1)).toBe('004_c');
  });

  it('removes a queued experiment and adds one', async () => {
    const { fake, handle } = await withQueue();
    const removal = await handle.executeUpdate(messages.removeUpdate, { args: [{ node_id: '004_c' }] });
    expect(removal).toMatchObject({ accepted: true, message: 'removed from the queue' });
    expect(fake.statusOf('004_c')).toBeUndefined();
    expect(fake.events).toContainEqual(
      expect.objectContaining({ type: 'experiment_removed', nodeId: '004_c', byPerson: true }),
    );
    const receipt = await handle.executeUpdate(messages.addUpdate, {
      args: [{ request: 'r1', experiment: { name: 'mine' } }],
    });
    expect(receipt).toMatchObject({ accepted: true, node_id: '005_mine' });
    const again = await handle.executeUpdate(messages.addUpdate, {
      args: [{ request: 'r1', experiment: { name: 'mine' } }],
    });
    expect(again.node_id).toBe('005_mine');
    const refused = await handle.executeUpdate(messages.addUpdate, { args: [{ experiment: { name: 'refused' } }] });
    expect(refused).toEqual({ accepted: false, message: 'it breaks a rule' });
    for (const nodeId of ['002_a', '003_b', '005_mine']) fake.endJob(nodeId);
    await handle.result();
    expect(fake.launched.slice(3).sort()).toEqual(['002_a', '003_b', '005_mine']);
  });

  it('cancels a running job: killed, recorded as cancelled, and its slot is free', async () => {
    const { fake, handle } = await withQueue();
    await handle.executeUpdate(messages.cancelUpdate, { args: [{ node_id: '002_a' }] });
    await fake.until((run) => run.statusOf('002_a') === 'cancelled' && run.launched.length === 5);
    expect(fake.cancelled).toEqual(['002_a']);
    expect(fake.state.tally).toMatchObject({ cancelled: 1, failed: 0 });
    expect(fake.state.experiments['002_a']?.state).toMatchObject({ launchedAtMs: STARTED_AT_MS });
  });

  it('pauses: running jobs go on, nothing starts until it is resumed', async () => {
    const { fake, handle } = await withQueue();
    await handle.executeUpdate(messages.pauseUpdate);
    fake.endJob('002_a');
    await fake.until((run) => run.statusOf('002_a') === 'completed');
    expect(fake.launched).toHaveLength(4);
    await handle.executeUpdate(messages.resumeUpdate);
    await fake.until((run) => run.launched.length === 5);
  });

  it('interrupts and resumes', async () => {
    const { fake, handle } = await withQueue();
    await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'interrupt' }] });
    expect(fake.state.status).toBe('interrupted');
    expect(fake.statusOf('002_a')).toBe('running');
    await handle.executeUpdate(messages.resumeUpdate);
    for (const nodeId of ['002_a', '003_b', '004_c']) fake.endJob(nodeId);
    expect(await handle.result()).toMatchObject({ reason: 'max_iterations' });
    expect(fake.cancelled).toEqual([]);
  });

  it('drains: running jobs finish, the queue is kept, and another engine goes on with it', async () => {
    const { fake, handle, worker: w } = await withQueue();
    await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'drain' }] });
    fake.endJob('002_a');
    expect(await handle.result()).toMatchObject({ reason: 'user' });
    expect(fake.statusOf('002_a')).toBe('completed');
    expect([fake.statusOf('003_b'), fake.statusOf('004_c')]).toEqual(['queued', 'queued']);
    for (const nodeId of ['003_b', '004_c']) fake.endJob(nodeId);
    const args: [EngineInput] = [{ run: w.run, tuning: { chartIntervalMs: 50 } }];
    const { workflowId } = handle;
    const again = (await w.client.workflow.start('engineWorkflow', {
      workflowId,
      taskQueue: w.taskQueue,
      args,
    })) as Handle;
    expect(await again.result()).toMatchObject({ reason: 'max_iterations' });
    expect(fake.state.tally).toMatchObject({ completed: 6, failed: 0, cancelled: 0 });
    for (const nodeId of fake.launched) expect(count(fake, `launchJob ${nodeId}`)).toBe(1);
  });

  it('stops while experiments are only being started', async () => {
    const { fake, handle } = await startEngine({}, { max_concurrency: 1 });
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'cancel_jobs' }] });
    expect(await handle.result()).toMatchObject({ reason: 'user' });
    expect(fake.launched).toEqual(['000_baseline']);
    expect(fake.statusOf('001_mtp')).toBe('queued');
  });

  it('stops with its jobs', async () => {
    const { fake, handle } = await withQueue();
    await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'cancel_jobs' }] });
    expect(await handle.result()).toMatchObject({ reason: 'user' });
    expect(fake.statusOf('002_a')).toBe('cancelled');
    expect(fake.statusOf('004_c')).toBe('queued');
  });
});
