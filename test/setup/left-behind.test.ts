import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { endProcessesOf, processesOf } from '../support/left-behind.js';
import { removeFolder } from '../support/remove-folder.js';
import { endChild, startInChild } from '../support/temporal-processes.js';

const WAITS = 'process.stdout.write("up\\n"); setInterval(() => undefined, 1000)';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'autoresearch-left-'));
  onTestFinished(() => removeFolder(made));
  return made;
}

/** As the engine in the background: a process of its own session that has the folder in its command line. */
async function leftBehind(of: string) {
  const child = spawn(process.execPath, ['-e', WAITS, of], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

it('ends what has the folder in its command line, and nothing else', async () => {
  const [mine, other] = [await folder(), await folder()];
  const [one, two] = [await leftBehind(mine), await leftBehind(other)];
  expect(processesOf(mine)).toEqual([one.pid]);
  const end = once(one, 'exit');
  endProcessesOf(mine);
  expect(await end).toEqual([null, 'SIGKILL']);
  expect(two.exitCode ?? two.signalCode).toBeNull();
});

it.each(['SIGTERM', 'SIGINT'] as const)('ends them with a test process that is ended by %s', async (signal) => {
  const mine = await folder();
  const worker = await leftBehind(mine);
  const test = startInChild('endsWith', mine);
  await test.result;
  const end = once(worker, 'exit');
  await endChild(test, signal);
  expect(await end).toEqual([null, 'SIGKILL']);
});
