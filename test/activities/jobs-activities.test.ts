import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeCancelJob } from '../../activities/cancel-job.js';
import { makeLaunchJob } from '../../activities/launch-job.js';
import { makePollMetrics } from '../../activities/poll-metrics.js';
import type { JobEnd } from '../../domain/protocol/activities.js';
import { failure } from '../../domain/run/failure.js';
import { DEFAULT_LIMITS } from '../../domain/run/limits.js';
import type { HostHold } from '../../domain/run/slots.js';
import { runsAgain } from '../../domain/verdict/runs-again.js';
import { writeFileAtomic, writeJsonAtomic } from '../../host/atomic-file.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { openRunLog } from '../../workdir/event-log.js';
import { Story } from '../domain/run-story.js';
import { removeFolder } from '../support/remove-folder.js';
import { JobFixture, linesOf, RUN } from './job-fixture.js';

let jobs: JobFixture;
beforeEach(async () => {
  jobs = await JobFixture.make();
});
afterEach(() => jobs.remove());

const node = (nodeId: string) => ({ run: RUN, nodeId });

async function prepare(nodeId: string, launchCommand: string, fixture = jobs): Promise<void> {
  const { workdir } = fixture.context;
  await writeJsonAtomic(workdir.node(nodeId, 'spec.json'), { name: nodeId, launch_command: launchCommand });
  await writeFileAtomic(workdir.run(nodeId, 'image.txt'), 'my image\n');
}

const launch = (nodeId: string, fixture = jobs, slot = 1, again?: number) =>
  makeLaunchJob({
    context: fixture.context,
    platform: fixture.platform,
    sourceControl: fixture.sourceControl as SourceControl,
    runLog: openRunLog(fixture.context.workdir),
  })({ ...node(nodeId), slot, ...(again === undefined ? {} : { again }) });

const poll = (nodeId: string, more: { windowMs?: number; environment?: MockActivityEnvironment } = {}) => {
  const environment = more.environment ?? new MockActivityEnvironment();
  const activity = makePollMetrics({
    context: jobs.context,
    platform: jobs.platform,
    mailbox: jobs.mailbox,
    runLog: openRunLog(jobs.context.workdir),
    ...(more.windowMs === undefined ? {} : { windowMs: more.windowMs }),
  });
  return environment.run(activity, node(nodeId)) as Promise<JobEnd>;
};

