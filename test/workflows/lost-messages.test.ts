/** Every message between the engine and its experiments, lost at every point and said twice: none hangs a run. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import proto, { type temporal } from '@temporalio/proto';
import { describe, expect, it, vi } from 'vitest';
import type { EngineMailbox } from '../../activities/engine-mail/engine-mailbox.js';
import type { Activities, ExperimentReport } from '../../domain/protocol/activities.js';
import type { EngineInput, Tuning } from '../../domain/protocol/messages.js';
import * as messages from '../../domain/protocol/messages.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { type FakeOptions, FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

const { ResetReapplyExcludeType } = proto.temporal.api.enums.v1;
const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];
/** Nobody looks again within a test that needs no look. */
const NEVER_MS = 3_600_000;
const OFTEN_MS = 150;
const PATIENCE = { timeout: 50_000, interval: 100 };

interface Stage extends AsyncDisposable {
  fake: FakeRun;
  worker: TestWorker;
  /** Of the engine that is open now. */
  handle(): WorkflowHandle;
  start(): Promise<WorkflowHandle>;
  child(nodeId: string): WorkflowHandle;
}

interface Faults {
  options?: FakeOptions;
  tuning?: Partial<Tuning>;
  post?: (mailbox: EngineMailbox) => EngineMailbox;
  activities?: (fake: FakeRun, stage: () => Stage) => Partial<Activities>;
}

async function stageOf({ options = {}, tuning, post, activities }: Faults): Promise<Stage> {
  const fake = new FakeRun(options);
  const worker = await startTestWorker({
    activities: { ...fake.activities, ...activities?.(fake, () => stage) },
  });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client, post);
  let handle: WorkflowHandle;
  const stage: Stage = {
    fake,
    worker,
    handle: () => handle,
    async start() {
      const input: EngineInput = {
        run,
        limits: { max_concurrency: 1 },
        tuning: { chartIntervalMs: 50, lookMs: NEVER_MS, ...tuning },
      };
      handle = await client.workflow.start('engineWorkflow', {
        workflowId: engineWorkflowId(run),
        taskQueue,
        args: [input],
      });
      return handle;
    },
    child: (nodeId) => client.workflow.getHandle(experimentWorkflowId(run, nodeId)),
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
  return stage;
}

/** All measured, each job once, nothing left reserved. */
async function expectWhole({ fake, handle }: Stage): Promise<void> {
  expect(await handle().result()).toMatchObject({ reason: 'planner_stopped' });
  expect(fake.state.tally).toMatchObject({ completed: 3, failed: 0, cancelled: 0 });
  expect(fake.launched.toSorted()).toEqual(SEEDS);
  expect(fake.mostJobs).toBe(1);
  expect(fake.state.ledger.reserved).toEqual({});
}

/** Loses each report of these types once for each experiment. */
function losing(...types: ExperimentReport['type'][]): NonNullable<Faults['post']> {
  const lost = new Set<string>();
  return (mailbox) => ({
    async deliver(report, how) {
      const key = `${report.type} ${report.nodeId}`;
      if (!types.includes(report.type) || lost.has(key)) return await mailbox.deliver(report, how);
      lost.add(key);
      return true;
    },
  });
}

describe('a report that is lost', () => {
  it.each<[ExperimentReport['type'], string]>([
    ['prepared', 'the engine looks at what it waited for, and greets it: it tells its stage again'],
    ['launched', 'the end of the job says that it was launched'],
    ['job_ended', 'the outcome says what ran'],
  ])('%s: %s', async (type) => {
    await using stage = await stageOf({
      options: { autoEnd: true },
      tuning: { lookMs: OFTEN_MS },
      post: losing(type),
    });
    await stage.start();
    await expectWhole(stage);
  });

  it('finished: the look finds how it ended', async () => {
    await using stage = await stageOf({ tuning: { lookMs: OFTEN_MS }, post: losing('finished') });
    const first = await stage.start();
    await stage.fake.until((run) => run.statusOf('000_baseline') === 'running');
    await first.terminate('the engine is killed');
    await stage.start();
    for (const nodeId of SEEDS) stage.fake.endJob(nodeId);
    await expectWhole(stage);
  });
});

