/** The real torchx through the conformance suite, over a scheduler that is registered with it as a company's own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shellWord } from '../../../../domain/command/shell-word.js';
import { ScheduledPlatform } from '../../../../jobs/clusters/scheduled-platform.js';
import { SchedulerBusy } from '../../../../jobs/clusters/scheduler.js';
import { SlurmScheduler } from '../../../../jobs/clusters/slurm/slurm-scheduler.js';
import { Bench, describePlatform, endOf, until } from '../../../support/platforms/conformance.js';
import { TorchxSpool, torchx, torchxPlatform, torchxScheduler } from '../../../support/platforms/torchx-bench.js';
import { removeFolder } from '../../../support/remove-folder.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../../../support/slurm.js';
import { onTorchx, torchxProgram } from '../../../support/torchx.js';

let spool: TorchxSpool;
beforeEach(async () => {
  spool = await TorchxSpool.open();
});
afterEach(() => spool.close());

const command = (text: string, scheduler?: string, more?: string) => spool.command(text, scheduler, more);

describe.runIf(torchxProgram !== null)(onTorchx('torchx'), () => {
  describePlatform('torchx, with a scheduler of its own', {
    make: (context) => torchxPlatform(context),
    command,
    jobsNamed: async (name) => (await spool.jobs()).filter((each) => each.startsWith(name)).length,
    dieAfterSubmit: async (context) => {
      const scheduler = torchxScheduler(context);
      const submit = scheduler.submit.bind(scheduler);
      scheduler.submit = async (job) => {
        await submit(job);
        throw new Error('this process is killed');
      };
      return new ScheduledPlatform(scheduler, context);
    },
    forget: async () => {
      for (const id of await spool.jobs()) await removeFolder(join(spool.folder, id));
    },
    patienceMs: 120_000,
  });

  describe('an app', { timeout: 120_000 }, () => {
    let bench: Bench;
    beforeEach(async () => {
      bench = await Bench.open({});
    });
    afterEach(() => removeFolder(bench.root));
    const jobOf = async (text: string) => {
      const folder = bench.context.workdir.job('torchx_n1');
      await mkdir(folder, { recursive: true });
      const { env, cwd } = await bench.request('n1', text);
      const run = bench.context.config.run_id;
      const texts = { command: text, launchCommand: text, script: '', cwd, folder };
      return { name: bench.jobName('n1'), run, nodeId: 'n1', env, timeLimitS: 60, ...texts };
    };

    it('is submitted once for a name, also by two who do not know of one another', async () => {
      const job = await jobOf(command('sleep 1'));
      const scheduler = torchxScheduler(bench.context);
      const handles = await Promise.all([scheduler.submit(job), torchxScheduler(bench.context).submit(job)]);
      expect(new Set(handles)).toEqual(new Set([`spooled://torchx/${job.name}`]));
      expect(await spool.jobs()).toEqual([job.name]);
      expect(await scheduler.find(job.name, job.folder)).toBe(handles[0]);
    });

    it('is named also where a program of Python calls torchx', async () => {
      const words = JSON.stringify([torchxProgram, 'run', '--workspace=', '-s', 'spooled', 'utils.sh', 'true']);
      const script = `import subprocess, sys; sys.exit(subprocess.call(${words}))`;
      const job = await jobOf(`${spool.variables} python3 -c ${shellWord(script)}`);
      expect(await torchxScheduler(bench.context).submit(job)).toBe(`spooled://torchx/${job.name}`);
    });

    it('is looked for at its scheduler where whoever submitted it died before it was on record', async () => {
      const job = await jobOf(command('sleep 1'));
      const scheduler = torchxScheduler(bench.context);
      await scheduler.submit(job);
      // As the record stands between the two.
      await writeFile(join(job.folder, 'torchx.json'), JSON.stringify({ scheduler: 'spooled', handle: null }));
      expect(await scheduler.find(job.name, job.folder)).toBeNull();
      expect(await scheduler.submit(job)).toBe(`spooled://torchx/${job.name}`);
      expect(await spool.jobs()).toEqual([job.name]);
    });

    it('of several replicas ends as the app does, and its lines say whose they are', async () => {
      const platform = await torchxPlatform(bench.context);
      const text = 'echo node $AUTORESEARCH_NODE; exit 3';
      const { jobId } = await platform.launch(await bench.request('n1', command(text, 'spooled', '--num_replicas 2')));
      expect(await endOf(platform, jobId)).toMatchObject({
        cause: 'exit',
        returnCode: 3,
        said: 'exit code 3; failed: sh/0, sh/1',
      });
      expect((await platform.logs(jobId, 1000)).stdout).toBe('sh/0 node n1\nsh/1 node n1\n');
    });

    it('is asked about with the others, by one question', async () => {
      const scheduler = torchxScheduler(bench.context);
      const job = await jobOf(command('sleep 60'));
      const first = await scheduler.submit(job);
      expect(await scheduler.states([first, 'spooled://torchx/gone'])).toEqual(
        new Map([[first, { state: 'running' }]]),
      );
      await scheduler.cancel(first);
      await scheduler.cancel('spooled://torchx/gone');
      await until(async () => ((await scheduler.states([first])).get(first)?.state === 'ended' ? true : null));
      expect((await scheduler.states([first])).get(first)).toMatchObject({ cause: 'cancelled' });
    });

    it('that is refused is said to be, with what torchx says', async () => {
      const scheduler = torchxScheduler(bench.context);
      const unknown = await jobOf(`${spool.variables} ${torchx} run -s spooled utils.shh`);
      await expect(scheduler.submit(unknown)).rejects.toThrow(/submitted no app through torchx.*utils\.shh/s);
      const progress = 'torchx 2026-11-30 16:55:00 INFO     Tracker configurations: {}';
      const failing = await jobOf(`echo '${progress}'; echo '${progress.replace('INFO', 'ERROR')}' >&2; exit 1`);
      await expect(scheduler.submit(failing)).rejects.toThrow(/exit code 1\): torchx \S+ \S+ ERROR/);
      await expect(scheduler.submit(await jobOf('echo no torchx'))).rejects.toThrow(/exit code 0\): no torchx/);
      await expect(scheduler.submit(await jobOf('echo Too many requests; exit 1'))).rejects.toThrow(SchedulerBusy);
    });
  });
});

describe.runIf(torchxProgram !== null && noSlurmBecause === null)(onTorchx(onSlurm('torchx on Slurm')), () => {
  let slurm: TestSlurm;
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm?.stop());

  describePlatform('torchx, on Slurm', {
    make: (context) => torchxPlatform(context, { slurm: new SlurmScheduler() }),
    environment: () => ({ SLURM_CONF: slurm.file('slurm.conf') }),
    command: (text) => command(text, 'slurm', '--memMB 50'),
    patienceMs: 120_000,
  });
});
