import { readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { tryLock } from '../../host/process-lock.js';
import { acquireEngineLock, EngineAlreadyRunning, engineProcess } from '../../worker/engine-lock.js';
import { endChild, startInChild } from '../support/temporal-processes.js';
import { temporalWorkdir } from '../support/temporal-workdir.js';

test('a second engine is refused with the pid of the first', async () => {
  const workdir = await temporalWorkdir();
  const first = startInChild<{ pid: number }>('takeEngineOf', workdir.root);
  onTestFinished(() => void first.process.kill('SIGKILL'));
  const { pid } = await first.result;
  const refusal = acquireEngineLock(workdir);
  await expect(refusal).rejects.toThrow(EngineAlreadyRunning);
  await expect(refusal).rejects.toThrow(`process ${pid}`);
  expect((await engineProcess(workdir))?.pid).toBe(pid);
});

test('the lock of an engine that was killed is taken over, and released', async () => {
  const workdir = await temporalWorkdir();
  const first = startInChild('takeEngineOf', workdir.root);
  await first.result;
  await endChild(first, 'SIGKILL');
  expect(await engineProcess(workdir)).toBeNull();
  const lock = await acquireEngineLock(workdir);
  expect((await engineProcess(workdir))?.pid).toBe(process.pid);
  await lock.release();
  expect(await engineProcess(workdir)).toBeNull();
  expect(await readdir(workdir.engine)).toEqual([]);
});

test('of many that find a dead lock at once, one gets it', async () => {
  const workdir = await temporalWorkdir();
  const path = workdir.at('some.lock');
  for (let round = 0; round < 20; round++) {
    await tryLock(path);
    const holder = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...holder, process_start: 'an earlier process' }));
    const attempts = await Promise.all(Array.from({ length: 8 }, () => tryLock(path)));
    const winners = attempts.flatMap((attempt) => attempt.lock ?? []);
    expect(winners).toHaveLength(1);
    await winners[0]?.release();
  }
});

test('a lock file that nobody can read counts as dead', async () => {
  const workdir = await temporalWorkdir();
  const path = workdir.at('some.lock');
  await writeFile(path, 'not a lock');
  expect((await tryLock(path)).lock).toBeDefined();
});