/** What an experiment goes through, as its events. */
const PATH = [
  'experiment_preparing',
  'experiment_prepared',
  'slot_granted',
  'job_launched',
  'job_ended',
  'experiment_completed',
] as const satisfies EngineEvent['type'][];

describe('an engine that is killed', () => {
  it.each([
    ['before an event of each type is written: what it heard is lost', false],
    ['after an event of each type is written: what it was about to say is lost', true],
  ])('%s', async (_, isWritten) => {
    const left = new Set<string>(PATH);
    await using stage = await stageOf({
      options: { autoEnd: true },
      activities: (fake, current) => ({
        exportWorkdir: async (input) => {
          const struck = input.events.find(({ type, seq }) => seq > fake.state.seq && left.has(type));
          if (struck === undefined) return await fake.activities.exportWorkdir(input);
          left.delete(struck.type);
          const known = input.events.filter(({ seq }) => (isWritten ? seq <= struck.seq : seq < struck.seq));
          await fake.activities.exportWorkdir({ ...input, events: known });
          await current().handle().terminate(`killed at ${struck.type}`);
          await current().start();
          return { seq: fake.state.seq };
        },
      }),
    });
    await stage.start();
    await stage.fake.until((run) => run.state.status === 'stopped' && run.calls.includes('report'));
    await expectWhole(stage);
    expect([...left]).toEqual([]);
  });

  it('and never served again: an experiment that waits for a slot ends, and the next engine prepares it anew', async () => {
    await using stage = await stageOf({ options: { autoEnd: false }, tuning: { askMs: OFTEN_MS } });
    const { fake } = stage;
    const first = await stage.start();
    await fake.until((each) => each.statusOf('000_headspace') === 'ready' && each.launched.includes('000_baseline'));
    await first.terminate('killed for good');
    expect(await stage.child('000_headspace').result()).toMatchObject({ type: 'withdrawn' });
    expect((await stage.child('000_baseline').describe()).status.name).toBe('RUNNING');
    await stage.start();
    for (const nodeId of SEEDS) {
      await fake.until(({ launched }) => launched.includes(nodeId));
      fake.endJob(nodeId);
    }
    await expectWhole(stage);
  });

  it('while an experiment prepares: what it tells nobody meanwhile, it tells the next one', async () => {
    let build: () => void = () => undefined;
    const built = new Promise<void>((resolve) => {
      build = resolve;
    });
    await using stage = await stageOf({
      activities: (fake) => ({
        buildImage: async (input) => {
          if (input.nodeId === '000_baseline') await built;
          return await fake.activities.buildImage(input);
        },
      }),
    });
    const first = await stage.start();
    await stage.fake.until((run) => run.calls.includes('applyPatch 000_baseline'));
    await first.terminate('the engine is killed');
    build();
    // It has told nobody when its workflow waits for nothing but a slot.
    await untilDetails(stage.child('000_baseline'), /waiting for a job slot/);
    await stage.start();
    for (const nodeId of SEEDS) stage.fake.endJob(nodeId);
    await expectWhole(stage);
  });

  it('after a removal that the experiment did not hear of: it is withdrawn, and its paid call is booked', async () => {
    await using stage = await stageOf({
      options: { usdPerCall: 0.1 },
      tuning: { prepareAhead: 2 },
      activities: (fake, current) => ({
        exportWorkdir: async (input) => {
          const isStruck = input.events.some(({ type, seq }) => seq > fake.state.seq && type === 'experiment_removed');
          const answer = await fake.activities.exportWorkdir(input);
          if (isStruck) await current().handle().terminate('killed at the removal');
          return answer;
        },
      }),
    });
    const first = await stage.start();
    await stage.fake.until((run) => run.statusOf('000_headspace') === 'ready' && run.statusOf('001_mtp') === 'ready');
    const removal = first.executeUpdate(messages.removeUpdate, { args: [{ node_id: '001_mtp' }] });
    await expect(removal).rejects.toThrow();
    await stage.start();
    expect(await stage.child('001_mtp').result()).toMatchObject({ type: 'withdrawn' });
    await stage.fake.until((run) => run.state.withdrawing === undefined);
    expect(Object.keys(stage.fake.state.ledger.reserved).filter((key) => key.includes('001_mtp'))).toEqual([]);
  });
});

