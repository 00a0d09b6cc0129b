/**
 * What every platform must show before jobs are trusted to it: `describePlatform` makes the tests for one. A platform
 * of the user's own is run through it as test/jobs/clusters/module-platform.test.ts does (docs/platforms.md).
 */
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSchema } from '../../../domain/formats/config.js';
import type { EndCause } from '../../../domain/verdict/end-cause.js';
import { type JobStatus, jobNameOf, type LaunchRequest, type Platform } from '../../../jobs/platforms/platform.js';
import { Workdir } from '../../../workdir/paths.js';
import type { RunContext } from '../../../workdir/run-context.js';
import { removeFolder } from '../remove-folder.js';

/** Another one for each test: a scheduler knows the jobs of those before. */
let runs = 0;

export interface PlatformUnderTest {
  /** As a worker makes it, anew each time: what one object holds in memory, the next does not know. */
  make(context: RunContext): Promise<Platform>;
  /** What jobs need in their environment to reach it. */
  environment?(): Record<string, string>;
  /** The launch command that has the platform run such a shell command; absent: itself. */
  command?(shellCommand: string): string;
  /** What a job prints to its two streams comes as one. */
  printsToOne?: boolean;
  /** How many jobs of this name were ever given to it; the tests of "one job" count by this. */
  jobsNamed?(jobName: string): Promise<number>;
  /** Makes the next submission arrive while whoever submits it dies before it hears so; absent: it cannot happen. */
  dieAfterSubmit?(context: RunContext): Promise<Platform>;
  /** Makes the scheduler forget its ended jobs; absent: nothing is ever forgotten. */
  forget?(): Promise<void>;
  /** Brings such an end about; absent: the platform has no such end. */
  ends?: Partial<Record<EndCause, (jobId: string, platform: Platform) => Promise<void>>>;
  /** Milliseconds that an answer of it may take in a test. */
  patienceMs?: number;
}

export class Bench {
  private constructor(
    readonly root: string,
    readonly context: RunContext,
    private readonly environment: Record<string, string>,
  ) {}

  static async open(environment: Record<string, string>): Promise<Bench> {
    const root = await mkdtemp(join(tmpdir(), 'autoresearch-platform-'));
    const source = join(root, 'source');
    await mkdir(source);
    const config = ConfigSchema.parse({
      run_id: `conf${process.pid}x${++runs}`,
      source_dir: source,
      pipeline_script: join(source, 'train.py'),
      base_launch_command: 'true',
      poll_interval: 1,
    });
    return new Bench(root, { workdir: new Workdir(join(root, 'work')), config, log: () => {} }, environment);
  }

  file(name: string): string {
    return join(this.root, name);
  }

  jobName(nodeId: string): string {
    return jobNameOf(this.context.config.run_id, nodeId);
  }

  async request(nodeId: string, command: string, more: Partial<LaunchRequest> = {}): Promise<LaunchRequest> {
    const metricsDir = this.context.workdir.metrics(nodeId);
    await mkdir(metricsDir, { recursive: true });
    const { PATH = '', HOME = '' } = process.env;
    return {
      jobName: this.jobName(nodeId),
      nodeId,
      command,
      cwd: this.context.config.source_dir,
      env: { ...this.environment, PATH, HOME, AUTORESEARCH_NODE: nodeId },
      timeoutS: 120,
      stallTimeoutS: 0,
      metricsDir,
      cpus: null,
      hold: null,
      ...more,
    };
  }
}

type Ended = Extract<JobStatus, { state: 'ended' }>;

export async function until<T>(look: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await sleep(100);
  }
}

export async function endOf(platform: Platform, jobId: string): Promise<Ended> {
  return await until(async () => {
    const status = await platform.status(jobId);
    if (status.state === 'ended') return status;
    await platform.waitForChange(jobId, 5000, new AbortController().signal);
    return null;
  });
}

export const running = (platform: Platform, jobId: string) =>
  until(async () => ((await platform.status(jobId)).state === 'running' ? true : null));

