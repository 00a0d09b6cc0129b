/** When a worker's work is over, learned without asking a server that has nothing to say. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowClientInterceptor, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { expect, it, onTestFinished } from 'vitest';
import { untilEnd } from '../../client/run/engine-session.js';
import type { RunConfig } from '../../domain/formats/config.js';
import { resumeUpdate, stopSignal, stopUpdate } from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { openRunLog } from '../../workdir/event-log.js';
import { untilRunEnds } from '../../worker/run-end.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, testTarget } from '../support/temporal-env.js';
import { temporalWorkdir } from '../support/temporal-workdir.js';

const { ResetReapplyExcludeType } = proto.temporal.api.enums.v1;

/** A run whose events stand in a log of its own, as those of a workdir's worker do. */
async function servedRun() {
  const workdir = await temporalWorkdir();
  const fake = new FakeRun({ plans: [] });
  const log = openRunLog(workdir);
  const worker = await startTestWorker({
    activities: {
      ...fake.activities,
      exportWorkdir: async (input) => {
        await log.append(input.events);
        return fake.activities.exportWorkdir(input);
      },
    },
  });
  onTestFinished(() => worker[Symbol.asyncDispose]());
  const { run, client, taskQueue } = worker;
  fake.serve(run, client);
  const start = () =>
    client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args: [{ run }] });
  return { workdir, fake, client, run, start };
}

it('is asked for a few times at the start, and heard of when the run is interrupted or closes', async () => {
  const { workdir, fake, run, start } = await servedRun();
  let calls = 0;
  const connection = Connection.lazy({
    ...testTarget().clientOptions,
    interceptors: [
      (options, next) => {
        calls += 1;
        return next(options) as never;
      },
    ],
  });
  onTestFinished(() => connection.close());
  const { seeing, isSeenOn } = seeingClient(new Client({ connection }));
  const served = { client: seeing, target: testTarget(), workdir, config: { run_id: run } };
  const { signal } = new AbortController();

  const handle = await start();
  await fake.until(({ launched }) => launched.length === 3);
  const first = untilRunEnds(served, signal);
  await isSeenOn;
  await sleep(3_000);
  // It is on: a describe and a query said so.
  expect(calls).toBe(2);
  await handle.signal(stopSignal, { mode: 'interrupt' });
  expect(await first).toBe('interrupted');

  await handle.executeUpdate(resumeUpdate);
  const second = untilRunEnds(served, signal);
  for (const nodeId of fake.launched) fake.endJob(nodeId);
  expect(await second).toBe('closed');
});

it('is not thought over on a cluster because the run has not begun', async () => {
  const workdir = await temporalWorkdir();
  const connection = Connection.lazy(testTarget().clientOptions);
  onTestFinished(() => connection.close());
  const client = new Client({ connection });
  const served = (kind: 'embedded' | 'configured') => ({
    client,
    target: { ...testTarget(), kind },
    workdir,
    config: { run_id: 'never-begun' },
  });
  const { signal } = new AbortController();
  expect(await untilRunEnds(served('embedded'), signal, { startPatienceMs: 100 })).toBe('never_started');
  const ending = new AbortController();
  const waiting = untilRunEnds(served('configured'), ending.signal, { startPatienceMs: 100 });
  // The one of its own server has left by then.
  await sleep(2_500);
  ending.abort();
  expect(await waiting).toBeNull();
});

/** `isSeenOn` resolves once the engine was asked by `seeing`: whoever watches it has seen that it is on. */
function seeingClient({ connection, options: { namespace } }: Client) {
  let see: () => void = () => undefined;
  const isSeenOn = new Promise<void>((resolve) => {
    see = resolve;
  });
  const query: WorkflowClientInterceptor['query'] = async (input, next) => await next(input).finally(see);
  return { seeing: new Client({ connection, namespace, interceptors: { workflow: [{ query }] } }), isSeenOn };
}

it.each(['worker', 'run'] as const)('a reset that takes back that it was resumed: `%s` says so again', async (who) => {
  const { workdir, fake, client, run, start } = await servedRun();
  const { signal } = new AbortController();
  const { seeing, isSeenOn } = seeingClient(client);
  const served = { client: seeing, target: testTarget(), workdir, config: { run_id: run } as RunConfig };
  const handle = await start();
  await fake.until(({ launched }) => launched.length === 3);
  await handle.executeUpdate(stopUpdate, { args: [{ mode: 'interrupt' }] });
  await handle.executeUpdate(resumeUpdate);
  const { events = [] } = await handle.fetchHistory();
  const resumed = events?.findLastIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes) ?? 0;
  const task = events?.slice(0, resumed).findLast((event) => event.workflowTaskCompletedEventAttributes);
  const end =
    who === 'worker' ? untilRunEnds(served, signal) : untilEnd(served, served, (await handle.describe()).runId, signal);
  if (who === 'worker') await isSeenOn;
  const { RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, RESET_REAPPLY_EXCLUDE_TYPE_UPDATE } = ResetReapplyExcludeType;
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: handle.workflowId },
    reason: 'by hand',
    requestId: randomUUID(),
    workflowTaskFinishEventId: task?.eventId ?? null,
    resetReapplyExcludeTypes: [RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, RESET_REAPPLY_EXCLUDE_TYPE_UPDATE],
  });
  for (const nodeId of fake.launched) fake.endJob(nodeId);
  expect(await end).toEqual(who === 'worker' ? 'closed' : expect.objectContaining({ run }));
});