async function untilDetails(handle: WorkflowHandle, details: RegExp): Promise<void> {
  for (;;) {
    const text = await handle.query<string>('__temporal_workflow_metadata').then(
      (metadata) => JSON.stringify(metadata),
      () => '',
    );
    if (details.test(text)) return;
  }
}

describe('workflows that somebody ends by hand', () => {
  it('an experiment that is terminated after its engine continued as new: failed, its job ended, its slot free', async () => {
    await using stage = await stageOf({ tuning: { lookMs: OFTEN_MS, eventsPerRun: 8 } });
    const first = await stage.start();
    await stage.fake.until((run) => run.statusOf('000_baseline') === 'running');
    const { client, run } = stage.worker;
    // Continued as new: nobody waits for its result any more.
    const current = async () => (await client.workflow.getHandle(engineWorkflowId(run)).describe()).runId;
    const begun = (await first.describe()).runId;
    await first.signal(messages.noteSignal, { text: 'one event more' });
    while ((await current()) === begun) await first.signal(messages.noteSignal, { text: 'and one' });
    await stage.child('000_baseline').terminate('by hand');
    await stage.fake.until((each) => each.statusOf('000_baseline') === 'failed');
    expect(stage.fake.cancelled).toEqual(['000_baseline']);
    await stage.fake.until((each) => each.launched.length === 2);
  });

  it('an experiment that is terminated during a paid call: what the call has cost is booked', async () => {
    let hear: () => void = () => undefined;
    const isHeard = new Promise<void>((resolve) => {
      hear = resolve;
    });
    const paid = {
      apply: { usd: 0.25, tokens: 100, unpriced: 1 },
      analyze: { usd: 9, tokens: 9, unpriced: 9 },
    };
    await using stage = await stageOf({
      options: { autoEnd: true },
      activities: (fake) => ({
        applyPatch: async (input) => {
          const answer = await fake.activities.applyPatch(input);
          if (input.experiment.nodeId === '000_headspace') await isHeard;
          return answer;
        },
        lookupExperiments: async (input) =>
          (await fake.activities.lookupExperiments(input)).map((each) => ({ ...each, paid })),
      }),
    });
    await stage.start();
    await stage.fake.until(({ calls }) => calls.includes('applyPatch 000_headspace'));
    const before = stage.fake.state.ledger.spent.usd;
    await stage.child('000_headspace').terminate('by hand');
    await stage.fake.until((run) => run.statusOf('000_headspace') === 'failed');
    expect(stage.fake.state.ledger.spent.usd - before).toBe(0.25);
    expect(stage.fake.state.ledger.unpriced).toBe(1);
    hear();
    await stage.handle().terminate('the test is over');
  });

  it('an engine that is reset learns of the ends that it had heard of before', async () => {
    await using stage = await stageOf({ tuning: { lookMs: OFTEN_MS } });
    const first = await stage.start();
    await stage.fake.until((run) => run.statusOf('000_baseline') === 'running');
    stage.fake.endJob('000_baseline');
    await stage.fake.until((run) => run.statusOf('000_headspace') === 'running');
    await reset(stage, first.workflowId, 2);
    for (const nodeId of SEEDS) stage.fake.endJob(nodeId);
    const { client } = stage.worker;
    expect(await client.workflow.getHandle(first.workflowId).result()).toMatchObject({ reason: 'planner_stopped' });
    expect(stage.fake.launched.toSorted()).toEqual(SEEDS);
  });

  it('an engine that is reset lets no other run beside a job that it has forgotten', async () => {
    await using stage = await forgetfulStage();
    const { fake, worker } = stage;
    const { workflowId } = stage.handle();
    await stage.child('000_headspace').signal(messages.reportEndSignal);
    // Whether it had granted the one slot anew or not: it hears of the job that holds it.
    await fake.until((run) => run.forks > 0 && /launching|running/.test(run.statusOf('000_baseline') ?? ''));
    await stage.child('001_mtp').signal(messages.reportEndSignal);
    // From here on in any order: one that was put back is prepared anew.
    for (const nodeId of SEEDS) fake.endJob(nodeId);
    expect(await worker.client.workflow.getHandle(workflowId).result()).toMatchObject({ reason: 'planner_stopped' });
    expect(fake.mostJobs).toBe(1);
    expect(fake.launched.toSorted()).toEqual(SEEDS);
    expect(fake.state.ledger.reserved).toEqual({});
  });

  it('an engine that is reset ends the job that it has forgotten when its experiment is terminated', async () => {
    await using stage = await forgetfulStage();
    await stage.child('000_baseline').terminate('by hand');
    await stage.fake.until((run) => run.forks > 0 && run.statusOf('000_baseline') === 'failed');
    expect(stage.fake.cancelled).toEqual(['000_baseline']);
  });

  it('an experiment that is reset goes on as another run, and its end is heard', async () => {
    await using stage = await stageOf({ tuning: { lookMs: NEVER_MS } });
    await stage.start();
    await stage.fake.until((run) => run.statusOf('000_baseline') === 'running');
    await reset(stage, experimentWorkflowId(stage.worker.run, '000_baseline'), 1);
    for (const nodeId of SEEDS) stage.fake.endJob(nodeId);
    await expectWhole(stage);
  });

  it('an experiment that is reset to before its preparation, and cancelled: what its code has cost is booked once', async () => {
    let builds = 0;
    let tellCancelled: () => void = () => undefined;
    const isCancelled = new Promise<void>((resolve) => {
      tellCancelled = resolve;
    });
    await using stage = await stageOf({
      options: { usdPerCall: 0.1 },
      activities: (fake) => ({
        buildImage: async (input) => {
          if (input.nodeId === '000_headspace') builds += 1;
          if (builds > 1) await isCancelled;
          return await fake.activities.buildImage(input);
        },
      }),
    });
    const { fake } = stage;
    await stage.start();
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    fake.endJob('000_baseline');
    await fake.until((run) => run.statusOf('000_headspace') === 'running');
    const child = stage.child('000_headspace');
    await reset(stage, child.workflowId, Number.POSITIVE_INFINITY);
    await fake.until(() => builds > 1);
    await child.signal(messages.cancelExperimentSignal, { reason: 'by hand' });
    tellCancelled();
    await fake.until((run) => run.statusOf('000_headspace') === 'cancelled');
    expect(fake.state.ledger.spent.usd).toBeCloseTo(0.1 * fake.paid.size, 6);
    await stage.handle().terminate('the test is over');
  });
});

