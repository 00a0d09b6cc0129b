import { chmod, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { localLaunchProblem } from '../../../jobs/platforms/local-launch.js';

/** A folder that is the whole PATH. */
async function pathWith(...programs: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'launch-path-'));
  for (const name of programs) {
    await writeFile(join(folder, name), '#!/bin/sh\n');
    await chmod(join(folder, name), 0o755);
  }
  await symlink('/bin/bash', join(folder, 'bash'));
  return { cwd: folder, env: { PATH: folder } };
}

it('refuses a program that the shell of a job would not find, and names python3 where that is there', async () => {
  const place = await pathWith('python3');
  expect(await localLaunchProblem('python train.py', place)).toMatch(/no python is on PATH.*or say python3/);
  expect(await localLaunchProblem('A=1 torchrun train.py', place)).toMatch(/no torchrun is on PATH; activate .* path$/);
});

it('takes a program on PATH, a word of the shell, and what it cannot judge', async () => {
  const place = await pathWith('python');
  for (const command of ['python train.py', 'exec python train.py', 'source env; x', './x', 'for a in 1; do x; done'])
    expect(await localLaunchProblem(command, place)).toBeNull();
});

it('says nothing where there is no bash to ask', async () => {
  expect(await localLaunchProblem('python train.py', { cwd: '/', env: { PATH: '/nowhere' } })).toBeNull();
});
