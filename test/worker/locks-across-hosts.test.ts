import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { engineLife } from '../../client/run/run-state.js';
import { type HostIdentity, thisHost } from '../../host/host-identity.js';
import { packageFile } from '../../host/package-files.js';
import { tryLock } from '../../host/process-lock.js';
import { removeStaleLocks } from '../../worker/cleanup/stale-locks.js';
import { acquireEngineLock, EngineAlreadyRunning, engineProcess } from '../../worker/engine-lock.js';
import { ensureServer, ServerElsewhere } from '../../worker/server/embedded-server.js';
import { serverRecord, writeServerRecord } from '../../worker/server/server-record.js';
import { endChild, startInChild } from '../support/temporal-processes.js';
import { temporalWorkdir } from '../support/temporal-workdir.js';

const RENEW_MS = 40;
const PATIENCE = { timeout: 30_000 };
const OTHER: HostIdentity = { name: 'node-b', machine: 'mb', boot: 'another boot', pid_namespace: 'pid:[4026531836]' };
const releases: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0)) await release();
});

/** A lock as another host holds it: taken in this process, renewed or not. */
async function heldBy(path: string, host: HostIdentity, how: { isRenewed: boolean }): Promise<void> {
  const { lock } = await tryLock(path, { host, renewMs: how.isRenewed ? RENEW_MS : 3_600_000 });
  if (!lock) throw new Error('not locked');
  releases.push(() => lock.release());
}

async function showedItself(path: string, agoMs: number): Promise<void> {
  const at = new Date(Date.now() - agoMs);
  await utimes(path, at, at);
}

describe("another host's lock", () => {
  test.each([
    ['is renewed', true, 0],
    ['showed no sign for a day', false, 86_400_000],
  ])('that %s is refused with both names and how to take over', async (_, isRenewed, agoMs) => {
    const workdir = await temporalWorkdir();
    const path = workdir.at('engine', 'engine.lock');
    await heldBy(path, OTHER, { isRenewed });
    if (agoMs > 0) await showedItself(path, agoMs);
    const refusal = acquireEngineLock(workdir);
    await expect(refusal).rejects.toThrow(EngineAlreadyRunning);
    const { name } = await thisHost();
    await expect(refusal).rejects.toThrow(new RegExp(`host node-b.*this host \\(${name}\\).*run --take-over`));
    expect(await engineProcess(workdir)).toMatchObject({ elsewhere: { host: 'node-b' } });
    expect(await engineLife(workdir)).toMatchObject({ pid: process.pid, host: 'node-b' });
  });

  test('is taken over when a person says so and nothing renews it', async () => {
    const workdir = await temporalWorkdir();
    const path = workdir.at('engine', 'engine.lock');
    await heldBy(path, OTHER, { isRenewed: false });
    const lock = await acquireEngineLock(workdir, { takeOver: true, renewMs: RENEW_MS });
    releases.push(() => lock.release());
    expect((await engineProcess(workdir))?.host).toEqual(await thisHost());
  });

  test('that is renewed stays, whatever a person says', async () => {
    const workdir = await temporalWorkdir();
    await heldBy(workdir.at('engine', 'engine.lock'), OTHER, { isRenewed: true });
    // Watched for many renewals of the holder.
    const refusal = acquireEngineLock(workdir, { takeOver: true, renewMs: 25 * RENEW_MS });
    await expect(refusal).rejects.toThrow('node-b');
  });

  test('is not among the stale locks', async () => {
    const workdir = await temporalWorkdir();
    await heldBy(workdir.at('engine', 'engine.lock.0f0f'), OTHER, { isRenewed: false });
    expect(await removeStaleLocks(workdir)).toEqual([]);
  });
});

