import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { stop } from '../../../client/commands/stop.js';
import { readJsonIfAny, writeJsonAtomic } from '../../../host/atomic-file.js';
import { choosePort } from '../../../host/free-ports.js';
import { isSameProcess, processIdentity } from '../../../host/process-identity.js';
import { tryLock } from '../../../host/process-lock.js';
import type { Workdir } from '../../../workdir/paths.js';
import { acquireEngineLock } from '../../../worker/engine-lock.js';
import { ensureServer, serverRecord, stopServer, TemporalDowngrade } from '../../../worker/server/embedded-server.js';
import { claimantOf } from '../../../worker/server/port-claims.js';
import { processCommands } from '../../../worker/server/server-process.js';
import { portsOf, type ServerRecord, writeServerRecord } from '../../../worker/server/server-record.js';
import { superviseServer } from '../../../worker/server/supervise-server.js';
import { syntheticConfig } from '../../support/run-events.js';
import { endChild, startInChild } from '../../support/temporal-processes.js';
import { temporalWorkdir } from '../../support/temporal-workdir.js';

async function serversOf(workdir: Workdir): Promise<string[]> {
  const commands = (await processCommands()).map(({ command }) => command);
  return commands.filter((command) => command.includes('start-dev') && command.includes(workdir.root));
}

async function namespace(record: ServerRecord) {
  const connection = await Connection.connect({ address: record.address });
  try {
    return await connection.workflowService.describeNamespace({ namespace: 'default' });
  } finally {
    await connection.close();
  }
}

async function until(what: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('it did not happen in 30 s');
    await sleep(50);
  }
}

async function killHard({ pid, process_start }: ServerRecord): Promise<void> {
  process.kill(pid as number, 'SIGKILL');
  await until(async () => !(await isSameProcess(pid as number, process_start as string)));
}

