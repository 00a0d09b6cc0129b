/**
 * A Slurm that keeps accounts (Debian's slurmdbd and mariadb): what its controller has forgotten, `sacct` knows, and
 * `sacct` is asked of nothing else.
 */
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SlurmScheduler } from '../../jobs/clusters/slurm/slurm-scheduler.js';
import { launchProblem } from '../../jobs/platforms/index.js';
import { endOf, running, until } from '../support/platforms/conformance.js';
import { noAccountsBecause } from '../support/platforms/slurm-accounts.js';
import { SlurmBench, slurmPlatform } from '../support/platforms/slurm-bench.js';
import { noSlurmBecause, TestSlurm } from '../support/slurm.js';

const because = noSlurmBecause ?? noAccountsBecause;
let slurm: TestSlurm;

describe.runIf(because === null)(`Slurm with accounts${because === null ? '' : ` [skipped: ${because}]`}`, () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start({ accounts: true });
  }, 120_000);
  afterAll(() => slurm?.stop());

  const inAccounts = (id: string, state: string) =>
    until(async () => {
      const said = await slurm.done('sacct', '--allocations', '--noheader', '--parsable2', '--format=State', '-j', id);
      return said.startsWith(state) ? true : null;
    });

  it('tells the ends of jobs that the controller has forgotten, by one question for all of them', async () => {
    await using on = await SlurmBench.open(slurm);
    const { bench, platform } = on;
    const jobs = {
      exit: await on.launch('exit 3', 'n1'),
      cancelled: await on.launch('sleep 600', 'n2'),
      preempted: await on.launch('sleep 600', 'n3'),
      out_of_memory: await on.launch(
        `srun --mem=40M python3 -c "x = b'x' * 300_000_000; import time; time.sleep(50)"`,
        'n4',
      ),
    };
    const ids = Object.fromEntries(
      await Promise.all(Object.entries(jobs).map(async ([end, jobId]) => [end, await on.id(jobId)] as const)),
    ) as Record<keyof typeof jobs, string>;
    expect(await endOf(platform, jobs.exit)).toMatchObject({ cause: 'exit', returnCode: 3 });
    expect(await endOf(platform, jobs.out_of_memory)).toMatchObject({ cause: 'out_of_memory' });
    await running(platform, jobs.cancelled);
    await slurm.done('scancel', ids.cancelled);
    await running(platform, jobs.preempted);
    await slurm.done('sbatch', '--partition=urgent', '--exclusive', '--output=/dev/null', '--wrap=true');
    for (const [id, state] of [
      [ids.exit, 'FAILED'],
      [ids.cancelled, 'CANCELLED'],
      [ids.preempted, 'PREEMPTED'],
    ] as const)
      await inAccounts(id, state);
    await slurm.forget();
    await slurm.callsSince();
    const told = await new SlurmScheduler().states(Object.values(ids));
    const calls = (await slurm.callsSince()).map((call) => call.split(' ')[0]);
    expect(calls).toEqual(['squeue', 'sacct']);
    expect(told.get(ids.exit)).toMatchObject({ cause: 'exit', returnCode: 3 });
    expect(told.get(ids.cancelled)).toMatchObject({ cause: 'cancelled' });
    expect(told.get(ids.preempted)).toMatchObject({ cause: 'preempted' });
    const folder = (jobId: string) => bench.context.workdir.job(jobId);
    expect(await new SlurmScheduler().find(bench.jobName('n1'), folder(jobs.exit))).toBe(ids.exit);
    expect(await new SlurmScheduler().find(bench.jobName('n9'), folder('slurm_n9'))).toBeNull();
  }, 180_000);

  it('knows how a job ended whose own record is lost, and whose submitter died before it heard the id', async () => {
    await using on = await SlurmBench.open(slurm);
    const { bench } = on;
    const folder = bench.context.workdir.job('slurm_n1');
    const jobId = await on.launch('exit 4');
    const id = await on.id(jobId);
    await inAccounts(id, 'FAILED');
    await slurm.forget();
    for (const name of ['job.json', 'returncode.txt']) await rm(join(folder, name), { force: true });
    const submission = { name: bench.jobName('n1'), submittedAtMs: Date.now(), schedulerId: null };
    await writeFile(join(folder, 'submission.json'), JSON.stringify(submission));
    const other = await slurmPlatform(bench.context);
    expect((await other.find(bench.jobName('n1')))?.jobId).toBe(jobId);
    expect(await endOf(other, jobId)).toMatchObject({ cause: 'exit', returnCode: 4 });
  }, 120_000);

  it('is asked before a run begins whether it takes the account and the quality of service of its jobs', async () => {
    await using on = await SlurmBench.open(slurm);
    const problem = async (base_launch_command: string) => {
      const config = { ...on.bench.context.config, platform: 'slurm', base_launch_command };
      const place = { cwd: config.source_dir, env: slurm.environment };
      return await launchProblem({ ...on.bench.context, config }, place);
    };
    for (const words of ['account ours', 'user root account=ours'])
      await slurm.done('sacctmgr', '--immediate', 'add', ...words.split(' '));
    await slurm.stopController();
    await appendFile(slurm.file('slurm.conf'), 'AccountingStorageEnforce=associations,qos\n');
    await slurm.startController();
    expect(await problem('sbatch --account=ours --wrap true')).toBeNull();
    const refused = /^sbatch refuses its job: .*invalid (?:account|qos)/is;
    expect(await problem('sbatch --account=nobodys --wrap true')).toMatch(refused);
    expect(await problem('sbatch --account=ours --qos=nowhere --wrap true')).toMatch(refused);
    expect(await slurm.jobsNamed('ar-test')).toEqual([]);
  }, 120_000);
});