describe('an engine that was killed when its export had told of a slot, and decides otherwise', () => {
  it('hears which slot the experiment uses before anybody gets it', async () => {
    const launches: [string, number][] = [];
    let told = false;
    await using stage = await stageOf({
      activities: (fake, current) => ({
        exportWorkdir: async (input) => {
          const answer = await fake.activities.exportWorkdir(input);
          const grant = input.events.find((event) => event.type === 'slot_granted');
          if (told || grant === undefined) return answer;
          told = true;
          const { nodeId } = grant;
          await current().child(nodeId).signal(messages.slotGrantedSignal, { slot: 3 });
          return { ...answer, granted: [nodeId], slots: { [nodeId]: 3 } };
        },
        launchJob: async (input) => {
          launches.push([input.nodeId, input.slot]);
          return await fake.activities.launchJob(input);
        },
      }),
    });
    const grantsOfBaseline = () =>
      stage.fake.events.flatMap((event) =>
        event.type === 'slot_granted' && event.nodeId === '000_baseline' ? [event.slot] : [],
      );
    await stage.start();
    // A job that has ended holds no slot any more: it runs until the engine has heard of its slot.
    await stage.fake.until(() => grantsOfBaseline().length > 1);
    for (const nodeId of SEEDS) stage.fake.endJob(nodeId);
    await expectWhole(stage);
    expect(launches).toEqual(SEEDS.map((nodeId) => [nodeId, nodeId === '000_baseline' ? 3 : 0]));
    expect(grantsOfBaseline()).toEqual([0, 3]);
  });

  it('knows that the job runs of which it heard too early', async () => {
    const nodeId = '000_baseline';
    await using stage = await stageOf({
      post: losing('launched'),
      activities: (fake, current) => ({
        buildImage: async (input) => {
          const launched = { type: 'launched', nodeId, jobId: `j_${nodeId}`, launchedAtMs: 2 } as const;
          if (input.nodeId === nodeId) await current().handle().signal(messages.reportsSignal, [launched]);
          return await fake.activities.buildImage(input);
        },
        exportWorkdir: async (input) => {
          const answer = await fake.activities.exportWorkdir(input);
          const isGranted = input.events.some((event) => event.type === 'slot_granted' && event.nodeId === nodeId);
          return isGranted ? { ...answer, granted: [nodeId], slots: { [nodeId]: 0 } } : answer;
        },
      }),
    });
    await stage.start();
    await stage.fake.until((run) => run.statusOf(nodeId) === 'running');
    for (const each of SEEDS) stage.fake.endJob(each);
    await expectWhole(stage);
  });

  it('ends the job of one that was removed', async () => {
    let told = false;
    await using stage = await stageOf({
      tuning: { prepareAhead: 2 },
      activities: (fake, current) => ({
        exportWorkdir: async (input) => {
          const answer = await fake.activities.exportWorkdir(input);
          if (told || !input.events.some(({ type }) => type === 'experiment_removed')) return answer;
          told = true;
          await current().child('001_mtp').signal(messages.slotGrantedSignal, { slot: 0 });
          await fake.until(({ launched }) => launched.includes('001_mtp'));
          return { ...answer, granted: ['001_mtp'], slots: { '001_mtp': 0 } };
        },
      }),
    });
    const { fake } = stage;
    const handle = await stage.start();
    await fake.until((run) => run.statusOf('000_headspace') === 'ready' && run.statusOf('001_mtp') === 'ready');
    await handle.executeUpdate(messages.removeUpdate, { args: [{ node_id: '001_mtp' }] });
    await fake.until((run) => run.cancelled.includes('001_mtp') && run.state.withdrawing === undefined);
    for (const nodeId of SEEDS) fake.endJob(nodeId);
    expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
    expect(fake.state.tally).toMatchObject({ completed: 2, failed: 0, cancelled: 0 });
    expect(fake.state.ledger.reserved).toEqual({});
  });
});

