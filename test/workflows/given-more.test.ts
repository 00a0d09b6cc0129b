/** A run that has stopped takes what was given while nobody served it, and goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beginOrAttach } from '../../client/run/engine-session.js';
import type { PreparedRun } from '../../client/run/prepare-run.js';
import { giveLater } from '../../client/steering/give-later.js';
import { waitingMessages } from '../../client/steering/message-box.js';
import { addUpdate } from '../../domain/protocol/messages.js';
import type { GivenMessage, SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { ADD, ENDED, type Ended, endedStory, GOES_ON, NOTE, raise } from '../domain/ended-runs.js';
import { type FakeOptions, FakeRun } from '../support/fake-activities.js';
import { syntheticConfig } from '../support/run-events.js';
import { temporaryWorkdir } from '../support/synthetic-workdir.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

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

function signal(): { given: Promise<void>; give: () => void } {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

describe('through the client', () => {
  let worker: TestWorker;
  let fake: FakeRun;
  beforeAll(async () => {
    fake = new FakeRun();
    const current = new Proxy(fake.activities, { get: (_, name) => fake.activities[name as keyof typeof _] });
    const activities = Object.fromEntries(
      Object.keys(current).map((name) => [name, (input: never) => current[name as keyof typeof current](input)]),
    );
    worker = await startTestWorker({ activities });
  });
  afterAll(() => worker[Symbol.asyncDispose]());

  /** A run with these events, in the workdir and for the activities of the engine that goes on from it. */
  async function runWith(events: readonly EngineEvent[], options: FakeOptions = {}): Promise<PreparedRun> {
    const workdir = await temporaryWorkdir();
    const config = { ...syntheticConfig(worker.run) };
    await writeJsonAtomic(workdir.config, config);
    fake = new FakeRun({ autoEnd: true, ...options });
    fake.serve(worker.run, worker.client);
    const own = events.map((event) => (event.type === 'run_started' ? { ...event, run: worker.run } : event));
    for (const event of own) applyEvent(fake.state, structuredClone(event));
    fake.events.push(...own);
    await copyLog(workdir);
    return { workdir, config, isNew: false, setsApproval: false, limits: {}, edits: [], notices: [] };
  }

  /** As its exports would have written it. */
  async function copyLog(workdir: Workdir): Promise<void> {
    await openRunLog(workdir).append(fake.events);
  }

  const own = () => Object.values(fake.state.experiments).filter(({ kind }) => kind === 'user');

  const GIFTS: [string, number, (ended: Ended) => { message?: GivenMessage; limits?: SetLimitsMessage }][] = [
    ['an experiment', 0, () => ({ message: ADD })],
    ['a note', 1, () => ({ message: NOTE })],
    ['raised limits, by set', 2, ({ raised }) => ({ message: raise(raised) })],
    ['raised limits, by run', 2, ({ raised }) => ({ limits: raised })],
  ];
  // How limits are raised makes no difference to how a run ended.
  const isNew = ({ reason }: Ended, name: string) => name !== 'raised limits, by run' || reason === 'max_iterations';
  const CASES = ENDED.flatMap((ended) =>
    GIFTS.filter(([name]) => isNew(ended, name)).map(([name, index, gift]) => ({ ended, name, index, gift })),
  );

  it.each(CASES)('a run that ended by $ended.reason takes $name', async ({ ended, index, gift }) => {
    const prepared = await runWith(endedStory(ended).events);
    const { message, limits = {} } = gift(ended);
    const fate = ended.fates[index];
    const kept = message ? giveLater(prepared.workdir, message) : Promise.resolve();
    if (fate === 'baseline_failed' && message) {
      await expect(kept).rejects.toThrow('start again with a new workdir');
      return;
    }
    await kept;
    const before = { calls: fake.calls.length, seq: fake.state.seq };
    const { handle } = await beginOrAttach(worker.client, { ...prepared, limits });
    const { reason } = await handle.result();
    if (fate !== GOES_ON) {
      expect(reason).toBe(fate);
      expect(fake.launched).toEqual([]);
    } else if (message === ADD) {
      expect(own()).toMatchObject([{ name: 'own', state: { status: 'completed' } }]);
    } else {
      expect(fake.calls.slice(before.calls)).toContain('plan');
      expect(fake.state.notes).toEqual([]);
    }
    // Each is given once: the next engine is not given it again.
    await copyLog(prepared.workdir);
    expect(await waitingMessages(prepared.workdir)).toEqual([]);
  });

  it('an added experiment that the engine refuses is told, and waits no more', async () => {
    const story = endedStory(ENDED[0]!);
    const { workdir, ...rest } = await runWith(story.events);
    await giveLater(workdir, { request: 'r1', do: 'add', message: { experiment: { name: 'refused' } } });
    const { handle } = await beginOrAttach(worker.client, { workdir, ...rest });
    await handle.result();
    expect(fake.events.find(({ type }) => type === 'given_refused')).toMatchObject({
      request: 'r1',
      given: 'add refused',
      reason: 'it breaks a rule',
    });
    await copyLog(workdir);
    expect(await waitingMessages(workdir)).toEqual([]);
  });

  it('an open engine that refuses it says so to the client, and it waits no more', async () => {
    const prepared = await runWith([], { autoEnd: false });
    await beginOrAttach(worker.client, prepared);
    await fake.until((run) => run.statusOf('000_baseline') === 'running');
    await giveLater(prepared.workdir, { request: 'r1', do: 'add', message: { experiment: { name: 'refused' } } });
    const { handle, notices } = await beginOrAttach(worker.client, prepared);
    expect(notices).toEqual([expect.stringContaining('it breaks a rule')]);
    expect(await waitingMessages(prepared.workdir)).toEqual([]);
    for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) fake.endJob(nodeId);
    await handle.result();
  });

  it('what is added while the last decision is made is run', async () => {
    const prepared = await runWith(endedStory(ENDED[0]!).events);
    const { plan, acceptExperiment } = fake.activities;
    const asked = signal();
    const planned = signal();
    fake.activities.acceptExperiment = async (input) => {
      asked.give();
      await planned.given;
      return await acceptExperiment(input);
    };
    fake.activities.plan = async (input) => {
      await asked.given;
      return await plan(input);
    };
    const { handle } = await beginOrAttach(worker.client, { ...prepared, limits: { patience: 20 } });
    await fake.until((run) => run.state.status === 'running');
    const added = handle.executeUpdate(addUpdate, { args: [{ request: 'late', experiment: { name: 'late' } }] });
    // The planner stops while it is checked.
    await fake.until(({ events }) => events.some((event) => event.type === 'plan_received' && event.action === 'stop'));
    planned.give();
    expect(await added).toMatchObject({ accepted: true });
    await handle.result();
    expect(own()).toMatchObject([{ name: 'late', state: { status: 'completed' } }]);
  });

  it('what is given while a run makes its last reports goes to the next engine', async () => {
    const { workdir, ...rest } = await runWith(endedStory(ENDED[0]!).events);
    const { report } = fake.activities;
    const asked = signal();
    const reported = signal();
    fake.activities.report = async (input) => {
      asked.give();
      await reported.given;
      return await report(input);
    };
    await beginOrAttach(worker.client, { workdir, ...rest });
    await asked.given;
    await copyLog(workdir);
    await giveLater(workdir, ADD);
    const begun = beginOrAttach(worker.client, { workdir, ...rest });
    reported.give();
    const { handle } = await begun;
    await handle.result();
    expect(own()).toMatchObject([{ name: 'own', state: { status: 'completed' } }]);
  });
});
