/**
 * Jobs on this host. The detached job runner owns a job from start to end; this side starts it, reads what it
 * recorded, and asks it to end a job. A job id is `local_<node_id>`, so that a launch can be repeated.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import { isLocalJobId, localJobId } from '../../domain/run/naming.js';
import { writeFileAtomic } from '../../host/atomic-file.js';
import { signalProcess } from '../../host/process-end.js';
import { runnerPython } from '../../host/runner-python.js';
import { isInterruption, ProgramInterrupted } from '../../host/short-program.js';
import type { Workdir } from '../../workdir/paths.js';
import {
  exists,
  isJobAlive,
  isRunnerAlive,
  lastSignOfLifeMs,
  mayRunElsewhere,
  moveRecord,
  readEnd,
  readJobRecord,
  readKeptApart,
  readLogTails,
  readTail,
  readWaiting,
  wasSheltered,
  wasStarted,
} from './job-record.js';
import { ReadyRunners, runnerRequest, startRunner } from './job-runner.js';
import { OrphanedJobs } from './orphaned-jobs.js';
import {
  type JobLogs,
  type JobStatus,
  type KeptApart,
  type LaunchRequest,
  nodeOfJob,
  type Platform,
} from './platform.js';

/** Time for a job to save its state between TERM and KILL. */
const KILL_GRACE_S = 5;
/** A runner starts in well under a second; a host that needs longer than this is in trouble. */
const START_LIMIT_MS = 30_000;
/** Twice the grace, and time for the kernel to take the processes down. */
const CANCEL_LIMIT_MS = 20_000;
/** One look at one file: cheap, and the end of a job is noticed at once. */
const LOOK_EVERY_MS = 100;
/** Looks between two checks that the runner is still there. */
const LOOKS_PER_LIFE_CHECK = 10;

interface LocalContext {
  readonly workdir: Workdir;
  readonly config: Pick<RunConfig, 'run_id' | 'local_execution_mode' | 'python'>;
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
}

export class LocalPlatform implements Platform {
  readonly name = 'local';
  private readonly orphans: OrphanedJobs;
  private readonly ready = new ReadyRunners();
  /** Of jobs that were launched here, by job folder: the end of one is noticed at once. */
  private readonly runners = new Map<string, ChildProcess>();

  constructor(
    private readonly context: LocalContext,
    private readonly killGraceS = KILL_GRACE_S,
  ) {
    this.orphans = new OrphanedJobs(() => this.python(), context.log);
  }

  async find(jobName: string): Promise<{ jobId: string; launchedAtMs: number } | null> {
    const jobId = this.jobIdOf(jobName);
    const dir = this.dirOf(jobId);
    const record = await readJobRecord(dir);
    if (record === null) {
      const waiting = await readWaiting(dir);
      return waiting && (await isRunnerAlive(waiting)) ? { jobId, launchedAtMs: waiting.since * 1000 } : null;
    }
    const counts = (await wasStarted(dir)) || (await readEnd(dir)) !== null;
    // A runner that died before its command started left nothing but a record: the job may be launched again.
    return counts ? { jobId, launchedAtMs: record.started_at * 1000 } : null;
  }

  makeReady(jobName: string): void {
    try {
      this.ready.start(this.python(), this.dirOf(this.jobIdOf(jobName)));
    } catch (error) {
      this.context.log('no job runner waits for a job: its launch starts one', { error: String(error) });
    }
  }

  dropReady(jobName: string): void {
    this.ready.drop(this.dirOf(this.jobIdOf(jobName)));
  }

  async launch(request: LaunchRequest): Promise<{ jobId: string; launchedAtMs: number }> {
    const jobId = this.jobIdOf(request.jobName);
    const dir = this.dirOf(jobId);
    const told = {
      ...runnerRequest(this.context.config.local_execution_mode, jobId, request, this.killGraceS),
      locks: request.hold && { folder: hostLocksFolder(), ...request.hold },
    };
    const start = () => startRunner(this.python(), dir, { action: 'run', request: told });
    // First: who cancels the job, or removes it, finds where it is to be.
    await mkdir(dir, { recursive: true, mode: 0o700 });
    let waited = this.ready.tell(dir, told);
    let runner = waited ?? (await start());
    const deadline = Date.now() + START_LIMIT_MS;
    for (;;) {
      // Asked before the look: a runner that has ended by now has written all that it will write.
      const broken = hasFailed(runner);
      const found = await this.find(request.jobName);
      if (found !== null) {
        this.wakeAtEnd(dir, runner);
        return found;
      }
      // One that waited may have been killed meanwhile, or found no room: another one begins, or says why not.
      if (broken && waited !== null) {
        waited = null;
        runner = await start();
        continue;
      }
      if (broken || Date.now() > deadline) {
        // Before it has a session of its own, a Ctrl+C at our terminal reaches it.
        if (isInterruption(runner.exitCode, runner.signalCode))
          throw new ProgramInterrupted('the job runner was interrupted before it began the job');
        const log = (await readTail(join(dir, 'runner.log'), 2000)).trim();
        throw new Error(`the job runner did not start the job${log === '' ? '' : `: ${log}`}`);
      }
      await sleep(10);
    }
  }

  private wakeAtEnd(dir: string, runner: ChildProcess): void {
    if (runner.exitCode !== null || runner.signalCode !== null) return;
    this.runners.set(dir, runner);
    runner.once('exit', () => this.runners.get(dir) === runner && this.runners.delete(dir));
  }