describe('ensureServer', () => {
  test('several starters at once get the one server, private, on loopback, with 90 days of retention', async () => {
    const workdir = await temporalWorkdir();
    const records = await Promise.all([1, 2, 3].map(() => ensureServer(workdir)));
    expect(new Set(records.map((record) => record.pid)).size).toBe(1);
    expect(await serversOf(workdir)).toHaveLength(1);

    const record = records[0] as ServerRecord;
    expect(record.address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(record.db).toBe('engine/temporal.db');
    expect((await stat(workdir.at(record.db))).mode & 0o077).toBe(0);
    const { config } = await namespace(record);
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 24 * 3600);
    expect((await fetch(record.ui_address)).status).toBe(200);
  });

  test('starters in several processes get the one server too, which survives them', async () => {
    const workdir = await temporalWorkdir();
    const children = [1, 2].map(() => startInChild<{ pid: number }>('startServerOf', workdir.root));
    const [one, two] = await Promise.all(children.map((child) => child.result));
    expect(one?.pid).toBe(two?.pid);
    await Promise.all(children.map((child) => endChild(child, 'SIGKILL')));
    expect(await serversOf(workdir)).toHaveLength(1);
  });

  test('keeps its address and its database over a stop, and is back soon', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    const clusterNamespace = (await namespace(first)).namespaceInfo?.id;
    await stopServer(workdir);
    expect(await serversOf(workdir)).toHaveLength(0);
    expect(await serverRecord(workdir)).toMatchObject({ address: first.address, pid: null });

    const startedMs = performance.now();
    const second = await ensureServer(workdir);
    const tookMs = performance.now() - startedMs;
    expect(second).toMatchObject({ address: first.address, ui_address: first.ui_address, db: first.db });
    expect(second.pid).not.toBe(first.pid);
    expect((await namespace(second)).namespaceInfo?.id).toBe(clusterNamespace);
    // Half a second when the machine is idle; five leave room for one that is not.
    expect(tookMs).toBeLessThan(5_000);
  });

  test('goes with the shell that watches it, which would look again in ten minutes', async () => {
    const workdir = await temporalWorkdir();
    const { pid } = await ensureServer(workdir, { idle: { everyS: 600, looks: 2 } });
    const watches = async () =>
      (await processCommands()).filter(({ command }) => command.includes(`autoresearch-idle-watch ${pid} `));
    expect(await watches()).not.toEqual([]);
    await stopServer(workdir);
    await until(async () => (await watches()).length === 0);
  });

  test('takes another port when another program has the recorded one', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    await stopServer(workdir);
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    onTestFinished(() => void squatter.close());
    const { port } = squatter.address() as { port: number };
    await writeJsonAtomic(workdir.temporal, { ...first, address: `127.0.0.1:${port}`, pid: null, process_start: null });
    await expect(ensureServer(workdir, { keepAddress: true })).rejects.toThrow(`port ${port}`);
    expect((await ensureServer(workdir)).address).not.toBe(`127.0.0.1:${port}`);
  });

  test('leaves a port alone that another run claims while its server is down, and takes it when that run is gone', async () => {
    const [workdir, other] = [await temporalWorkdir(), await temporalWorkdir()];
    const first = await ensureServer(workdir);
    const { port } = portsOf(first);
    const claimant = startInChild<boolean>('claimPortOf', port);
    expect(await claimant.result).toBe(true);
    await killHard(first);
    // It had that port before.
    await writeServerRecord(other, { ...first, pid: null, process_start: null });
    expect(portsOf(await ensureServer(other)).port).not.toBe(port);
    expect(portsOf(await ensureServer(workdir, { keepAddress: true })).port).toBe(port);
    await stopServer(workdir);
    await stopServer(other);
    await endChild(claimant, 'SIGKILL');
    await writeServerRecord(other, { ...first, pid: null, process_start: null });
    expect(portsOf(await ensureServer(other)).port).toBe(port);
  });

  test('finds a server that nobody recorded instead of starting a second one on the database', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    await writeJsonAtomic(workdir.temporal, { ...first, pid: null, process_start: null });
    expect(await ensureServer(workdir)).toMatchObject({ pid: first.pid, address: first.address });
  });

  test('does not take a reused pid for its server', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    await stopServer(workdir);
    await writeJsonAtomic(workdir.temporal, { ...first, pid: process.pid });
    expect((await ensureServer(workdir)).pid).not.toBe(process.pid);
  });

  test('takes over the start lock of a starter that was killed', async () => {
    const workdir = await temporalWorkdir();
    const lock = workdir.at('engine', 'temporal.lock');
    await tryLock(lock);
    const holder = JSON.parse(await readFile(lock, 'utf8'));
    await writeFile(lock, JSON.stringify({ ...holder, process_start: 'an earlier process' }));
    expect((await ensureServer(workdir)).pid).toBeGreaterThan(0);
  });

  test('refuses a database that a newer server wrote, and names what to do', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    await stopServer(workdir);
    await writeJsonAtomic(workdir.temporal, { ...first, pid: null, process_start: null, cli_version: '99.0.0' });
    const refusal = ensureServer(workdir);
    await expect(refusal).rejects.toThrow(TemporalDowngrade);
    await expect(refusal).rejects.toThrow('Point TEMPORAL_CLI at temporal 99.0.0 or newer');
  });

  test('says that it changes the version of the server under a database', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    await stopServer(workdir);
    await writeJsonAtomic(workdir.temporal, { ...first, pid: null, process_start: null, cli_version: '1.0.0' });
    const said: unknown[] = [];
    await ensureServer(workdir, { say: (_, fields) => said.push(fields) });
    expect(said).toEqual([expect.objectContaining({ before: '1.0.0', now: first.cli_version })]);
  });

  test('says what a server that ends at once has said', async () => {
    const workdir = await temporalWorkdir();
    const broken = workdir.at('temporal');
    const script =
      '#!/bin/sh\n[ "$1" = --version ] && echo temporal version 1.9.1 || { echo no disk left >&2; exit 3; }\n';
    await writeFile(broken, script);
    await chmod(broken, 0o755);
    vi.stubEnv('TEMPORAL_CLI', broken);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(ensureServer(workdir)).rejects.toThrow(/exit code 3.*no disk left/);
  });

  test('writes no secret of its starter into the record, the log or the environment of the server', async () => {
    const workdir = await temporalWorkdir();
    vi.stubEnv('ANTHROPIC_API_KEY', 'sk-very-secret');
    vi.stubEnv('TEMPORAL_API_KEY', 'tk-very-secret');
    vi.stubEnv('AUTORESEARCH_CODEC_KEY', 'ck-very-secret');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { pid } = await ensureServer(workdir);
    for (const file of [workdir.temporal, workdir.at('logs', 'temporal-server.log'), `/proc/${pid}/environ`]) {
      expect(await readFile(file, 'utf8'), file).not.toContain('very-secret');
    }
  });
});