it('an engine that somebody terminates: `run` says so, and what goes on with it', async () => {
  const { workdir, fake, client, run, start } = await servedRun();
  const served = { client, target: testTarget(), workdir, config: { run_id: run } as RunConfig };
  const handle = await start();
  await fake.until(({ launched }) => launched.length === 3);
  const end = untilEnd(served, served, (await handle.describe()).runId, new AbortController().signal);
  const said = expect(end).rejects.toThrow(
    `was terminated (by hand): jobs go on, nothing is lost, and \`autoresearch run ${workdir.root}\` goes on`,
  );
  await handle.terminate('by hand');
  await said;
});

it.each([
  ['terminated', 'worker'],
  ['terminated', 'run'],
  ['deleted', 'worker'],
  ['deleted', 'run'],
] as const)('an engine whose workflow is %s ends its `%s` with what goes on with it', async (how, who) => {
  const { workdir, fake, client, run, start } = await servedRun();
  const { seeing, isSeenOn } = seeingClient(client);
  const served = { client: seeing, target: testTarget(), workdir, config: { run_id: run } as RunConfig };
  const { signal } = new AbortController();
  const handle = await start();
  await fake.until(({ launched }) => launched.length === 3);
  const { runId } = await handle.describe();
  const ended = who === 'worker' ? untilRunEnds(served, signal) : untilEnd(served, served, runId, signal);
  const end = ended.catch((error: Error) => error.message);
  if (who === 'worker') await isSeenOn;
  const workflowExecution = { workflowId: handle.workflowId };
  if (how === 'terminated') await handle.terminate('by hand');
  else await client.workflowService.deleteWorkflowExecution({ namespace: client.options.namespace, workflowExecution });
  // A workflow that is deleted is terminated first, and may be seen so.
  const hows = how === 'deleted' ? ['deleted', 'terminated'] : [how];
  if (who === 'worker') expect(hows).toContain(await end);
  else expect(await end).toMatch(/(was terminated|was deleted).*jobs go on, nothing is lost, and `autoresearch run/);
});

it('a workflow that the server knows no more ends its worker also where nobody heard of its end', async () => {
  const { workdir, fake, client, run, start } = await servedRun();
  const handle = await start();
  await fake.until(({ launched }) => launched.length === 3);
  let isGone = false;
  let see: () => void = () => undefined;
  const isSeenOn = new Promise<void>((resolve) => {
    see = resolve;
  });
  const lost = () => new WorkflowNotFoundError('not found', handle.workflowId, undefined);
  const forgetful = new Client({
    connection: client.connection,
    namespace: client.options.namespace,
    interceptors: {
      workflow: [
        {
          describe: async (input, next) => {
            if (isGone) throw lost();
            return await next(input);
          },
          query: async (input, next) => await next(input).finally(see),
        },
      ],
    },
  });
  const served = { client: forgetful, target: testTarget(), workdir, config: { run_id: run } as RunConfig };
  const end = untilRunEnds(served, new AbortController().signal);
  await isSeenOn;
  isGone = true;
  await handle.terminate('by hand');
  expect(await end).toBe('deleted');
});

it('hears of an interruption that came before it saw the run go on', async () => {
  const { workdir, fake, client, run, start } = await servedRun();
  const handle = await start();
  await fake.until(({ launched }) => launched.length === 3);
  let isInterrupted = false;
  let ask: () => void = () => undefined;
  const untilAsked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const blind = new Client({
    connection: client.connection,
    namespace: client.options.namespace,
    interceptors: {
      workflow: [
        {
          async query(input, next) {
            ask();
            if (!isInterrupted) throw new Error('it does not answer yet');
            return await next(input);
          },
        },
      ],
    },
  });
  const served = { client: blind, target: { ...testTarget(), kind: 'embedded' as const }, workdir };
  const patience = { resumePatienceMs: 1_000 };
  const { signal } = new AbortController();
  const end = untilRunEnds({ ...served, config: { run_id: run } } as never, signal, patience);
  await untilAsked;
  await handle.executeUpdate(stopUpdate, { args: [{ mode: 'interrupt' }] });
  isInterrupted = true;
  expect(await end).toBe('interrupted');
});
