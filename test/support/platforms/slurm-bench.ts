/** A Slurm and a platform on it for one test: what several tests of Slurm ask. */
import { ScheduledPlatform } from '../../../jobs/clusters/scheduled-platform.js';
import { SlurmScheduler } from '../../../jobs/clusters/slurm/slurm-scheduler.js';
import { submissionFile } from '../../../jobs/clusters/submission.js';
import type { Platform } from '../../../jobs/platforms/platform.js';
import type { RunContext } from '../../../workdir/run-context.js';
import { removeFolder } from '../remove-folder.js';
import type { TestSlurm } from '../slurm.js';
import { Bench } from './conformance.js';

const contexts = new WeakMap<Platform, RunContext>();

export async function slurmPlatform(context: RunContext): Promise<Platform> {
  const platform = new ScheduledPlatform(new SlurmScheduler(), context, { lookEveryMs: 100, recordLagMs: 3000 });
  contexts.set(platform, context);
  return platform;
}

/** Slurm's number of a job of that platform. */
export async function slurmId(platform: Platform, jobId: string): Promise<string> {
  const submission = await submissionFile.read(contexts.get(platform)!.workdir.job(jobId));
  return submission!.schedulerId!;
}

export class SlurmBench {
  private constructor(
    readonly slurm: TestSlurm,
    readonly bench: Bench,
    readonly platform: Platform,
  ) {}

  static async open(slurm: TestSlurm): Promise<SlurmBench> {
    const bench = await Bench.open(slurm.environment);
    return new SlurmBench(slurm, bench, await slurmPlatform(bench.context));
  }

  async launch(command: string, nodeId = 'n1'): Promise<string> {
    return (await this.platform.launch(await this.bench.request(nodeId, command))).jobId;
  }

  id(jobId: string): Promise<string> {
    return slurmId(this.platform, jobId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.slurm.call('scancel', '--user=root');
    await removeFolder(this.bench.root);
  }
}