describe('a server that was left behind', () => {
  const soon = { everyS: 1, looks: 2 };

  test('ends itself when no engine shows itself, and says so; the next start brings it back', async () => {
    const workdir = await temporalWorkdir();
    const { pid } = await ensureServer(workdir, { idle: soon });
    await until(async () => (await serversOf(workdir)).length === 0);
    expect(await readFile(workdir.at('logs', 'temporal-server.log'), 'utf8')).toContain('no engine has shown itself');
    expect(await readFile(workdir.at('engine', 'temporal.ended'), 'utf8')).toBe(`${pid}\n`);
    expect((await ensureServer(workdir)).pid).not.toBe(pid);
  });

  test('stays while an engine lives, and ends a while after that', async () => {
    const workdir = await temporalWorkdir();
    const lock = await acquireEngineLock(workdir);
    await ensureServer(workdir, { idle: soon });
    // Twice as long as it would bear nobody.
    await sleep(4_500);
    expect(await serversOf(workdir)).toHaveLength(1);
    await lock.release();
    await until(async () => (await serversOf(workdir)).length === 0);
  });

  test('is ended by stop', async () => {
    const workdir = await temporalWorkdir();
    await writeJsonAtomic(workdir.config, { ...syntheticConfig('r1') });
    await ensureServer(workdir);
    const answer = await stop(workdir.root, { mode: 'interrupt', noWait: false });
    expect(answer).toMatchObject({ accepted: true, engine_ended: true });
    expect(answer.message).toContain('its Temporal server, left running');
    expect(await serversOf(workdir)).toHaveLength(0);
    await expect(stop(workdir.root, { mode: 'interrupt', noWait: false })).rejects.toThrow('no engine works on it');
  });
});

describe('superviseServer', () => {
  test('brings a killed server back on the same database and address', async () => {
    const workdir = await temporalWorkdir();
    const first = await ensureServer(workdir);
    const id = (await namespace(first)).namespaceInfo?.id;
    const said: string[] = [];
    await using _supervision = superviseServer(workdir, (message) => said.push(message));
    await killHard(first);
    await until(async () => said.includes('the Temporal server is back'));
    const second = (await serverRecord(workdir)) as ServerRecord;
    expect(second.address).toBe(first.address);
    expect(second.pid).not.toBe(first.pid);
    expect((await namespace(second)).namespaceInfo?.id).toBe(id);
  });

  test('claims its port while it watches', async () => {
    const workdir = await temporalWorkdir();
    const { port } = portsOf(await ensureServer(workdir));
    {
      await using _supervision = superviseServer(workdir, () => undefined);
      await until(async () => (await claimantOf(port)) === process.pid);
    }
    expect(await claimantOf(port)).toBeNull();
  });

  test('leaves a server alone that was stopped on purpose', async () => {
    const workdir = await temporalWorkdir();
    await ensureServer(workdir);
    const said: string[] = [];
    {
      await using _supervision = superviseServer(workdir, (message) => said.push(message));
      await stopServer(workdir);
      // Longer than the time between two looks.
      await sleep(1_200);
    }
    expect(said).toEqual([]);
    expect(await serversOf(workdir)).toHaveLength(0);
  });
});

test('a damaged record names the field', async () => {
  const workdir = await temporalWorkdir();
  await ensureServer(workdir);
  const whole = await readJsonIfAny(workdir.temporal);
  await writeJsonAtomic(workdir.temporal, { ...(whole as object), address: 'nowhere' });
  await expect(serverRecord(workdir)).rejects.toThrow(/temporal\.json: address/);
  await writeJsonAtomic(workdir.temporal, whole);
});

test('choosePort takes the first wish that is free', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  onTestFinished(() => void squatter.close());
  const busy = (squatter.address() as { port: number }).port;
  const free = await choosePort([]);
  expect(await choosePort([busy, free])).toBe(free);
  expect(await choosePort([free], async (port) => port === free)).not.toBe(free);
});

test('a process is known by pid and start time, and is nobody after its end', async () => {
  const token = (await processIdentity(process.pid)) as string;
  expect(await isSameProcess(process.pid, token)).toBe(true);
  expect(await isSameProcess(process.pid, `${token}0`)).toBe(false);
  const child = execFile('sleep', ['60']);
  const childToken = (await processIdentity(child.pid as number)) as string;
  expect(childToken).not.toBeNull();
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(await processIdentity(child.pid as number)).toBeNull();
});
