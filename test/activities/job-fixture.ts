/** A workdir, a source directory with its tree, and the local platform on them: what the tests of jobs work with. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineMailbox } from '../../activities/engine-mail/engine-mailbox.js';
import { ConfigSchema, type RunConfig } from '../../domain/formats/config.js';
import type { ExperimentReport } from '../../domain/protocol/activities.js';
import { packageFile } from '../../host/package-files.js';
import { processIdentity } from '../../host/process-identity.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import { type JobStatus, jobNameOf, type LaunchRequest } from '../../jobs/platforms/platform.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { Workdir } from '../../workdir/paths.js';
import type { RunContext } from '../../workdir/run-context.js';
import { removeFolder } from '../support/remove-folder.js';

export const RUN = 'r1';
export const FIXTURES = packageFile('test', 'fixtures', 'jobs');

export class JobFixture {
  /** What the engine was told. */
  readonly told: ExperimentReport[] = [];
  readonly mailbox: EngineMailbox = {
    deliver: async (report) => {
      this.told.push(report);
      return true;
    },
  };

  private constructor(
    readonly root: string,
    readonly context: RunContext,
    readonly platform: LocalPlatform,
  ) {}

  static async make(config: Partial<RunConfig> = {}, below = tmpdir()): Promise<JobFixture> {
    const root = await realpath(await mkdtemp(join(below, 'autoresearch-jobs-')));
    const workdir = new Workdir(join(root, 'work'));
    const source = join(root, 'repository', 'source');
    await mkdir(source, { recursive: true });
    const parsed = ConfigSchema.parse({
      run_id: RUN,
      source_dir: source,
      pipeline_script: join(source, 'train.py'),
      base_launch_command: 'true',
      // The tests' jobs are commands of their own.
      allow_agent_commands: true,
      ...config,
    });
    const context: RunContext = { workdir, config: parsed, log: () => {} };
    // A short grace: the tests' jobs that ignore TERM need not be waited for.
    return new JobFixture(root, context, new LocalPlatform(context, 0.3));
  }

  file(name: string): string {
    return join(this.root, name);
  }

  async request(nodeId: string, command: string, more: Partial<LaunchRequest> = {}): Promise<LaunchRequest> {
    const cwd = join(this.context.workdir.treeOf(nodeId), 'source');
    await mkdir(cwd, { recursive: true });
    return {
      jobName: jobNameOf(RUN, nodeId),
      nodeId,
      command,
      cwd,
      env: { PATH: process.env.PATH ?? '' },
      timeoutS: 60,
      stallTimeoutS: 0,
      metricsDir: this.context.workdir.metrics(nodeId),
      cpus: null,
      hold: null,
      ...more,
    };
  }

  /** Waits until the job has ended. */
  async end(jobId: string): Promise<Extract<JobStatus, { state: 'ended' }>> {
    for (;;) {
      const status = await this.platform.status(jobId);
      if (status.state === 'ended') return status;
      await this.platform.waitForChange(jobId, 30_000, new AbortController().signal);
    }
  }

  async record(jobId: string): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(this.context.workdir.job(jobId, 'job.json'), 'utf8'));
  }

  /** Source control whose trees are plain directories. */
  readonly sourceControl: Pick<SourceControl, 'openTree' | 'closeTree' | 'commitOf' | 'originals'> = {
    commitOf: async (name) => `c_${name}`,
    originals: async () => [],
    openTree: async (name) => {
      const root = this.context.workdir.treeOf(name);
      const sourceDir = join(root, 'source');
      await mkdir(sourceDir, { recursive: true });
      return { root, sourceDir };
    },
    closeTree: async (name) => removeFolder(this.context.workdir.treeOf(name)),
  };

  async remove(): Promise<void> {
    await removeFolder(this.root);
  }
}

/** Lines of a file once there are `count` of them. */
export async function linesOf(path: string, count: number): Promise<string[]> {
  for (;;) {
    const lines = existsSync(path) ? (await readFile(path, 'utf8')).split('\n').filter(Boolean) : [];
    if (lines.length >= count) return lines;
    await sleep(20);
  }
}

export async function untilGone(pid: number): Promise<void> {
  while ((await processIdentity(pid)) !== null) await sleep(20);
}

/** Pids of the runners of a job directory that this process started, as /proc knows them. */
export async function runnersOf(jobDir: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    // A runner's child looks like it until it becomes the command.
    if (!status.includes(`PPid:\t${process.pid}\n`)) continue;
    if (line.includes('autoresearch_job') && line.includes(`${jobDir}\0`)) found.push(Number(name));
  }
  return found;
}