describe('launchJob', () => {
  it('gives the job the time limit that is in force now', async () => {
    const limits = { ...DEFAULT_LIMITS, jobTimeoutS: 77 };
    await openRunLog(jobs.context.workdir).append([{ seq: 1, atMs: 1, type: 'run_started', run: RUN, limits }]);
    await prepare('n1', 'true');
    const { jobId } = await launch('n1');
    const record = JSON.parse(await readFile(jobs.context.workdir.job(jobId, 'job.json'), 'utf8')) as {
      timeout_s: number;
    };
    expect(record.timeout_s).toBe(77);
    await poll('n1');
  });

  it('lets the end of a job name the limit that it was launched with', async () => {
    const log = openRunLog(jobs.context.workdir);
    const limits = { ...DEFAULT_LIMITS, jobTimeoutS: 1 };
    await log.append([{ seq: 1, atMs: 1, type: 'run_started', run: RUN, limits }]);
    await prepare('n1', 'sleep 600');
    await launch('n1');
    await log.append([{ seq: 2, atMs: 2, type: 'limits_set', limits: { jobTimeoutS: 99 } }]);
    const { failure } = await poll('n1');
    expect(failure).toMatchObject({ message: /exceeded its limit of 1 s/, details: { timed_out: true, limit_s: 1 } });
  });

  it('lets an ended job run again in its place, once however often it is asked, and keeps what the first one left', async () => {
    const { workdir } = jobs.context;
    await prepare(
      'n1',
      `wc -l < '${jobs.context.workdir.at('ledger')}'; echo >> '${jobs.context.workdir.at('ledger')}'`,
    );
    await writeFile(jobs.context.workdir.at('ledger'), '');
    await jobs.end((await launch('n1')).jobId);
    await mkdir(workdir.metrics('n1'), { recursive: true });
    await writeFile(join(workdir.metrics('n1'), 'system.tsv'), 'of the first job');
    for (let time = 0; time < 2; time += 1) await jobs.end((await launch('n1', jobs, 1, 1)).jobId);
    expect((await jobs.platform.logs('local_n1', 100)).stdout.trim()).toBe('1');
    expect((await readFile(workdir.run('n1', 'earlier_job_1', 'stdout.log'), 'utf8')).trim()).toBe('0');
    expect(await readFile(jobs.context.workdir.at('ledger'), 'utf8')).toBe('\n\n');
    const measured = await readFile(join(workdir.metrics('n1'), 'system.tsv'), 'utf8').catch(() => '');
    expect(measured).not.toContain('of the first job');
    await expect(launch('n1', jobs, 1, 99)).rejects.toThrow('again: 99: a whole number from 1 to 3');
  });

  it('starts the command in its tree with the image and the slot, and once when it runs twice', async () => {
    const { source_dir } = jobs.context.config;
    await prepare(
      'n1',
      `echo "$IMAGE" $AUTORESEARCH_SLOT $PWD ${source_dir}/train.py >> '${jobs.context.workdir.at('ledger')}'`,
    );
    const first = await launch('n1');
    expect(await launch('n1')).toEqual(first);
    await jobs.end(first.jobId);
    const tree = join(jobs.context.workdir.treeOf('n1'), 'source');
    expect(await linesOf(jobs.context.workdir.at('ledger'), 1)).toEqual([`my image 1 ${tree} ${tree}/train.py`]);
    // The projections tell them, once the engine has heard of them.
    for (const file of ['commit.txt', 'job_id.txt'])
      expect(existsSync(jobs.context.workdir.run('n1', file))).toBe(false);
  });

  it('shows a job the GPUs of its slot, and keeps it on its CPUs', async () => {
    const [cpu = '0'] = /Cpus_allowed_list:\s*(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.slice(1) ?? [];
    const slots = [
      { gpus: '0', cpus: null },
      { gpus: '1-2', cpus: cpu },
    ];
    const owner = await JobFixture.make({ slots });
    vi.stubEnv('AUTORESEARCH_SLOTS_DIR', owner.file('slots'));
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const command = 'echo $CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER; grep Cpus_allowed_list /proc/self/status';
    for (const [nodeId, slot] of [
      ['n1', 0],
      ['n2', 1],
    ] as const) {
      await prepare(nodeId, command, owner);
      await owner.end((await launch(nodeId, owner, slot)).jobId);
    }
    const said = async (jobId: string) => (await owner.platform.logs(jobId, 1000)).stdout;
    expect(await said('local_n1')).toMatch(/^0 PCI_BUS_ID\n/);
    expect(await said('local_n2')).toBe(`1,2 PCI_BUS_ID\nCpus_allowed_list:\t${cpu}\n`);
    expect((await readdir(owner.file('slots'))).sort()).toEqual(
      [`cpu-${cpu}`, 'gpu-0', 'gpu-1', 'gpu-2', 'machine', 'turn'].map((name) => `${name}.lock`),
    );
    await owner.remove();
  });

  it('holds the machine alone, until a person wants more jobs at a time', async () => {
    const owner = await JobFixture.make({ exclusive_machine: true, max_concurrency: 1 });
    vi.stubEnv('AUTORESEARCH_SLOTS_DIR', owner.file('slots'));
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await prepare('n1', `until [ -e ${owner.context.workdir.at('go')} ]; do sleep 0.02; done`, owner);
    await prepare('n2', 'true', owner);
    await prepare('n3', 'true', owner);
    await launch('n1', owner, 0);
    const second = await launch('n2', owner, 0);
    expect(await owner.platform.status(second.jobId)).toEqual({ state: 'pending' });
    const limits = { ...DEFAULT_LIMITS, maxConcurrency: 2 };
    await openRunLog(owner.context.workdir).append([{ seq: 1, atMs: 1, type: 'run_started', run: RUN, limits }]);
    await owner.end((await launch('n3', owner, 1)).jobId);
    await writeFile(owner.context.workdir.at('go'), '');
    await owner.end(second.jobId);
    await owner.remove();
  });

  it('takes the base launch command where the experiment has none', async () => {
    const base = await JobFixture.make({ base_launch_command: 'echo base' });
    await prepare('n1', '', base);
    const { jobId } = await launch('n1', base);
    await base.end(jobId);
    expect((await base.platform.logs(jobId, 100)).stdout).toBe('base\n');
    await base.remove();
  });

  it.each([
    { name: 'a node without a specification', input: { run: RUN, nodeId: 'n1', slot: 0 }, type: 'launch_failed' },
  ])('refuses $name', async ({ input, type }) => {
    const activity = makeLaunchJob({
      context: jobs.context,
      platform: jobs.platform,
      sourceControl: jobs.sourceControl as SourceControl,
      runLog: openRunLog(jobs.context.workdir),
    });
    await expect(activity(input)).rejects.toMatchObject({ type, nonRetryable: true });
  });
});

describe('pollMetrics', () => {
  /** The job n1 holds the machine until the file `go` is there; the hold makes another job wait for it. */
  async function machineHeldUntilGo(): Promise<HostHold> {
    vi.stubEnv('AUTORESEARCH_SLOTS_DIR', jobs.file('slots'));
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const hold: HostHold = { machine: 'exclusive', resources: [] };
    const busy = `until [ -e ${jobs.context.workdir.at('go')} ]; do sleep 0.02; done`;
    await jobs.platform.launch(await jobs.request('n1', busy, { hold }));
    return hold;
  }

  it('tells the engine of a launch when the job has its slot', async () => {
    const hold = await machineHeldUntilGo();
    const { jobId } = await jobs.platform.launch(await jobs.request('n2', 'true', { hold }));
    await expect(poll('n2', { windowMs: 100 })).rejects.toThrow('is still running');
    expect(jobs.told).toEqual([]);
    await writeFile(jobs.context.workdir.at('go'), '');
    const end = await poll('n2');
    const { started_at, ended_at } = (await jobs.record(jobId)) as { started_at: number; ended_at: number };
    const launchedAtMs = started_at * 1000;
    expect(jobs.told).toContainEqual({ type: 'launched', nodeId: 'n2', jobId, launchedAtMs });
    const { durationS } = end;
    expect(jobs.told, 'before the experiment hears of it').toContainEqual({
      type: 'job_ended',
      nodeId: 'n2',
      jobId,
      launchedAtMs,
      durationS,
    });
    expect(end, 'its wait is no part of its time').toMatchObject({
      launchedAtMs: started_at * 1000,
      durationS: expect.closeTo(ended_at - started_at, 3),
    });
  });

  it('judges a job by its limits from when it has its slot', async () => {
    const hold = await machineHeldUntilGo();
    const limitS = 2;
    const limits = { hold, timeoutS: limitS, stallTimeoutS: limitS };
    const { jobId } = await jobs.platform.launch(await jobs.request('n2', 'true', limits));
    await sleep(limitS * 1000);
    await writeFile(jobs.context.workdir.at('go'), '');
    expect((await poll('n2')).failure).toBeNull();
    expect((await jobs.record(jobId)).waited_s, 'longer than it may run').toBeGreaterThan(limitS);
  });

  it('tells a good end, the same one each time', async () => {
    await prepare('n1', 'sleep 0.3');
    await launch('n1');
    const end = await poll('n1');
    expect(end.failure).toBeNull();
    expect(end.durationS).toBeGreaterThan(0.2);
    expect(await poll('n1')).toEqual(end);
  });

  it('tells a failure with its kind, the last line of the traceback and the job', async () => {
    await prepare('n1', `python3 -c 'import no_such_module'`);
    await launch('n1');
    const { failure } = await poll('n1');
    expect(failure).toMatchObject({
      kind: 'job_startup_failed',
      phase: 'job',
      job_id: 'local_n1',
      exception_type: 'ModuleNotFoundError',
      details: { return_code: 1 },
    });
    expect(failure?.message).toContain("No module named 'no_such_module'");
    expect((await poll('n1')).failure).toEqual(failure);
  });

  it('a failure after the first metric is one at run time', async () => {
    await prepare('n1', 'echo "[autoresearch] ttfb_s=0.5"; exit 1');
    await launch('n1');
    expect((await poll('n1')).failure).toMatchObject({ kind: 'job_runtime_failed' });
  });

  it('ends its window with a benign failure that is tried again, and leaves the job alone', async () => {
    await prepare('n1', `until [ -e '${jobs.context.workdir.at('go')}' ]; do sleep 0.02; done`);
    await launch('n1');
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const error = await poll('n1', { windowMs: 200, environment }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({
      type: 'still_running',
      nonRetryable: false,
      category: ApplicationFailureCategory.BENIGN,
    });
    expect(beats.length).toBeGreaterThan(0);
    await writeFile(jobs.context.workdir.at('go'), '');
    expect((await poll('n1')).failure).toBeNull();
  });

  it('throws the cancellation at once, and leaves the job running', async () => {
    await prepare('n1', 'echo up; sleep 600');
    const { jobId } = await launch('n1');
    const environment = new MockActivityEnvironment();
    environment.on('heartbeat', () => environment.cancel('WORKER_SHUTDOWN'));
    await expect(poll('n1', { environment })).rejects.toBeInstanceOf(CancelledFailure);
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
    await jobs.platform.cancel(jobId);
  });

  it('tells a job whose runner was killed as lost, and it runs again in its place', async () => {
    const { workdir } = jobs.context;
    const [began, go] = [workdir.at('began'), workdir.at('go')];
    await prepare('n1', `echo ran >> '${began}'; until [ -e '${go}' ]; do sleep 0.02; done`);
    const { jobId } = await launch('n1');
    await linesOf(began, 1);
    const { pid, runner_pid } = await jobs.record(jobId);
    process.kill(Number(runner_pid), 'SIGKILL');
    process.kill(Number(pid), 'SIGKILL');
    const { failure } = await poll('n1');
    expect(failure).toMatchObject({ kind: 'job_lost', phase: 'job', job_id: jobId, details: { lost: true } });
    expect(runsAgain(failure, 0)).toBe(true);
    await writeFile(go, '');
    // As the export had written it, which writes it once.
    const record = workdir.run('n1', 'job_id.txt');
    await writeFile(record, `${jobId}\n`);
    await launch('n1', jobs, 1, 1);
    expect(await readFile(record, 'utf8')).toBe(`${jobId}\n`);
    expect((await poll('n1')).failure).toBeNull();
    expect(await linesOf(began, 2)).toEqual(['ran', 'ran']);
  });

  it('tells a job as lost that left no trace, and starts it once however often it is asked', async () => {
    const { workdir } = jobs.context;
    const ledger = workdir.at('ledger');
    await prepare('n1', `echo >> '${ledger}'`);
    const { failure } = await poll('n1');
    expect(failure).toMatchObject({ kind: 'job_lost', message: /has no job to watch/ });
    expect(runsAgain(failure, 0)).toBe(true);
    for (let time = 0; time < 2; time += 1) await jobs.end((await launch('n1', jobs, 1, 1)).jobId);
    expect(await readFile(ledger, 'utf8')).toBe('\n');
  });

  it('tells a job as lost whose folder somebody removed', async () => {
    const { workdir } = jobs.context;
    await prepare('n1', 'true');
    const { jobId } = await launch('n1');
    await jobs.end(jobId);
    await mkdir(workdir.run('n1'), { recursive: true });
    await writeFile(workdir.run('n1', 'job_id.txt'), jobId);
    await removeFolder(workdir.job(jobId));
    expect((await poll('n1')).failure).toMatchObject({ kind: 'job_lost' });
  });
});

describe('pollMetrics of a job that cannot come near the best', () => {
  const slow = (ms: number, steps = 130) =>
    `echo "[autoresearch] batch_size=10"; i=0; while [ $i -lt ${steps} ]; do i=$((i+1)); echo "[autoresearch] step=$i step_time_ms=${ms}.$((i%3))"; done; echo done; sleep 600`;

  /** A baseline of 100 ms a step that became the best, and two planned experiments. */
  async function run(): Promise<void> {
    const story = new Story()
      .setUp()
      .seedsDone()
      .add('002_a')
      .add('003_b', { tags: ['batch_size_tuning'] });
    await openRunLog(jobs.context.workdir).append(story.events);
    const steps = { count: 130, stepMs: 100, batchSize: 10, fetchMs: null, computeMs: null };
    await writeJsonAtomic(jobs.context.workdir.evidence('000_baseline'), { steps });
  }

  async function launchSlow(nodeId: string, ms: number): Promise<string> {
    await prepare(nodeId, slow(ms));
    const { jobId } = await launch(nodeId);
    await linesOf(jobs.context.workdir.job(jobId, 'stdout.log'), 132);
    return jobId;
  }

  it('ends it, says what was measured, and says the same again', async () => {
    await run();
    await launchSlow('002_a', 400);
    const end = await poll('002_a');
    expect(end.failure).toMatchObject({
      kind: 'pruned',
      phase: 'job',
      job_id: 'local_002_a',
      message: /^ended early after 130 steps at 40\d(\.\d+)? ms\/step: 25% of the speed of 000_baseline/,
      details: { incumbent: '000_baseline', steps: 130, batch_size: 10, incumbent_step_time_ms: 100 },
    });
    expect(await poll('002_a')).toEqual(end);
  });

  it('goes on where a killed worker had only written down why', async () => {
    await run();
    const jobId = await launchSlow('002_a', 400);
    const { cancel } = jobs.platform;
    jobs.platform.cancel = async () => {
      throw new Error('the worker was killed');
    };
    await expect(poll('002_a', { windowMs: 50 })).rejects.toMatchObject({ type: 'still_running' });
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
    jobs.platform.cancel = cancel;
    expect((await poll('002_a')).failure).toMatchObject({ kind: 'pruned' });
  });

  it('a person who cancelled it first did so', async () => {
    await run();
    await launchSlow('002_a', 400);
    await makeCancelJob({ context: jobs.context, platform: jobs.platform })(node('002_a'));
    expect((await poll('002_a')).failure).toMatchObject({ kind: 'cancelled' });
  });

  it.each([
    { name: 'one that is fast enough', nodeId: '002_a', ms: 110 },
    { name: 'one that tries another batch', nodeId: '003_b', ms: 400 },
    { name: 'a seed', nodeId: '001_mtp', ms: 400 },
    { name: 'one of a run that ends none', nodeId: '002_a', ms: 400, early_abort: false },
  ])('leaves alone $name', async ({ nodeId, ms, early_abort = true }) => {
    await run();
    Object.assign(jobs.context.config, { early_abort });
    const jobId = await launchSlow(nodeId, ms);
    await expect(poll(nodeId, { windowMs: 50 })).rejects.toMatchObject({ type: 'still_running' });
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
    await jobs.platform.cancel(jobId);
  });
});

describe('cancelJob', () => {
  it('ends the job, whose watch then says so; twice is as once, and without a job it does nothing', async () => {
    const cancel = makeCancelJob({ context: jobs.context, platform: jobs.platform });
    await cancel(node('n0'));
    await prepare('n1', 'sleep 600');
    await launch('n1');
    await cancel(node('n1'));
    await cancel(node('n1'));
    expect((await poll('n1')).failure).toMatchObject({ kind: 'cancelled' });
  });

  it('finds a job whose id was never written down', async () => {
    await prepare('n1', 'sleep 600');
    await launch('n1');
    await mkdir(jobs.file('elsewhere'));
    await makeCancelJob({ context: jobs.context, platform: jobs.platform })(node('n1'));
    expect(await jobs.platform.status('local_n1')).toMatchObject({ cause: 'cancelled' });
  });

  it('keeps a launch that comes after it from starting anything', async () => {
    await prepare('n1', `touch '${jobs.file('ran')}'`);
    await makeCancelJob({ context: jobs.context, platform: jobs.platform })(node('n1'));
    await expect(launch('n1')).rejects.toMatchObject({ type: 'cancelled', nonRetryable: true });
    await expect(launch('n1')).rejects.toMatchObject({ type: 'cancelled' });
    expect(existsSync(jobs.file('ran'))).toBe(false);
  });

  it('ends the job of a launch that was under way and did not see it', async () => {
    await prepare('n1', 'sleep 600');
    const { platform } = jobs;
    const cancel = makeCancelJob({ context: jobs.context, platform });
    const open = jobs.sourceControl.openTree;
    const story = new Story().add('n1');
    story.tell({ type: 'experiment_failed', nodeId: 'n1', failure: failure('unexpected_exception', 'terminated', 1) });
    // Ended at the moment when the launch has looked for the mark, and its job is not there yet.
    jobs.sourceControl.openTree = async (...args) => {
      await cancel(node('n1'));
      await openRunLog(jobs.context.workdir).append(story.events);
      return open(...args);
    };
    const { jobId } = await launch('n1');
    expect(existsSync(jobs.context.workdir.treeOf('n1'))).toBe(false);
    expect(await platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
    expect((await poll('n1')).failure).toMatchObject({ kind: 'cancelled' });
  });
});