/**
 * An engine that was reset to before it had heard anything of those that it had started; the first has launched its job
 * meanwhile.
 */
async function forgetfulStage(): Promise<Stage> {
  let build: () => void = () => undefined;
  const built = new Promise<void>((resolve) => {
    build = resolve;
  });
  const stage = await stageOf({
    tuning: { prepareAhead: 2 },
    activities: (fake) => ({
      buildImage: async (input) => {
        await built;
        return await fake.activities.buildImage(input);
      },
    }),
  });
  const { workflowId } = await stage.start();
  // What it has heard of those that it started comes after this task: none of them is built.
  const task = await untilTaskAfterStarts(stage, workflowId, SEEDS.length);
  build();
  const areReady = (run: FakeRun) => SEEDS.slice(1).every((nodeId) => run.statusOf(nodeId) === 'ready');
  await stage.fake.until((run) => run.launched.includes('000_baseline') && areReady(run));
  await resetTo(stage, workflowId, task, [ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL]);
  return stage;
}

/** The end of the first task in which the engine knows that so many experiments are started. */
async function untilTaskAfterStarts({ worker }: Stage, workflowId: string, starts: number): Promise<EventId> {
  const { client } = worker;
  for (;;) {
    const { events = [] } = await client.workflow.getHandle(workflowId).fetchHistory();
    const started = (events ?? []).filter((event) => event.childWorkflowExecutionStartedEventAttributes);
    const last = started.at(starts - 1);
    const task = (events ?? []).find(
      (event) => event.workflowTaskCompletedEventAttributes && last && Number(event.eventId) > Number(last.eventId),
    );
    if (task?.eventId) return task.eventId;
  }
}

