import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, utimes, writeFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { stop } from '../../client/commands/stop.js';
import { engineWorkflowId, taskQueueFor } from '../../domain/run/naming.js';
import { readTextIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import type { HostIdentity } from '../../host/host-identity.js';
import { processIdentity } from '../../host/process-identity.js';
import { Workdir } from '../../workdir/paths.js';
import { findConnection, openClient } from '../../worker/connection.js';
import { EngineAlreadyRunning, engineProcess } from '../../worker/engine-lock.js';
import { openRun } from '../../worker/open-run.js';
import { type ServerRecord, serverRecord } from '../../worker/server/embedded-server.js';
import type { IdleRule } from '../../worker/server/idle-server.js';
import { writeServerRecord } from '../../worker/server/server-record.js';
import { removeFolder } from '../support/remove-folder.js';
import { endChild, startInChild } from '../support/temporal-processes.js';
import { traceFile, tracingActivities } from '../support/temporal-starters.js';
import { temporalWorkdir } from '../support/temporal-workdir.js';
import { tracedBundle, workdirOf } from '../support/traced-runs.js';

const RUN = 'demo-1234';
const bundle = tracedBundle();

function startEngine(client: Client) {
  const workflowId = engineWorkflowId(RUN);
  return client.workflow.start('engineWorkflow', { workflowId, taskQueue: taskQueueFor(RUN), args: [{ run: RUN }] });
}

const traced = (workdir: Workdir, name: string) =>
  vi.waitFor(async () => expect(await readTextIfAny(traceFile(workdir))).toContain(name), { timeout: 30_000 });

async function openFixture(workdir: Workdir) {
  return openRun(workdir.root, {
    createActivities: ({ context }) => tracingActivities(context.workdir),
    codePath: bundle.codePath,
  });
}

test('serves the run, refuses a second engine, survives a kill of the server, and leaves nothing behind', async () => {
  const workdir = await workdirOf(RUN);
  const printed = vi.spyOn(process.stdout, 'write');
  onTestFinished(() => printed.mockRestore());
  const open = await openFixture(workdir);
  const handle = await startEngine(open.client);
  await traced(workdir, 'drawCharts');
  await expect(openFixture(workdir)).rejects.toThrow(EngineAlreadyRunning);

  const { pid } = (await serverRecord(workdir)) ?? {};
  process.kill(pid as number, 'SIGKILL');
  await vi.waitFor(() => handle.signal('finish'), { timeout: 30_000 });
  expect(await handle.result()).toBe(RUN);
  expect(await readTextIfAny(traceFile(workdir))).toBe('drawCharts\nexportWorkdir\n');

  await open.close({ stopServer: true });
  await expect(open.worker.run).resolves.toBeUndefined();
  expect((await serverRecord(workdir))?.pid).toBeNull();
  expect(await engineProcess(workdir)).toBeNull();
  expect(await findConnection(workdir, {})).toBeNull();
  const log = (await readTextIfAny(workdir.log)) ?? '';
  expect(log).toContain('the Temporal server died');
  expect(log).toContain('the engine is down');
  expect(printed.mock.calls.flat().join('')).not.toMatch(/WARN|INFO|worker/i);
});

test('tells an engine of a configured server, too, that it is served again', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const workdir = await workdirOf(RUN);
  const run = `demo-${randomBytes(4).toString('hex')}`;
  await writeJsonAtomic(workdir.config, { ...JSON.parse(await readFile(workdir.config, 'utf8')), run_id: run });
  const first = await openFixture(workdir);
  const workflowId = engineWorkflowId(run);
  const handle = await first.client.workflow.start('engineWorkflow', {
    workflowId,
    taskQueue: taskQueueFor(run),
    args: [{ run }],
  });
  await traced(workdir, 'drawCharts');
  await first.close({ stopServer: false });
  const second = await openFixture(workdir);
  const signals = async () => {
    const { history } = await second.client.connection.workflowService.getWorkflowExecutionHistory({
      namespace: second.target.namespace,
      execution: { workflowId },
    });
    return history?.events?.flatMap((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? []);
  };
  // The server keeps a signal apart while a workflow task is under way, be it one that the first worker left behind.
  await vi.waitFor(async () => expect(await signals()).toEqual(['returned']), { timeout: 30_000 });
  await second.client.workflow.getHandle(handle.workflowId).terminate('the test is over');
  await second.close({ stopServer: false });
});

test('with a key nothing readable reaches the server, and client and worker still understand each other', async () => {
  vi.stubEnv('AUTORESEARCH_CODEC_KEY', randomBytes(32).toString('base64'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const workdir = await workdirOf(RUN);
  const open = await openFixture(workdir);
  const handle = await startEngine(open.client);
  await handle.signal('finish');
  expect(await handle.result()).toBe(RUN);
  const { events } = await handle.fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  expect(Buffer.from(payload?.metadata?.encoding ?? '').toString()).toBe('binary/encrypted');
  await open.close({ stopServer: true });
});

test('closing with the server left on keeps it for others', async () => {
  const workdir = await workdirOf(RUN);
  const open = await openFixture(workdir);
  await open.close({ stopServer: false });
  expect(await findConnection(workdir, {})).toMatchObject({ kind: 'embedded', address: open.target.address });
});

test('a failed opening closes what it had opened', async () => {
  const workdir = await workdirOf(RUN);
  const missing = openRun(workdir.root, {
    createActivities: ({ context }) => tracingActivities(context.workdir),
    codePath: `${bundle.codePath}.absent`,
  });
  await expect(missing).rejects.toThrow('npm run build');
  expect((await serverRecord(workdir))?.pid).toBeNull();
  expect(await engineProcess(workdir)).toBeNull();
});

test.each([
  ['no config.json', null, /holds no run/],
  ['no JSON', 'nonsense', /config\.json: must be JSON/],
  ['no launch command', '{"pipeline_script":"a","source_dir":"b"}', /config\.json: base_launch_command/],
  ['no run id', '{"pipeline_script":"a","source_dir":"b","base_launch_command":"c"}', /run_id is missing/],
])('a workdir with %s is refused before anything starts', async (_name, text, message) => {
  const workdir = await temporalWorkdir();
  if (text !== null) await writeFile(workdir.config, text);
  await expect(openFixture(workdir)).rejects.toThrow(message);
  expect(await serverRecord(workdir)).toBeNull();
});

test('a worker process ends with its run, and stops the server', async () => {
  const workdir = await workdirOf(RUN);
  const worker = startInChild<string>('serveRun', workdir.root, bundle.codePath);
  onTestFinished(() => void worker.process.kill('SIGKILL'));
  const client = await clientOf(workdir);
  const handle = await startEngine(client);
  await handle.signal('finish');
  expect(await worker.result).toBe('closed');
  await client.connection.close();
  expect((await serverRecord(workdir))?.pid).toBeNull();
});

test('SIGTERM interrupts the run, has it written, and ends the worker process; another resumes it', async () => {
  const workdir = await workdirOf(RUN);
  const first = startInChild<string>('serveRun', workdir.root, bundle.codePath);
  onTestFinished(() => void first.process.kill('SIGKILL'));
  const client = await clientOf(workdir);
  await startEngine(client);
  await traced(workdir, 'drawCharts');
  first.process.kill('SIGTERM');
  expect(await first.result).toBe('signal');
  await client.connection.close();
  expect(await readTextIfAny(traceFile(workdir))).toBe('drawCharts\nexportWorkdir\n');
  expect(await readTextIfAny(workdir.log)).not.toContain('in time');
  expect((await serverRecord(workdir))?.pid).toBeNull();

  const second = await openFixture(workdir);
  const handle = second.client.workflow.getHandle(engineWorkflowId(RUN));
  await handle.signal('finish');
  expect(await handle.result()).toBe(RUN);
  await second.close({ stopServer: true });
});

test('a worker that was killed leaves a server that ends itself when nobody comes, and that stop ends', async () => {
  const workdir = await workdirOf(RUN);
  const serve = async (idle: IdleRule) => {
    const worker = startInChild<string>('serveRun', workdir.root, bundle.codePath, { idle });
    onTestFinished(() => void worker.process.kill('SIGKILL'));
    await vi.waitUntil(async () => (await readTextIfAny(workdir.log))?.includes('the engine is up'), PATIENCE);
    const { pid } = (await serverRecord(workdir)) as ServerRecord;
    await endChild(worker, 'SIGKILL');
    await writeFile(workdir.log, '');
    return pid;
  };
  const ends = (server: number | null) => vi.waitUntil(async () => !(await lives(server)), PATIENCE);
  const first = await serve({ everyS: 1, looks: 2 });
  expect(await lives(first)).toBe(true);
  // As a minute later, when its lock is not fresh any more.
  await utimes(workdir.at('engine', 'engine.lock'), new Date(0), new Date(0));
  await ends(first);
  const second = await serve({ everyS: 60, looks: 60 });
  expect(await lives(second)).toBe(true);
  await stop(workdir.root, { mode: 'interrupt', noWait: false });
  await ends(second);
}, 240_000);

test.each([
  ['another host took over ends its server, which is of no use there', true],
  ['another process of this host took over leaves it the server', false],
])('a worker whose run %s', async (_, elsewhere) => {
  const workdir = await workdirOf(RUN);
  const open = await openRun(workdir.root, {
    createActivities: ({ context }) => tracingActivities(context.workdir),
    codePath: bundle.codePath,
    renewMs: 100,
  });
  const record = (await serverRecord(workdir)) as ServerRecord;
  const path = workdir.at('engine', 'engine.lock');
  const mine = JSON.parse(await readFile(path, 'utf8')) as { host: HostIdentity };
  const host = elsewhere ? { ...mine.host, name: 'node-b', boot: 'b', machine: 'b' } : mine.host;
  if (elsewhere) await writeServerRecord(workdir, { ...record, pid: 1, process_start: 'there', host });
  await writeFile(`${path}.new`, JSON.stringify({ ...mine, nonce: 'anothers', host }));
  await rename(`${path}.new`, path);
  await open.worker.run;
  await open.close({ stopServer: true });
  expect(await lives(record.pid)).toBe(!elsewhere);
  expect(await readFile(path, 'utf8')).toContain('anothers');
});

test('a worker whose workdir is moved ends with its server, writes nothing in the old place, and the run goes on', async () => {
  const workdir = await workdirOf(RUN);
  const worker = startInChild<string>('serveRun', workdir.root, bundle.codePath, { renewMs: 100 });
  onTestFinished(() => void worker.process.kill('SIGKILL'));
  const client = await clientOf(workdir);
  const handle = await startEngine(client);
  await traced(workdir, 'drawCharts');
  await client.connection.close();
  const { pid } = (await serverRecord(workdir)) as ServerRecord;
  const moved = new Workdir(`${workdir.root}-moved`);
  onTestFinished(() => removeFolder(moved.root));
  await rename(workdir.root, moved.root);
  expect(await worker.result).toBe('left');
  expect(await readTextIfAny(moved.log)).toContain(`${workdir.root} was moved or removed while its engine ran`);
  expect(await lives(pid)).toBe(false);
  expect(existsSync(workdir.root)).toBe(false);

  await endChild(worker, 'SIGTERM');
  const next = await openFixture(moved);
  await next.client.workflow.getHandle(handle.workflowId).signal('finish');
  expect(await next.client.workflow.getHandle(handle.workflowId).result()).toBe(RUN);
  await next.close({ stopServer: true });
});

const PATIENCE = { timeout: 90_000, interval: 100 };

async function lives(pid: number | null): Promise<boolean> {
  return pid !== null && (await processIdentity(pid)) !== null;
}

async function clientOf(workdir: Workdir): Promise<Client> {
  const target = await vi.waitUntil(() => findConnection(workdir, {}), { timeout: 30_000 });
  return openClient(target);
}
