/** Slurm itself (test/support/slurm.ts starts it): the conformance suite, and what only a cluster's scheduler does. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchProblem } from '../../../../jobs/platforms/index.js';
import type { Platform } from '../../../../jobs/platforms/platform.js';
import { describePlatform, endOf, running, until } from '../../../support/platforms/conformance.js';
import { SlurmBench, slurmId, slurmPlatform } from '../../../support/platforms/slurm-bench.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../../../support/slurm.js';

let slurm: TestSlurm;

describe.runIf(noSlurmBecause === null)(onSlurm('on Slurm'), () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm?.stop());

  describePlatform('slurm', {
    make: slurmPlatform,
    environment: () => slurm.environment,
    jobsNamed: async (name) => (await slurm.jobsNamed(name)).length,
    dieAfterSubmit: async (context) => {
      const platform = await slurmPlatform(context);
      const launch = async (request: Parameters<Platform['launch']>[0]) => {
        await slurm.loseAnswers(true);
        return await platform.launch(request).finally(() => slurm.loseAnswers(false));
      };
      return { ...platform, launch } as unknown as Platform;
    },
    forget: () => slurm.forget(),
    ends: {
      cancelled: async (jobId, platform) => {
        await running(platform, jobId);
        await slurm.done('scancel', await slurmId(platform, jobId));
      },
      preempted: async (jobId, platform) => {
        await running(platform, jobId);
        await slurm.done('sbatch', '--partition=urgent', '--exclusive', '--output=/dev/null', '--wrap=true');
      },
      node_failed: async (jobId, platform) => {
        await running(platform, jobId);
        const id = await slurmId(platform, jobId);
        await slurm.failNode();
        await until(async () => ((await slurm.stateOf(id)) === 'NODE_FAIL' ? true : null));
        await slurm.startNode();
      },
    },
  });

  describe('a job', { timeout: 60_000 }, () => {
    it("is the user's batch script, with its directives and options", async () => {
      await using on = await SlurmBench.open(slurm);
      const { bench, platform } = on;
      const { source_dir } = bench.context.config;
      await mkdir(join(source_dir, 'jobs'));
      await writeFile(
        join(source_dir, 'jobs', 'train.sh'),
        '#!/bin/bash\n#SBATCH --cpus-per-task=3 --output=logs/%j.out\n#SBATCH --job-name="my job" # mine\n' +
          'echo "args=$* cpus=$SLURM_CPUS_PER_TASK mem=$SLURM_MEM_PER_NODE name=$SLURM_JOB_NAME more=$MORE"\nls -d logs\n',
      );
      const jobId = await on.launch('cd jobs/.. && sbatch --mem 70M --wait --export=ALL,MORE=1 jobs/train.sh "a b" c');
      expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 0 });
      const name = bench.jobName('n1');
      expect((await platform.logs(jobId, 1000)).stdout).toBe(`args=a b c cpus=3 mem=70 name=${name} more=1\nlogs\n`);
      const told = await slurm.done('scontrol', '--oneliner', 'show', 'job', await on.id(jobId));
      expect(told).toContain(` Comment=autoresearch:${bench.context.config.run_id}/n1 `);
      // Its own limit of 120 s, and a minute.
      expect(told).toContain(' TimeLimit=00:03:00 ');
      expect(told).toContain(' Requeue=0 ');
    });

    it('is submitted from where it is called, and begins where --chdir says', async () => {
      await using on = await SlurmBench.open(slurm);
      const { bench, platform } = on;
      const { source_dir } = bench.context.config;
      await mkdir(join(source_dir, 'deep', 'out'), { recursive: true });
      await writeFile(
        join(source_dir, 'deep', 'train.sh'),
        '#!/bin/bash\necho "from=$SLURM_SUBMIT_DIR in=$PWD args=$* a=$A x=$X tasks=$SLURM_NTASKS"\n',
      );
      const told = async (command: string, node: string) => {
        const jobId = await on.launch(command, node);
        expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 0 });
        return (await platform.logs(jobId, 1000)).stdout.replaceAll(source_dir, 'SRC');
      };
      expect(await told('cd deep && timeout 60 nice -n 2 sbatch train.sh', 'n1')).toBe(
        'from=SRC/deep in=SRC/deep args= a= x= tasks=\n',
      );
      expect(
        await told('export X=7; N=2; OPTS="-n $N"; cd deep; A=1 sbatch $OPTS -D $PWD/out $PWD/train.sh $PWD', 'n2'),
      ).toBe('from=SRC/deep in=SRC/deep/out args=SRC/deep a=1 x=7 tasks=2\n');
      expect(await told("bash -lc 'cd deep && sbatch train.sh one'", 'n3')).toBe(
        'from=SRC/deep in=SRC/deep args=one a= x= tasks=\n',
      );
      expect(await told("salloc -n 2 srun sh -c 'echo rank $SLURM_PROCID'", 'n4')).toMatch(/^rank \d\nrank \d\n$/);
    });

    it('is a command line, or steps that srun starts in an allocation of their own', async () => {
      await using on = await SlurmBench.open(slurm);
      const { platform } = on;
      const wrapped = await on.launch('sbatch -n2 --wrap "echo tasks=\\$SLURM_NTASKS"', 'n1');
      const steps = await on.launch('srun -n 3 --label sh -c "echo rank \\$SLURM_PROCID of \\$SLURM_NTASKS"', 'n2');
      expect(await endOf(platform, wrapped)).toMatchObject({ returnCode: 0 });
      expect((await platform.logs(wrapped, 1000)).stdout).toBe('tasks=2\n');
      expect(await endOf(platform, steps)).toMatchObject({ returnCode: 0 });
      const printed = (await platform.logs(steps, 1000)).stdout.trim().split('\n').sort();
      expect(printed).toEqual(['0: rank 0 of 3', '1: rank 1 of 3', '2: rank 2 of 3']);
    });

    it('that waits says in the words of Slurm for what, and is cancelled as one that runs', async () => {
      await using on = await SlurmBench.open(slurm);
      const { platform } = on;
      const jobId = await on.launch('sbatch --begin=now+1hour --wrap true');
      const status = await until(async () => {
        const now = await platform.status(jobId);
        return now.state === 'pending' && now.reason !== undefined ? now : null;
      });
      expect(status).toEqual({ state: 'pending', reason: 'Slurm: PENDING, BeginTime' });
      await platform.cancel(jobId);
      const end = await platform.status(jobId);
      expect(end).toMatchObject({ state: 'ended', cause: 'cancelled' });
      // What it waited is no time that it ran.
      if (end.state === 'ended') expect(end.startedAtMs).toBe(end.endedAtMs);
    });

    it('that is held says what lets it go on', async () => {
      await using on = await SlurmBench.open(slurm);
      const { platform } = on;
      const jobId = await on.launch('sbatch --hold --wrap true');
      const id = await on.id(jobId);
      const status = await until(async () => {
        const now = await platform.status(jobId);
        return now.state === 'pending' && now.reason !== undefined ? now : null;
      });
      expect(status).toMatchObject({
        reason: `Slurm: PENDING, JobHeldUser: it is held, \`scontrol release ${id}\` lets it go on`,
      });
      await slurm.done('scontrol', 'release', id);
      expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 0 });
    });

    it('that can never start is an end, and leaves the queue', async () => {
      await using on = await SlurmBench.open(slurm);
      const { platform } = on;
      const failed = (await slurm.done('sbatch', '--parsable', '--output=/dev/null', '--wrap=false')).trim();
      await until(async () => ((await slurm.stateOf(failed)) === 'FAILED' ? true : null));
      const jobId = await on.launch(`sbatch --dependency=afterok:${failed} --wrap true`);
      const end = await endOf(platform, jobId);
      expect(end).toMatchObject({ cause: 'never_started', said: 'Slurm: CANCELLED, DependencyNeverSatisfied' });
      expect(await slurm.stateOf(await on.id(jobId))).toBe('CANCELLED');
    });

    it('that Slurm refuses, or that is many, is an error with the reason', async () => {
      await using on = await SlurmBench.open(slurm);
      const { bench } = on;
      await expect(on.launch('sbatch --partition=nowhere --wrap true')).rejects.toThrow(
        /refuses the job: .*partition/s,
      );
      await expect(on.launch('sbatch --array=1-3 --wrap true')).rejects.toThrow(/--array is not possible here/);
      expect(await slurm.jobsNamed(bench.jobName('n1'))).toEqual([]);
    });

    it('that Slurm would refuse is told before a run begins, and no other', async () => {
      await using on = await SlurmBench.open(slurm);
      const { source_dir } = on.bench.context.config;
      await writeFile(join(source_dir, 'train.sh'), '#!/bin/bash\n#SBATCH --partition=nowhere\ntrue\n');
      const problem = async (base_launch_command: string) => {
        const config = { ...on.bench.context.config, platform: 'slurm', base_launch_command };
        return await launchProblem({ ...on.bench.context, config }, { cwd: source_dir, env: slurm.environment });
      };
      const refused = /^sbatch refuses its job: .*invalid partition/is;
      expect(await problem('sbatch --partition=nowhere --wrap true')).toMatch(refused);
      expect(await problem('SBATCH_PARTITION=nowhere sbatch --wrap true')).toMatch(refused);
      expect(await problem('sbatch train.sh')).toMatch(refused);
      expect(await problem('srun --partition=nowhere true')).toMatch(refused);
      expect(await problem('sbatch --no-such-option --wrap true')).toMatch(/no-such-option/);
      expect(await problem('sbatch --partition=urgent train.sh')).toBeNull();
      expect(await problem('sbatch --wrap true')).toBeNull();
      // It would wait for its node.
      await slurm.failNode();
      expect(await problem('sbatch --wrap true')).toBeNull();
      await slurm.startNode();
      // Whoever submits the first job waits for the controller.
      await slurm.stopController();
      expect(await problem('sbatch --partition=nowhere --wrap true')).toBeNull();
      await slurm.startController();
      expect(await slurm.jobsNamed('ar-test')).toEqual([]);
    });
  });
});
