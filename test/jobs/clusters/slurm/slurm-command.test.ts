/** Launch commands and batch scripts as sbatch reads them, and what becomes of them. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
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
    ['sbatch job.sh > id.txt 2>&1', 'JOB', ['job.sh'], []],
    [
      'module load cuda && cd a && cd b; SBATCH_PARTITION=x nice sbatch job.sh "a b" $X',
      'module load cuda && cd a && cd b; SBATCH_PARTITION=x JOB',
      ['job.sh', '"a b"', '$X'],
      ['a', 'b'],
    ],
    ['/opt/slurm/bin/sbatch job.sh;', 'JOB', ['job.sh'], []],
    // What starts sbatch is not the job's: a limit of seconds least of all.
    ['nice -n 5 timeout -k 1 60 sbatch job.sh', 'JOB', ['job.sh'], []],
    ['time -p sbatch job.sh', 'JOB', ['job.sh'], []],
    ['A=1 env -u X B=2 nohup sbatch job.sh', 'A=1 env -u X B=2 JOB', ['job.sh'], []],
    ["bash -lc 'cd a && sbatch job.sh'", "bash -lc 'cd a && JOB'", ['job.sh'], ['a']],
    [
      `cd a; B=1 timeout 9 sh -c "cd -- 'b c' && C='x y' sbatch job.sh"`,
      `cd a; B=1 sh -c 'cd -- '\\''b c'\\'' && C='\\''x y'\\'' JOB'`,
      ['job.sh'],
      ['a', 'b c'],
    ],
    ["eval 'sbatch job.sh'", "eval 'JOB'", ['job.sh'], []],
    ['(cd z && ls); cd a && sbatch job.sh', '(cd z && ls); cd a && JOB', ['job.sh'], ['a']],
  ])('%s', (text, inPlace, script, folders) => {
    const { batch } = readSlurmCommand(text);
    expect(batch).toMatchObject({ folders, wrap: null });
    expect(batch!.inPlace('JOB', '')).toBe(inPlace);
    expect(batch!.script.map(({ raw }) => raw)).toEqual(script);
  });

  it('is what salloc would run, within an allocation by its options', async () => {
    const text = "cd a && A=1 salloc -N 2 --bell -I5 srun python t.py | tee 'my log'";
    const { options, batch } = readSlurmCommand(text);
    expect(options.map(({ name }) => name)).toEqual(['nodes', 'bell', 'immediate']);
    expect(sbatchWords('srun', options, [], OWN).replaceAll("'", '')).toBe(`-N 2 ${OURS}`);
    expect(batch).toMatchObject({ folders: ['a'], wrap: "srun python t.py | tee 'my log'" });
    const place = { cwd: '/nowhere', env: {} };
    expect(await new SlurmScheduler().runs(text, place)).toBe("cd a && A=1 srun python t.py | tee 'my log'");
  });

  it('takes the options that a variable stands for as far as it is known', () => {
    const told = (text: string, env = {}) => {
      const { options, batch, call } = readSlurmCommand(text, env);
      return { options: options.map(({ raw }) => raw), script: batch!.script.map(({ raw }) => raw), call };
    };
    const split = { options: ['-p gpu', '-N 2'], script: ['job.sh', '$X'] };
    expect(told('sbatch $OPTS job.sh $X', { OPTS: ' -p gpu  -N 2 ' })).toMatchObject(split);
    expect(told('P=gpu; OPTS="-p $P"; sbatch $OPTS job.sh')).toEqual({
      options: ['-p gpu'],
      script: ['job.sh'],
      call: 'P=gpu; OPTS="-p $P"; exec sbatch',
    });
    expect(told('P=gpu; export Q=2; A=3 env -u B sbatch -p $P job.sh')).toMatchObject({
      options: ['-p $P'],
      call: 'P=gpu; export Q=2; A=3 exec env -u B sbatch',
    });
    expect(() => told('sbatch $OPTS job.sh')).toThrow(/what \$OPTS stands for is not known before sbatch is called/);
    expect(() => told('. ./env.sh && sbatch -p $PART job.sh')).toThrow(/\$PART in -p \$PART has no value where sbatch/);
    expect(readSlurmCommand('P=gpu; srun -p $P -o $LOGS/x python t.py').call).toBe('P=gpu; exec sbatch');
    expect(() => readSlurmCommand('srun -p $P python t.py')).toThrow(/\$P in -p \$P has no value where srun is called/);
    expect(told("sbatch --wrap 'echo $HOST' -J '$x' -D $SOURCE_DIR").options).toHaveLength(3);
  });

  it('keeps assignments for sbatch, and the command of --wrap', () => {
    const command = readSlurmCommand(`SBATCH_QOS=high A="$B" sbatch -n 2 --wrap "python t.py 'x y'"`);
    expect(command).toMatchObject({
      call: 'SBATCH_QOS=high A="$B" exec sbatch',
      batch: { wrap: "python t.py 'x y'", script: [] },
    });
  });

  it.each([
    ['sbatch a.sh && sbatch b.sh', /calls sbatch twice/],
    ['id=$(sbatch --parsable a.sh)', /stands in a substitution/],
    ['sbatch a.sh | tee log', /what stands behind sbatch \("\| tee log"\) cannot run/],
    ['sbatch <<EOF', /is given no script/],
    [
      'JOB="$(sbatch --parsable a.sh)"; sleep 9',
      /sbatch stands in a substitution; the launch command must be the call/,
    ],
    ['if test -e x; then sbatch a.sh; fi', /sbatch stands in a condition, loop or group; .* the call of sbatch itself/],
    ['for x in 1 2; do sbatch a.sh; done', /stands in a condition, loop or group/],
    ['(sbatch a.sh)', /stands in a condition, loop or group/],
    ["bash -c '$(sbatch a.sh)'", /stands in a substitution/],
    ["bash -c 'sbatch a.sh' x", /words stand behind the text of bash -c/],
    ["bash -c 'sbatch a.sh; squeue'", /what stands behind sbatch \("squeue"\)/],
    ["bash -c 'sbatch a.sh' && echo", /what stands behind sbatch \("&& echo"\)/],
    ['ssh login sbatch a.sh', /sbatch is called through ssh; .*start autoresearch there/],
    ['ls | xargs sbatch', /sbatch is called through xargs/],
    ['sudo -u other sbatch a.sh', /through sudo; jobs are submitted by the user of autoresearch/],
    ['env -i sbatch a.sh', /env -i stands in front of sbatch/],
    ['env -C sub sbatch a.sh', /env -C stands in front of sbatch/],
    ['salloc -N 1', /salloc is given no command/],
    ['salloc --no-shell -N 1 x', /salloc is given no command/],
    ['sbatch -N 1 : -N 2 a.sh', /sbatch … : … asks for a heterogeneous job, .* one job with one allocation/],
    ['srun -n 1 ./a : -n 2 ./b', /srun … : … asks for a heterogeneous job/],
    ['torchx run -s slurm dist.ddp', /calls torchx run, which submits by itself .*--platform torchx/],
    ['kubectl apply -f job.yaml', /calls kubectl, which submits by itself .*--platform kubernetes/],
    ['cd - && sbatch a.sh', /it is not known where cd - leads/],
    ['cd "$(git rev-parse --show-toplevel)" && sbatch a.sh', /it is not known where cd .* leads/],
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
    expect(await runs('sbatch --chdir=sub "$NAME.sh" -v x', { NAME: 'a b' })).toBe(
      `cd ${cwd}/sub && /usr/bin/env python3 '${cwd}/a b.sh' -v x`,
    );
    // The shell that calls sbatch reads them where it is.
    expect(await runs('A=1 sbatch -D $PWD/sub "$PWD/a b.sh" $PWD/x', { PWD: '/elsewhere' })).toBe(
      `set -- $PWD/x && cd ${cwd}/sub && A=1 /usr/bin/env python3 '${cwd}/a b.sh' "$@"`,
    );
    await mkdir(join(cwd, 'deep'));
    await writeFile(join(cwd, 'deep', 'own.sh'), '#!/bin/bash\n#SBATCH -D out\n');
    expect(await runs("cd $D && bash -c 'sbatch own.sh'", { D: 'deep' })).toBe(
      `cd $D && bash -c 'cd ${cwd}/deep/out && /bin/bash ${cwd}/deep/own.sh'`,
    );
    await writeFile(join(cwd, 'het.sh'), '#!/bin/bash\n#SBATCH -n 1\n#SBATCH hetjob\n#SBATCH -n 2\n');
    await expect(runs('sbatch het.sh')).rejects.toThrow(/#SBATCH hetjob asks for a heterogeneous job/);
    await expect(runs('sbatch "$NONE/x.sh"')).rejects.toThrow(/what "\$NONE\/x\.sh" stands for is not known/);
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
      { MEM: '8G' },
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
