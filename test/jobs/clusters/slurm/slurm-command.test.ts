/** Launch commands and batch scripts as sbatch reads them, and what becomes of them. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSlurmCommand } from '../../../../jobs/clusters/slurm/slurm-command.js';
import { splitOptions } from '../../../../jobs/clusters/slurm/slurm-options.js';
import { SlurmScheduler } from '../../../../jobs/clusters/slurm/slurm-scheduler.js';
import {
  batchScript,
  directiveLines,
  directivesOf,
  minutesOf,
  sbatchWords,
  slurmMinutes,
} from '../../../../jobs/clusters/slurm/slurm-submission.js';
import { removeFolder } from '../../../support/remove-folder.js';

const words = (text: string) => text.split(' ').map((word) => ({ raw: word, value: word }));
const OWN = { name: 'ar-r-n1', comment: 'autoresearch:r/n1', cwd: '/src', output: '/w/50%/slurm.out', minutes: 31 };
const OURS =
  '--parsable --job-name=ar-r-n1 --comment=autoresearch:r/n1 --chdir=/src --output=/w/50%%/slurm.out ' +
  '--error=/w/50%%/slurm.out --time=31 --export=ALL --no-requeue --kill-on-invalid-dep=yes';

describe('options', () => {
  it.each([
    ['sbatch', '-p main x.sh -n 2', ['partition=main'], 'x.sh -n 2'],
    ['sbatch', '-pmain -n4 -HQ --mem 8G x.sh a', ['partition=main', 'ntasks=4', 'hold', 'quiet', 'mem=8G'], 'x.sh a'],
    [
      'sbatch',
      '--part=main --exclusive --exclusive=user x.sh',
      ['partition=main', 'exclusive', 'exclusive=user'],
      'x.sh',
    ],
    ['sbatch', '-Hp main -- -x.sh', ['hold', 'partition=main'], '-x.sh'],
    // To sbatch a flag, to srun a number of seconds.
    ['sbatch', '-W x.sh', ['wait'], 'x.sh'],
    ['srun', '-W 5 -l --pty python t.py --mem 3', ['wait=5', 'label', 'pty'], 'python t.py --mem 3'],
    ['sbatch', '--of-a-site=7 --another x.sh', ['of-a-site=7', 'another'], 'x.sh'],
  ] as const)('%s %s', (program, text, options, rest) => {
    const found = splitOptions(program, words(text));
    expect(found.options.map(({ name, value }) => (value === null ? name : `${name}=${value}`))).toEqual(options);
    expect(found.rest.map(({ raw }) => raw).join(' ')).toBe(rest);
  });
});

describe('a launch command', () => {
  it.each([
    ['sbatch job.sh > id.txt 2>&1', '', ['job.sh'], []],
    [
      'module load cuda && cd a && cd b; SBATCH_PARTITION=x nice sbatch job.sh "a b" $X',
      'module load cuda && cd a && cd b; SBATCH_PARTITION=x nice ',
      ['job.sh', '"a b"', '$X'],
      ['a', 'b'],
    ],
    ['/opt/slurm/bin/sbatch job.sh;', '', ['job.sh'], []],
  ])('%s', (text, before, script, folders) => {
    const { batch } = readSlurmCommand(text);
    expect(batch).toMatchObject({ before, folders, wrap: null });
    expect(batch!.script.map(({ raw }) => raw)).toEqual(script);
  });

  it('keeps assignments for sbatch, and the command of --wrap', () => {
    const command = readSlurmCommand(`SBATCH_QOS=high A="$B" sbatch -n 2 --wrap "python t.py 'x y'"`);
    expect(command).toMatchObject({
      assignments: 'SBATCH_QOS=high A="$B"',
      batch: { wrap: "python t.py 'x y'", script: [] },
    });
  });

  it.each([
    ['sbatch a.sh && sbatch b.sh', /calls sbatch twice/],
    ['id=$(sbatch --parsable a.sh)', /stands in a substitution/],
    ['sbatch a.sh | tee log', /what stands behind sbatch \("\| tee log"\) cannot run/],
    ['sbatch <<EOF', /is given no script/],
  ])('%s is refused', (text, reason) => {
    expect(() => readSlurmCommand(text)).toThrow(reason);
  });

  it.each(['python train.py', 'srun -n 2 python train.py', 'echo sbatch x.sh'])('%s is what runs', async (text) => {
    expect(await new SlurmScheduler().runs(text, { cwd: '/nowhere', env: {} })).toBe(text);
  });

  it('runs its script by its first line, from where sbatch would have begun it', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'autoresearch-sbatch-'));
    onTestFinished(() => removeFolder(cwd));
    await writeFile(join(cwd, 'a b.sh'), '#!/usr/bin/env python3\nprint()\n');
    await writeFile(join(cwd, 'plain.sh'), 'echo\n');
    await writeFile(join(cwd, 'many.sh'), '#!/bin/bash\n#SBATCH -a 1-3\n');
    const runs = (text: string, env: Record<string, string> = {}) => new SlurmScheduler().runs(text, { cwd, env });
    expect(await runs('sbatch --chdir=sub "$NAME.sh" -v $X', { NAME: 'a b' })).toBe(
      `cd sub && /usr/bin/env python3 '${cwd}/a b.sh' -v $X`,
    );
    expect(await runs("A=1 sbatch --wrap 'echo $A; pwd'")).toBe("A=1 sh -c 'echo $A; pwd'");
    await expect(runs('sbatch plain.sh')).rejects.toThrow(/plain\.sh is no batch script/);
    await expect(runs('sbatch none.sh')).rejects.toThrow(/script of sbatch cannot be read: .*none\.sh/);
    await expect(runs('sbatch many.sh')).rejects.toThrow(/--array is not possible here: an experiment is one job/);
    await expect(runs('sbatch -M b "a b.sh"')).rejects.toThrow(/--clusters is not possible here/);
    await expect(runs('python t.py', { SBATCH_ARRAY_INX: '1-3' })).rejects.toThrow(/SBATCH_ARRAY_INX is set/);
  });
});

describe('what sbatch is given', () => {
  it("is the user's options for one job, and ours behind them", () => {
    const { options } = readSlurmCommand(
      'sbatch -J mine --mem=$MEM -o out/%j -d afterok:7 --wait --export=NONE,A=1,B=x --signal=B:USR1@60 -p "a,b" x.sh',
    );
    const given = `--mem=$MEM -d afterok:7 -p "a,b" ${OURS.replace('--export=ALL', '--export=ALL,A=1,B=x')}`;
    expect(sbatchWords('sbatch', options, [], OWN).replaceAll("'", '')).toBe(given);
  });

  it('is of srun what its allocation needs', () => {
    const { options } = readSlurmCommand(
      'srun -n 4 --label --gres=gpu:1 --mpi=pmix -o x --kill-on-bad-exit python t.py',
    );
    expect(sbatchWords('srun', options, [], OWN).replaceAll("'", '')).toBe(`-n 4 --gres=gpu:1 ${OURS}`);
  });

  it('holds the directives that are for one job', () => {
    const script =
      '#!/bin/bash\n\n# a comment\n#SBATCH --mem=8G -p main # big\n#SBATCH --constraint="a&b c"\n#SBATCH -o x --wait\n' +
      '##SBATCH --mem=1G\n#SBATCH --exclusive\necho\n#SBATCH --mem=2G\n';
    expect(directiveLines(directivesOf(script))).toEqual([
      '#SBATCH --mem=8G',
      '#SBATCH --partition=main',
      '#SBATCH --constraint="a&b c"',
      '#SBATCH --exclusive',
    ]);
    expect(batchScript([], '/w/a job', '/w/a job/job.sh')).toMatch(/^#!\/bin\/sh\ncd '\/w\/a job' \|\| exit 1\n/);
  });

  it.each([
    ['30', 30],
    ['1:30', 2],
    ['2:00:00', 120],
    ['1-0', 1440],
    ['1-02:30', 1590],
    ['0', null],
    ['UNLIMITED', null],
  ])('a time of %s is %s minutes', (text, minutes) => {
    expect(slurmMinutes(text)).toBe(minutes);
  });

  it('has the time of the job and a minute, unless the user gives less', () => {
    expect(minutesOf(1800, undefined)).toBe(31);
    expect(minutesOf(1801, '2:00:00')).toBe(32);
    expect(minutesOf(1800, '20')).toBe(20);
    expect(minutesOf(1800, 'INFINITE')).toBe(31);
  });
});
