/** What happens to jobs of a real Slurm without their doing: memory, administrators, a controller that is down. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { singleQuoted } from '../../../../domain/command/shell-word.js';
import { SchedulerBusy } from '../../../../jobs/clusters/scheduler.js';
import { endOf, running, until } from '../../../support/platforms/conformance.js';
import { SlurmBench } from '../../../support/platforms/slurm-bench.js';
import { removeFolder } from '../../../support/remove-folder.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../../../support/slurm.js';

let slurm: TestSlurm;

describe.runIf(noSlurmBecause === null)(onSlurm('a job on Slurm'), { timeout: 60_000 }, () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm?.stop());

  it('that needs more memory than it asked for is told as such', async () => {
    await using on = await SlurmBench.open(slurm);
    const { platform } = on;
    const hungry = `python3 -c "x = b'x' * 300_000_000; print(len(x), flush=True); import time; time.sleep(50)"`;
    const jobId = await on.launch(`srun --mem=40M ${hungry}`);
    expect(await endOf(platform, jobId)).toMatchObject({ cause: 'out_of_memory' });
    const batch = await on.launch(`sbatch --mem=40M --wrap ${singleQuoted(hungry)}`, 'n2');
    expect(await endOf(platform, batch)).toMatchObject({ cause: 'out_of_memory', said: 'Slurm: OUT_OF_MEMORY' });
  });

  it('that was put back into the queue starts as if it had never run', async () => {
    await using on = await SlurmBench.open(slurm);
    const { bench, platform } = on;
    const count = bench.file('count');
    const go = bench.file('go');
    const jobId = await on.launch(
      `echo once >> '${count}'; echo begun; until [ -e '${go}' ]; do sleep 0.1; done; exit 5`,
    );
    await running(platform, jobId);
    await until(async () => ((await platform.logs(jobId, 100)).stdout === 'begun\n' ? true : null));
    const id = await on.id(jobId);
    await slurm.done('scontrol', 'update', `JobId=${id}`, 'Requeue=1');
    await slurm.done('scontrol', 'requeue', id);
    await until(async () => {
      expect((await platform.status(jobId)).state).not.toBe('ended');
      return (await slurm.stateOf(id)) === 'PENDING' ? true : null;
    });
    // Slurm itself waits for two minutes: a host refuses a job within the second in which it ended the first run.
    await slurm.done('scontrol', 'update', `JobId=${id}`, 'StartTime=now+3');
    await until(async () => ((await readFile(count, 'utf8')) === 'once\nonce\n' ? true : null));
    await writeFile(go, '');
    expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 5 });
    expect((await platform.logs(jobId, 100)).stdout).toBe('begun\n');
  });

  it('goes on, and ends, while the controller is down; what cannot be submitted then is asked for again', async () => {
    await using on = await SlurmBench.open(slurm);
    const { bench, platform } = on;
    const go = bench.file('go');
    const one = await on.launch(`until [ -e '${go}' ]; do sleep 0.1; done; exit 6`, 'n1');
    const two = await on.launch('sleep 600', 'n2');
    await running(platform, one);
    await running(platform, two);
    await slurm.stopController();
    const request = await bench.request('n3', 'exit 7');
    await expect(platform.launch(request)).rejects.toThrow(SchedulerBusy);
    await expect(platform.find(request.jobName)).rejects.toThrow(SchedulerBusy);
    expect(await platform.status(two)).toMatchObject({ state: 'running' });
    await expect(platform.cancel(two)).rejects.toThrow(SchedulerBusy);
    await writeFile(go, '');
    expect(await endOf(platform, one)).toMatchObject({ cause: 'exit', returnCode: 6 });
    await slurm.startController();
    expect(await platform.find(request.jobName)).toBeNull();
    const { jobId } = await platform.launch(request);
    expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 7 });
    await platform.cancel(two);
    expect(await platform.status(two)).toMatchObject({ cause: 'cancelled' });
  });

  it('whose folder somebody removes is ended in the queue, and told as lost', async () => {
    await using on = await SlurmBench.open(slurm);
    const { bench, platform } = on;
    for (const [node, again] of [
      ['n1', 0],
      ['n2', 0],
      ['n3', 1],
    ] as const) {
      const { jobId } = await platform.launch(await bench.request(node, 'sleep 600', { again }));
      await running(platform, jobId);
      const [id = ''] = await slurm.jobsNamed(`${bench.jobName(node)}${again === 0 ? '' : '.2'}`);
      await removeFolder(bench.context.workdir.job(jobId));
      if (node === 'n1')
        expect(await platform.status(jobId)).toMatchObject({
          cause: 'lost',
          said: expect.stringMatching(/was removed$/),
        });
      else await platform.cancel(jobId);
      await until(async () => ((await slurm.stateOf(id)) === 'CANCELLED' ? true : null));
    }
    // Three jobs, each of which Slurm may give half a minute to end.
  }, 150_000);

  it('is asked about with all others: one question an interval, and one for a launch and a cancel', async () => {
    await using on = await SlurmBench.open(slurm);
    const { bench, platform } = on;
    const go = bench.file('go');
    await slurm.callsSince();
    const nodes = Array.from({ length: 50 }, (_, index) => `n${index + 1}`);
    const command = `until [ -e '${go}' ]; do sleep 0.2; done; exit 3`;
    const jobs: string[] = [];
    for (const node of nodes) jobs.push(await on.launch(command, node));
    const launches = await slurm.callsSince();
    // A name is asked for only where a submission may have been made before.
    expect(launches.map((call) => call.split(' ')[0])).toEqual(nodes.map(() => 'sbatch'));
    const watched = new AbortController();
    const beganMs = Date.now();
    const ends = jobs.map(async (jobId) => {
      for (;;) {
        const status = await platform.status(jobId);
        if (status.state === 'ended') return status;
        await platform.waitForChange(jobId, 1000, watched.signal);
      }
    });
    await until(async () => (Date.now() - beganMs > 15_000 ? true : null));
    const tookS = (Date.now() - beganMs) / 1000;
    const asked = await slurm.callsSince();
    await platform.cancel(jobs[49]!);
    // Asked before the cancel, which looks at once how it ends.
    const calls = [...asked, ...(await slurm.callsSince()).filter((call) => call.startsWith('scancel '))];
    const cancels = calls.filter((call) => call.startsWith('scancel '));
    expect(cancels).toHaveLength(1);
    const questions = calls.filter((call) => !call.startsWith('scancel '));
    expect(questions.every((call) => call.startsWith('squeue '))).toBe(true);
    expect(questions.length).toBeLessThanOrEqual(tookS / bench.context.config.poll_interval + 2);
    expect(questions.length).toBeGreaterThan(3);
    await writeFile(go, '');
    for (const end of (await Promise.all(ends)).slice(0, 49)) expect(end).toMatchObject({ returnCode: 3 });
  }, 120_000);
});