export function describePlatform(name: string, under: PlatformUnderTest): void {
  describe(`the platform ${name}`, { timeout: under.patienceMs ?? 60_000 }, () => {
    let bench: Bench;
    let platform: Platform;
    beforeEach(async () => {
      bench = await Bench.open(under.environment?.() ?? {});
      platform = await under.make(bench.context);
    });
    afterEach(() => removeFolder(bench.root));

    const commandFor = (text: string) => under.command?.(text) ?? text;
    const launch = async (nodeId: string, command: string, more: Partial<LaunchRequest> = {}) =>
      await platform.launch(await bench.request(nodeId, commandFor(command), more));
    const countJobs = async (nodeId: string) => {
      if (under.jobsNamed !== undefined) expect(await under.jobsNamed(bench.jobName(nodeId))).toBe(1);
    };

    it('runs a job in its directory with its environment, and tells its output and return code', async () => {
      const { jobId } = await launch('n1', 'pwd; echo "node=$AUTORESEARCH_NODE"; echo err >&2; exit 3');
      expect(await endOf(platform, jobId)).toMatchObject({ cause: 'exit', returnCode: 3 });
      const { stdout, stderr } = await platform.logs(jobId, 10_000);
      expect(stdout).toContain(`${bench.context.config.source_dir}\nnode=n1\n`);
      expect(under.printsToOne ? stdout : stderr).toContain('err\n');
    });

    it('finds no job that was never launched', async () => {
      expect(await platform.find(bench.jobName('never'))).toBeNull();
    });

    it('finds a job by its name, whoever launched it, and launches it once', async () => {
      const count = bench.file('count');
      const { jobId } = await launch('n1', `echo once >> '${count}'; sleep 1`);
      const other = await under.make(bench.context);
      expect((await other.find(bench.jobName('n1')))?.jobId).toBe(jobId);
      expect(await endOf(other, jobId)).toMatchObject({ cause: 'exit', returnCode: 0 });
      expect((await other.find(bench.jobName('n1')))?.jobId).toBe(jobId);
      expect(await readFile(count, 'utf8')).toBe('once\n');
      await countJobs('n1');
    });

    it.runIf(under.dieAfterSubmit)('finds a job whose submitter died before it heard its id', async () => {
      const count = bench.file('count');
      const request = await bench.request('n1', commandFor(`echo once >> '${count}'`));
      const dying = await under.dieAfterSubmit!(bench.context);
      await expect(dying.launch(request)).rejects.toThrow();
      const found = await platform.find(request.jobName);
      expect(found).not.toBeNull();
      expect(await endOf(platform, found!.jobId)).toMatchObject({ cause: 'exit', returnCode: 0 });
      expect(await readFile(count, 'utf8')).toBe('once\n');
      await countJobs('n1');
    });

    it.runIf(under.forget)('knows the end of a job that its scheduler has forgotten', async () => {
      const { jobId } = await launch('n1', 'echo out; exit 4');
      const end = await endOf(platform, jobId);
      await under.forget!();
      const other = await under.make(bench.context);
      expect((await other.find(bench.jobName('n1')))?.jobId).toBe(jobId);
      expect(await endOf(other, jobId)).toMatchObject({ cause: 'exit', returnCode: 4, endedAtMs: end.endedAtMs });
      expect((await other.logs(jobId, 100)).stdout).toContain('out\n');
    });

    it('shows the output of a job while it runs, and ends it as often as asked', async () => {
      const go = bench.file('go');
      const { jobId } = await launch(
        'n1',
        `echo first; until [ -e '${go}' ]; do sleep 0.1; done; echo second; sleep 600`,
      );
      await running(platform, jobId);
      await until(async () => ((await platform.logs(jobId, 1000)).stdout.includes('first\n') ? true : null));
      await writeFile(go, '');
      await until(async () => ((await platform.logs(jobId, 1000)).stdout.includes('first\nsecond\n') ? true : null));
      await platform.cancel(jobId);
      await platform.cancel(jobId);
      expect(await endOf(platform, jobId)).toMatchObject({ cause: 'cancelled' });
      // What was printed before stays.
      expect((await platform.logs(jobId, 1000)).stdout).toContain('first\nsecond\n');
    });

    it('keeps a log that is longer than what is asked for', async () => {
      const { jobId } = await launch('n1', 'seq 1 40000');
      expect(await endOf(platform, jobId)).toMatchObject({ returnCode: 0 });
      const { stdout } = await platform.logs(jobId, 12);
      expect(stdout).toBe('39999\n40000\n');
    });

    it('ends a job at its time limit', async () => {
      const { jobId } = await launch('n1', 'echo begun; sleep 600', { timeoutS: 2 });
      expect(await endOf(platform, jobId)).toMatchObject({ cause: 'timeout' });
    });

    it('ends a job that prints nothing new', async () => {
      const { jobId } = await launch('n1', 'echo begun; sleep 600', { stallTimeoutS: 2 });
      expect(await endOf(platform, jobId)).toMatchObject({ cause: 'stalled' });
    });

    it('runs a job again when the one before was set aside', async () => {
      const first = await launch('n1', 'exit 7');
      await endOf(platform, first.jobId);
      const aside = bench.file('earlier_job_1');
      await platform.setAside!(first.jobId, aside);
      await platform.setAside!(first.jobId, aside);
      expect(await platform.find(bench.jobName('n1'))).toBeNull();
      const second = await launch('n1', 'exit 8', { again: 1 });
      expect(await endOf(platform, second.jobId)).toMatchObject({ returnCode: 8 });
      expect(await readFile(join(aside, 'returncode.txt'), 'utf8')).toBe('7\n');
    });

    it('tells of several jobs at a time', async () => {
      const jobs = await Promise.all(
        [0, 1, 2, 3].map((code) =>
          bench.request(`n${code}`, commandFor(`sleep 1; exit ${code}`)).then((one) => platform.launch(one)),
        ),
      );
      const ends = await Promise.all(jobs.map(({ jobId }) => endOf(platform, jobId)));
      expect(ends.map(({ returnCode }) => returnCode)).toEqual([0, 1, 2, 3]);
    });

    for (const [cause, bringAbout] of Object.entries(under.ends ?? {})) {
      it(`tells an end that is "${cause}"`, async () => {
        const { jobId } = await launch('n1', 'echo begun; sleep 600');
        await bringAbout(jobId, platform);
        const end = await endOf(platform, jobId);
        expect(end.cause).toBe(cause);
        // For good, and whoever asks.
        expect(await endOf(await under.make(bench.context), jobId)).toEqual(end);
      });
    }
  });
}