describe('a lock of this host before it was started anew', () => {
  test('is dead once nothing renews it', async () => {
    const workdir = await temporalWorkdir();
    const path = workdir.at('engine', 'engine.lock');
    await heldBy(path, { ...(await thisHost()), boot: 'the boot before' }, { isRenewed: false });
    await expect(acquireEngineLock(workdir)).rejects.toThrow(EngineAlreadyRunning);
    await showedItself(path, 120_000);
    const lock = await acquireEngineLock(workdir);
    await lock.release();
  });

  test('keeps a namesake out that lives: two containers of one name', async () => {
    const workdir = await temporalWorkdir();
    const here = await thisHost();
    await heldBy(workdir.at('engine', 'engine.lock'), { ...here, pid_namespace: 'pid:[1]' }, { isRenewed: true });
    await expect(acquireEngineLock(workdir)).rejects.toThrow(EngineAlreadyRunning);
  });
});

test('a holder renews its lock, and hears when somebody took it', async () => {
  const workdir = await temporalWorkdir();
  const path = workdir.at('some.lock');
  const onLost = vi.fn();
  const { lock } = await tryLock(path, { renewMs: RENEW_MS, onLost });
  await showedItself(path, 60_000);
  await vi.waitFor(async () => expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(30_000), PATIENCE);
  expect(onLost).not.toHaveBeenCalled();
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/"nonce":"[\w-]+"/, '"nonce":"anothers"'));
  await vi.waitFor(() => expect(onLost).toHaveBeenCalledTimes(1), PATIENCE);
  await lock?.release();
  expect(await readFile(path, 'utf8')).toContain('anothers');
});

test('a holder whose lock is gone with its folder hears of it once, and leaves the folder to itself', async () => {
  const workdir = await temporalWorkdir();
  const folder = workdir.at('engine');
  const onLost = vi.fn();
  const { lock } = await tryLock(join(folder, 'some.lock'), { renewMs: RENEW_MS, onLost });
  expect(await lock?.isHeld()).toBe(true);
  await rename(folder, workdir.at('moved'));
  expect(await Promise.all([lock?.isHeld(), lock?.isHeld()])).toEqual([false, false]);
  await sleep(3 * RENEW_MS);
  expect(onLost.mock.calls).toEqual([['gone']]);
  await lock?.release();
  expect(existsSync(folder)).toBe(false);
});

test('a server that another host left running is not joined by a second one on its database', async () => {
  const workdir = await temporalWorkdir();
  const left = await ensureServer(workdir);
  onTestFinished(() => void process.kill(left.pid as number));
  await writeServerRecord(workdir, { ...left, pid: 1, process_start: 'there', host: OTHER });
  const refusal = ensureServer(workdir);
  await expect(refusal).rejects.toThrow(ServerElsewhere);
  await expect(refusal).rejects.toThrow(/host node-b \(process 1\).*run --take-over/);
  expect(await serverRecord(workdir)).toMatchObject({ host: OTHER });
});

test('a process in a pid namespace and under a host name of its own is another host', async (context) => {
  const workdir = await temporalWorkdir();
  const holder = startInChild('takeEngineOf', workdir.root);
  onTestFinished(() => void holder.process.kill('SIGKILL'));
  await holder.result;
  const script = `hostname container-c && exec ${process.execPath} ${packageFile('test', 'support', 'temporal-child.mjs')} ${packageFile('test', 'support', 'temporal-starters.ts')} refusalOf ${JSON.stringify(JSON.stringify([workdir.root]))}`;
  const flags = ['--pid', '--uts', '--fork', '--mount-proc', '/bin/sh', '-c', script];
  const run = promisify(execFile);
  const isAllowed = await run('unshare', [...flags.slice(0, 4), 'true']).then(
    () => true,
    () => false,
  );
  if (!isAllowed) context.skip('unshare is not allowed here');
  const { stdout } = await run('unshare', flags, { cwd: packageFile() });
  const said = JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
  expect(said).toContain(`an engine on host ${(await thisHost()).name}`);
  expect(said).toContain('this host (container-c)');
  await endChild(holder, 'SIGKILL');
});
