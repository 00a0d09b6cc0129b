/**
 * Jobs of a cluster. Its scheduler submits, finds and ends them; the same job runner that owns local jobs runs on the
 * job's host and records its life in `local_jobs/<platform>_<node>/`, where the cluster's hosts see the workdir. A job
 * whose hosts do not is known by what its scheduler says, and its output is fetched.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import { isNodeId } from '../../domain/run/naming.js';
import { writeFileAtomic } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';
import {
  exists,
  moveRecord,
  readEnd,
  readJobRecord,
  readKeptApart,
  readLogTails,
  wasSheltered,
  wasStarted,
} from '../platforms/job-record.js';
import {
  type JobLogs,
  type JobStatus,
  jobNameOf,
  type KeptApart,
  type LaunchRequest,
  nodeOfJob,
  type Platform,
} from '../platforms/platform.js';
import { FetchedLogs } from './fetched-logs.js';
import { firstSeenRunning, isOverLimit, seenRunning, withOurReason } from './kept-limits.js';
import { ScheduledEnds } from './scheduled-ends.js';
import type { Scheduler, SchedulerState } from './scheduler.js';
import { StatePoll } from './state-poll.js';
import { endFile, type Submission, submissionFile } from './submission.js';
import { namesOfRuns, submitJob } from './submit-job.js';

/** One look at a few files: a shared file system is asked for no more than that. */
const LOOK_EVERY_MS = 1000;
/** A record may come this long after its end: clients of a shared file system keep what they read for a while. */
const RECORD_LAG_MS = 15_000;
/** A scheduler may take this long until it knows of what it accepted. */
const ACCEPTED_LAG_MS = 60_000;
/** Schedulers give a job some 30 s between TERM and KILL. */
const CANCEL_LIMIT_MS = 90_000;
/** A job that takes its time is asked about less and less often. */
const CANCEL_PAUSE_MS = 8000;

interface ScheduledContext {
  readonly workdir: Workdir;
  readonly config: Pick<RunConfig, 'run_id' | 'local_execution_mode' | 'python' | 'poll_interval'>;
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
}

interface Times {
  lookEveryMs: number;
  recordLagMs: number;
  acceptedLagMs: number;
}

