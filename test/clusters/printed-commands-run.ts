/**
 * The commands that docs/platforms.md prints, copied as they stand there and run by a shell whose home holds a project:
 * on a real Slurm, by torchx on it, and by the commands of LSF.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { commandsOf, ReadersHome } from '../support/platforms/printed-commands.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../support/slurm.js';
import { torchxProgram } from '../support/torchx.js';

const page = await readFile(packageFile('docs', 'platforms.md'), 'utf8');

let slurm: TestSlurm;
let home: ReadersHome;

/** Longer than two poll intervals, which the page leaves as they are. */
describe.runIf(noSlurmBecause === null)(onSlurm('the commands of docs/platforms.md'), { timeout: 600_000 }, () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start();
    home = await ReadersHome.make(slurm.environment);
    await writeFile(home.file('project', 'train.sh'), '#!/bin/bash\npython3 train.py\n');
    await mkdir(home.file('spool'));
    home.env.LSF_SPOOL = home.file('spool');
    for (const name of ['bsub', 'bjobs', 'bkill'])
      await home.link(name, packageFile('test', 'fixtures', 'platforms', 'lsf', name));
    if (torchxProgram !== null) await home.link('torchx', torchxProgram);
    await cp(packageFile('docs', 'platforms', 'lsf.json'), home.file('lsf.json'));
  });
  afterAll(async () => {
    await slurm?.stop();
    await home?.remove();
  });

  it('for Slurm', async () => {
    const [run, list, show] = commandsOf(page, 'Slurm');
    await home.begin(run!, 'runs/first');
    const listed = await home.shell(list!);
    expect(listed.exitCode, listed.all).toBe(0);
    const submission = home.file('runs', 'first', 'local_jobs', 'slurm_000_baseline', 'submission.json');
    const { schedulerId } = JSON.parse(await readFile(submission, 'utf8')) as { schedulerId: string };
    // Of another number: the page says where it stands.
    const shown = await home.shell(show!.replace('1234', schedulerId));
    expect(shown.stdout).toMatch(/JobName=ar-\S+-000_baseline/);
    expect(shown.stdout).toMatch(/Partition=gpu/);
    expect(shown.stdout).toMatch(/gres:gpu:1/);
  });

  it.runIf(torchxProgram !== null)('for torchx', async () => {
    const [run] = commandsOf(page, 'torchx');
    await home.begin(run!, 'runs/torchx');
  });

  it('for a scheduler that is spoken to by its commands', async () => {
    const [run] = commandsOf(page, 'Any scheduler, by its commands');
    await home.begin(run!, 'runs/lsf');
  });
});
