/**
 * Every way in which a job of a real Slurm ends without its own doing, as a run tells it: the kind of failure, Slurm's
 * word for it, and the next step for the reader.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { running, until } from '../support/platforms/conformance.js';
import { SlurmBench } from '../support/platforms/slurm-bench.js';
import { failureOf, told } from '../support/platforms/told-failure.js';
import { noControlGroupsBecause, noSlurmBecause, onSlurm, TestSlurm } from '../support/slurm.js';

let slurm: TestSlurm;
const HUNGRY = `python3 -c "x = b'x' * 300_000_000; print(len(x), flush=True); import time; time.sleep(50)"`;
describe.runIf(noSlurmBecause === null)(onSlurm('an end on Slurm'), { timeout: 120_000 }, () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm?.stop());

  it('of a job that never starts', async () => {
    await using on = await SlurmBench.open(slurm);
    const failed = (await slurm.done('sbatch', '--parsable', '--output=/dev/null', '--wrap=false')).trim();
    await until(async () => ((await slurm.stateOf(failed)) === 'FAILED' ? true : null));
    const failure = await failureOf(on, `sbatch --dependency=afterok:${failed} --wrap true`);
    expect(failure).toEqual(
      told('job_never_started', /did not start .*DependencyNeverSatisfied/, /scheduler's reason/),
    );
  });

  it('of one that is pre-empted', async () => {
    await using on = await SlurmBench.open(slurm);
    const failure = await failureOf(on, 'sleep 600', async (jobId) => {
      await running(on.platform, jobId);
      await slurm.done('sbatch', '--partition=urgent', '--exclusive', '--output=/dev/null', '--wrap=true');
    });
    expect(failure).toEqual(told('job_preempted', /took the job's place .*PREEMPTED/, /partition or class/));
  });

  it('of one that takes too much memory, which Slurm itself sees', async () => {
    await using on = await SlurmBench.open(slurm);
    const failure = await failureOf(on, `srun --mem=40M ${HUNGRY}`);
    expect(failure).toEqual(told('job_out_of_memory', /more memory than it may/, /memory/));
  });

  it('of one that hangs', async () => {
    await using on = await SlurmBench.open(slurm);
    const failure = await failureOf(on, 'echo begun; sleep 600', undefined, { stallTimeoutS: 2 });
    expect(failure).toEqual(told('job_stalled', /printed nothing new/, /deadlock/));
  });

  it('of one that takes longer than it may', async () => {
    await using on = await SlurmBench.open(slurm);
    const failure = await failureOf(on, 'echo begun; sleep 600', undefined, { timeoutS: 2 });
    expect(failure).toEqual(
      told('job_timed_out', /exceeded its limit .*--job-timeout is the limit/s, /--job-timeout SECONDS/),
    );
    expect(failure?.details).toMatchObject({ timed_out: true });
  });

  it('of one whose host fails', async () => {
    await using on = await SlurmBench.open(slurm);
    const failure = await failureOf(on, 'sleep 600', async (jobId) => {
      await running(on.platform, jobId);
      await slurm.failNode();
      await slurm.startNode();
    });
    expect(failure).toEqual(
      told('job_node_failed', /host of the job failed .*NODE_FAIL of \S+/, /runs again by itself, once/),
    );
  });

  it('is none where the controller is down meanwhile, and the job goes on to its end', async () => {
    await using on = await SlurmBench.open(slurm);
    const failure = await failureOf(on, 'sleep 8; exit 0', async (jobId) => {
      await running(on.platform, jobId);
      await slurm.stopController();
      await until(async () => {
        const { state } = await on.platform.status(jobId);
        return state === 'ended' ? true : null;
      });
      await slurm.startController();
    });
    expect(failure).toBeNull();
  });
});

const noGroups = noSlurmBecause ?? noControlGroupsBecause;
describe.runIf(noGroups === null)(
  `an end on Slurm with control groups${noGroups === null ? '' : ` [skipped: ${noGroups}]`}`,
  { timeout: 120_000 },
  () => {
    beforeAll(async () => {
      slurm = await TestSlurm.start({ controlGroups: true });
    });
    afterAll(() => slurm?.stop());

    it('is told as such of a job that the kernel kills for its memory', async () => {
      await using on = await SlurmBench.open(slurm);
      const failure = await failureOf(on, `sbatch --mem=60M --wrap '${HUNGRY.replaceAll("'", `'\\''`)}'`);
      expect(failure).toEqual(told('job_out_of_memory', /OUT_OF_MEMORY/, /memory/));
    });
  },
);