export class ScheduledPlatform implements Platform {
  private readonly poll: StatePoll;
  private readonly times: Times;
  private readonly fetched: FetchedLogs;
  private readonly ends: ScheduledEnds;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly context: ScheduledContext,
    times: Partial<Times> = {},
  ) {
    this.times = { lookEveryMs: LOOK_EVERY_MS, recordLagMs: RECORD_LAG_MS, acceptedLagMs: ACCEPTED_LAG_MS, ...times };
    this.fetched = new FetchedLogs(scheduler);
    this.poll = new StatePoll(scheduler, context.config.poll_interval * 1000, context.log);
    this.ends = new ScheduledEnds(this.poll, this.times.recordLagMs);
  }

  get name(): string {
    return this.scheduler.name;
  }

  get usesBundle(): boolean {
    return this.scheduler.usesBundle ?? false;
  }

  async find(jobName: string): Promise<{ jobId: string; launchedAtMs: number } | null> {
    const jobId = this.jobIdOf(jobName);
    const dir = this.dirOf(jobId);
    const record = await readJobRecord(dir);
    if (record !== null && ((await wasStarted(dir)) || (await readEnd(dir)) !== null))
      return { jobId, launchedAtMs: record.started_at * 1000 };
    const submission = await submissionFile.read(dir);
    // Nothing was ever about to be submitted: the scheduler need not be asked.
    if (submission === null) return null;
    const { submittedAtMs } = submission;
    if (submission.schedulerId === null) {
      const schedulerId = await this.scheduler.find(submission.name, dir);
      if (schedulerId === null) return null;
      await submissionFile.write(dir, { ...submission, schedulerId });
    }
    return { jobId, launchedAtMs: submittedAtMs };
  }

  async launch(request: LaunchRequest): Promise<{ jobId: string; launchedAtMs: number }> {
    const jobId = this.jobIdOf(request.jobName);
    const dir = this.dirOf(jobId);
    const { schedulerId, submittedAtMs } = await submitJob(request, {
      scheduler: this.scheduler,
      config: this.context.config,
      jobId,
      folder: dir,
      environment: this.fetched.environment,
    });
    this.context.log('job submitted', { job_id: jobId, platform: this.name, scheduler_id: schedulerId });
    return { jobId, launchedAtMs: submittedAtMs };
  }

  async status(jobId: string): Promise<JobStatus> {
    const dir = this.dirOf(jobId);
    const recorded = await this.ends.onRecord(dir);
    if (recorded !== null) return recorded;
    const submission = await submissionFile.read(dir);
    if (submission === null && !(await exists(dir))) return await this.withoutFolder(jobId);
    if (submission === null || submission.schedulerId === null) return { state: 'pending' };
    const state = await this.poll.stateOf(submission.schedulerId);
    const record = await readJobRecord(dir);
    const startedAtMs = record === null ? null : record.started_at * 1000;
    if (state === 'unknown') return await this.statusOfForgotten(dir, submission.submittedAtMs, startedAtMs);
    if (state === 'silent' || state.state === 'pending') {
      // What was asked for some time ago says less than the job's own record.
      if (startedAtMs !== null) return { state: 'running', startedAtMs };
      const reason = state === 'silent' ? 'the scheduler does not answer' : state.reason;
      return { state: 'pending', ...(reason === undefined ? {} : { reason }) };
    }
    if (state.state === 'running') await this.fetched.fetch(submission.schedulerId, dir);
    else await this.fetched.fetchToEnd(submission.schedulerId, dir, this.metricsOf(jobId), this.times.lookEveryMs);
    const endedAtMs = state.state === 'running' ? null : (state.endedAtMs ?? Date.now());
    const beganAtMs = startedAtMs ?? (await this.beganAt(dir, state, submission.submittedAtMs, endedAtMs));
    if (state.state === 'running') {
      if (record === null && this.fetched.isNeeded) await this.keepLimits(dir, submission, beganAtMs);
      if (record?.ended_at === null) this.ends.forget(dir);
      return { state: 'running', startedAtMs: beganAtMs };
    }
    const { cause, returnCode, said } = state;
    const end = await withOurReason(dir, { cause, returnCode, startedAtMs: beganAtMs, endedAtMs: endedAtMs!, said });
    // One that never ran, or whose hosts do not see its folder, records nothing.
    const mayRecord = startedAtMs !== null || (cause === 'exit' && !this.fetched.isNeeded);
    return await this.ends.byWord(dir, end, mayRecord);
  }

  private async beganAt(
    dir: string,
    state: SchedulerState,
    submittedAtMs: number,
    endedAtMs: number | null,
  ): Promise<number> {
    const told = state.state === 'pending' ? undefined : state.startedAtMs;
    if (state.state === 'running') return await firstSeenRunning(dir, told);
    const seen = told ?? (await seenRunning(dir));
    if (seen !== null) return seen;
    // One that left the queue by another's hand, and that nobody saw running, did not run while it waited.
    const leftQueue = state.state === 'ended' && (state.cause === 'cancelled' || state.cause === 'never_started');
    return leftQueue && endedAtMs !== null ? endedAtMs : submittedAtMs;
  }

  private async keepLimits(dir: string, submission: Submission, startedAtMs: number): Promise<void> {
    const { schedulerId, timeoutS, stallTimeoutS = 0 } = submission;
    if (schedulerId === null || timeoutS === undefined) return;
    if (!(await isOverLimit(dir, { timeoutS, stallTimeoutS }, startedAtMs))) return;
    await this.scheduler.cancel(schedulerId);
    this.poll.hurry();
  }

  async waitForChange(jobId: string, maxMs: number, signal: AbortSignal): Promise<void> {
    const dir = this.dirOf(jobId);
    const deadline = Date.now() + maxMs;
    const isPending = (await readJobRecord(dir)) === null;
    while (!signal.aborted && Date.now() < deadline) {
      const isOver = this.ends.isHeardOf(dir);
      if (!isOver && (await exists(join(dir, 'returncode.txt')))) return;
      if (isPending && (await exists(join(dir, 'job.json')))) return;
      const pause = Math.max(0, Math.min(this.times.lookEveryMs, deadline - Date.now()));
      await sleep(pause, undefined, { signal }).catch(() => {});
      if (isOver) return;
    }
  }

  async logs(jobId: string, maxBytes: number): Promise<JobLogs> {
    const dir = this.dirOf(jobId);
    const submission = await submissionFile.read(dir);
    if (submission?.schedulerId != null && (await endFile.read(dir)) === null)
      await this.fetched.fetch(submission.schedulerId, dir);
    return await readLogTails(dir, maxBytes);
  }

  isSheltered(jobId: string): Promise<boolean> {
    return wasSheltered(this.dirOf(jobId));
  }

  keptApart(jobId: string): Promise<KeptApart> {
    return readKeptApart(this.dirOf(jobId));
  }

  async setAside(jobId: string, folder: string): Promise<void> {
    const submission = await submissionFile.read(this.dirOf(jobId));
    if (submission?.schedulerId != null) this.poll.forget(submission.schedulerId);
    this.ends.forget(this.dirOf(jobId));
    await moveRecord(this.dirOf(jobId), folder);
  }

  async cancel(jobId: string): Promise<void> {
    const dir = this.dirOf(jobId);
    if (!(await exists(dir))) return await this.cancelByName(jobId);
    if ((await this.ends.onRecord(dir)) !== null) return;
    // On file before the scheduler acts: the job's runner reads there why it is ended.
    await writeFileAtomic(join(dir, 'cancel'), '');
    const submission = await submissionFile.read(dir);
    if (submission === null) return;
    const schedulerId = submission.schedulerId ?? (await this.scheduler.find(submission.name, dir));
    if (schedulerId === null) return;
    // Before anything else is written: on a full disk it would hold a node until there is room.
    await this.scheduler.cancel(schedulerId);
    if (submission.schedulerId === null) await submissionFile.write(dir, { ...submission, schedulerId });
    const deadline = Date.now() + CANCEL_LIMIT_MS;
    for (let pauseMs = this.times.lookEveryMs; ; pauseMs = Math.min(2 * pauseMs, CANCEL_PAUSE_MS)) {
      this.poll.hurry();
      if ((await this.status(jobId)).state === 'ended') return;
      if (Date.now() > deadline)
        throw new Error(`job ${jobId} (${this.name} ${schedulerId}) did not end within ${CANCEL_LIMIT_MS / 1000} s`);
      await sleep(pauseMs);
    }
  }

  /** Somebody removed the folder of a job: what it prints and measures cannot be read any more, so it is ended. */
  private async withoutFolder(jobId: string): Promise<JobStatus> {
    await this.cancelByName(jobId);
    const atMs = Date.now();
    const said = `its folder ${this.dirOf(jobId)} was removed`;
    return { state: 'ended', cause: 'lost', returnCode: null, startedAtMs: atMs, endedAtMs: atMs, said };
  }

  private async cancelByName(jobId: string): Promise<void> {
    for (const name of namesOfRuns(jobNameOf(this.context.config.run_id, this.nodeOf(jobId)))) {
      const schedulerId = await this.scheduler.find(name, this.dirOf(jobId));
      if (schedulerId !== null) await this.scheduler.cancel(schedulerId);
    }
  }

  private async statusOfForgotten(dir: string, submittedAtMs: number, startedAtMs: number | null): Promise<JobStatus> {
    if (startedAtMs === null && Date.now() - submittedAtMs < this.times.acceptedLagMs) return { state: 'pending' };
    const said = 'the scheduler does not know the job any more';
    const times = { startedAtMs: startedAtMs ?? submittedAtMs, endedAtMs: Date.now() };
    // One that was ended from here may be forgotten at once.
    const end = await withOurReason(dir, { cause: 'lost', returnCode: null, ...times, said });
    return await this.ends.byWord(dir, end, true);
  }

  private nodeOf(jobId: string): string {
    const prefix = `${this.name}_`;
    const nodeId = jobId.startsWith(prefix) ? jobId.slice(prefix.length) : '';
    if (isNodeId(nodeId)) return nodeId;
    throw new RangeError(`${JSON.stringify(jobId)} is no id of a job of ${this.name}`);
  }

  private dirOf(jobId: string): string {
    this.nodeOf(jobId);
    return this.context.workdir.job(jobId);
  }

  private metricsOf(jobId: string): string {
    return this.context.workdir.metrics(this.nodeOf(jobId));
  }

  private jobIdOf(jobName: string): string {
    return `${this.name}_${nodeOfJob(this.context.config.run_id, jobName)}`;
  }
}