  async status(jobId: string): Promise<JobStatus> {
    const dir = this.dirOf(jobId);
    const record = await readJobRecord(dir);
    if (record === null) return this.statusBeforeStart(dir);
    const ended = await readEnd(dir);
    if (ended !== null) return ended;
    const startedAtMs = record.started_at * 1000;
    if (await isRunnerAlive(record)) return { state: 'running', startedAtMs };
    if (await isJobAlive(record)) {
      await this.orphans.watch(jobId, dir);
      return { state: 'running', startedAtMs };
    }
    if (await mayRunElsewhere(record)) return { state: 'running', startedAtMs };
    // The job may have ended properly between the two looks; else its end is recorded now.
    const endedMeanwhile = (await readEnd(dir)) ?? (await this.orphans.close(jobId, dir));
    if (endedMeanwhile !== null) return endedMeanwhile;
    const endedAtMs = Math.max(startedAtMs, (await lastSignOfLifeMs(dir)) ?? startedAtMs);
    return { state: 'ended', startedAtMs, endedAtMs, returnCode: null, cause: 'lost' };
  }

  /** Waits for its slot, unless its runner was killed meanwhile, or its folder was removed: then it never starts. */
  private async statusBeforeStart(dir: string): Promise<JobStatus> {
    const waiting = await readWaiting(dir);
    const isThere = waiting === null ? await exists(dir) : await isRunnerAlive(waiting);
    if (isThere) return { state: 'pending' };
    // The job may have started, and ended, between the looks.
    if ((await readJobRecord(dir)) !== null) return { state: 'pending' };
    const atMs = waiting === null ? Date.now() : waiting.since * 1000;
    return { state: 'ended', startedAtMs: atMs, endedAtMs: atMs, returnCode: null, cause: 'lost' };
  }

  async waitForChange(jobId: string, maxMs: number, signal: AbortSignal): Promise<void> {
    const dir = this.dirOf(jobId);
    const deadline = Date.now() + maxMs;
    const isPending = !(await exists(join(dir, 'job.json')));
    const gone = new AbortController();
    const wake = () => gone.abort();
    const runner = this.runners.get(dir);
    runner?.once('exit', wake);
    try {
      let wakes = AbortSignal.any([signal, gone.signal]);
      for (let look = 1; !signal.aborted && Date.now() < deadline; look++) {
        const isGone = wakes !== signal && gone.signal.aborted;
        // It wakes once: a job whose runner was killed may go on.
        if (isGone) wakes = signal;
        if (await exists(join(dir, 'returncode.txt'))) return;
        if (isPending && (await exists(join(dir, 'job.json')))) return;
        if ((isGone || look % LOOKS_PER_LIFE_CHECK === 0) && (await this.status(jobId)).state === 'ended') return;
        const pause = Math.max(0, Math.min(LOOK_EVERY_MS, deadline - Date.now()));
        await sleep(pause, undefined, { signal: wakes }).catch(() => {});
      }
    } finally {
      runner?.off('exit', wake);
    }
  }

  logs(jobId: string, maxBytes: number): Promise<JobLogs> {
    return readLogTails(this.dirOf(jobId), maxBytes);
  }

  isSheltered(jobId: string): Promise<boolean> {
    return wasSheltered(this.dirOf(jobId));
  }

  keptApart(jobId: string): Promise<KeptApart> {
    return readKeptApart(this.dirOf(jobId));
  }

  setAside(jobId: string, folder: string): Promise<void> {
    return moveRecord(this.dirOf(jobId), folder);
  }

  async cancel(jobId: string): Promise<void> {
    const dir = this.dirOf(jobId);
    if (!(await exists(dir)) || (await this.status(jobId)).state === 'ended') return;
    // On file before any signal: a runner that is only just starting reads it, too.
    await writeFileAtomic(join(dir, 'cancel'), '');
    const deadline = Date.now() + CANCEL_LIMIT_MS;
    let killer: ChildProcess | null = null;
    for (;;) {
      // A runner that waits for a slot reads the mark, and records the end.
      const record = (await readJobRecord(dir)) ?? (await readWaiting(dir));
      if (record === null || (await readEnd(dir)) !== null) return;
      if (record.runner_pid != null && (await isRunnerAlive(record))) signalProcess(record.runner_pid, 'SIGTERM');
      else if (!('job_id' in record)) return;
      else if (killer === null) killer = await startRunner(this.python(), dir, { action: 'kill' });
      else if (killer.exitCode !== null) {
        if ((await this.status(jobId)).state === 'ended') return;
        killer = null;
      }
      if (Date.now() > deadline) {
        const started = await readJobRecord(dir);
        const isFar = started !== null && (await mayRunElsewhere(started));
        const where = isFar ? `; it runs on host ${started.host?.name}, and is ended there by its time limit` : '';
        throw new Error(`job ${jobId} did not end within ${CANCEL_LIMIT_MS / 1000} s${where}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** A job id that a message claimed must not lead to the record of another process. */
  private dirOf(jobId: string): string {
    if (isLocalJobId(jobId)) return this.context.workdir.job(jobId);
    throw new RangeError(`${JSON.stringify(jobId)} is no id of a local job`);
  }

  private jobIdOf(jobName: string): string {
    return localJobId(nodeOfJob(this.context.config.run_id, jobName));
  }

  private python(): string {
    return runnerPython(this.context.config.python);
  }
}

/** Exit code 0 without a job means that another runner owns it. */
function hasFailed(runner: ChildProcess): boolean {
  return runner.signalCode !== null || (runner.exitCode !== null && runner.exitCode !== 0);
}

/** One for all runs of this user, whichever session each was started from; XDG_RUNTIME_DIR differs between those. */
function hostLocksFolder(): string {
  const { AUTORESEARCH_SLOTS_DIR: named = '' } = process.env;
  return named === '' ? `/tmp/autoresearch-slots-${process.getuid?.() ?? 0}` : resolve(named);
}