/** To the end of a workflow task: the last but `back`. */
async function reset(stage: Stage, workflowId: string, back: number): Promise<void> {
  const { client } = stage.worker;
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const at = tasks.at(-1 - back) ?? tasks[0];
  await resetTo(stage, workflowId, at?.eventId ?? null);
}

type EventId = NonNullable<temporal.api.history.v1.IHistoryEvent['eventId']>;

async function resetTo(
  { worker: { client } }: Stage,
  workflowId: string,
  workflowTaskFinishEventId: EventId | null,
  resetReapplyExcludeTypes: temporal.api.enums.v1.ResetReapplyExcludeType[] = [],
): Promise<void> {
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId },
    reason: 'by hand',
    requestId: randomUUID(),
    workflowTaskFinishEventId,
    resetReapplyExcludeTypes,
  });
}

describe('messages that come twice', () => {
  it('say nothing new: reports, grants, greetings, withdrawals of what runs', async () => {
    await using stage = await stageOf({
      post: (mailbox) => ({
        async deliver(report, how) {
          await mailbox.deliver(report, how);
          return await mailbox.deliver(report, how);
        },
      }),
      activities: (fake, current) => ({
        launchJob: async (input) => {
          const child = current().child(input.nodeId);
          for (const slot of [input.slot, input.slot]) await child.signal(messages.slotGrantedSignal, { slot });
          for (let time = 0; time < 2; time += 1) await child.signal(messages.reportEndSignal);
          await child.signal(messages.withdrawSignal);
          return await fake.activities.launchJob(input);
        },
      }),
      options: { autoEnd: true },
    });
    await stage.start();
    await expectWhole(stage);
    const types = stage.fake.events.map((event) => ('nodeId' in event ? `${event.type} ${event.nodeId}` : event.type));
    for (const nodeId of SEEDS)
      for (const type of PATH) expect(types.filter((each) => each === `${type} ${nodeId}`)).toHaveLength(1);
  });
});

describe('the price of looking', () => {
  it('is eleven events of history a look, whatever is under way', async () => {
    await using stage = await stageOf({ tuning: { lookMs: OFTEN_MS, prepareAhead: 2 } });
    const handle = await stage.start();
    await stage.fake.until((run) => SEEDS.slice(1).every((nodeId) => run.statusOf(nodeId) === 'ready'));
    // Where in the history each look begins: however late the test hears of one, they tell what it costs.
    const looks = async () => {
      const { events } = await handle.fetchHistory();
      return (events ?? []).flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === 'lookupExperiments' ? [Number(eventId)] : [],
      );
    };
    const from = (await looks()).length + 1;
    const eleven = await vi.waitUntil(async () => {
      const begun = (await looks()).slice(from, from + 11);
      return begun.length === 11 ? begun : null;
    }, PATIENCE);
    expect(eleven.at(-1)! - eleven[0]!).toBeLessThanOrEqual(11 * 11);
  });
});
