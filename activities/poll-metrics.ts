/**
 * The activity `pollMetrics`: tells the engine that the job runs, watches it to its end and says how it ended. It never
 * launches, and ends only what cannot come near the best (early-abort.ts) or has shown what it must
 * (shortened-repeat.ts). One attempt is one window; between two it
 * fails in a way that Temporal retries at once and counts as nothing, so that a job of any length costs a handful of
 * history events.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { hopelessText } from '../domain/belief/early-abort.js';
import type { Activities, JobEnd, NodeRef } from '../domain/protocol/activities.js';
import { failure } from '../domain/run/failure.js';
import { classifyJobEnd, lastLines, sawMetric, withoutSecretValues } from '../domain/verdict/job-outcome.js';
import { endIfMeasured, lookPauseMs, whyShortened } from '../jobs/end-measured-job.js';
import { endIfHopeless, whyEndedEarly } from '../jobs/end-slow-job.js';
import { findJobId } from '../jobs/job-files.js';
import { jobLimits } from '../jobs/job-limits.js';
import { uncaughtError } from '../jobs/output/uncaught-errors.js';
import { type JobStatus, jobNameOf, type Platform } from '../jobs/platforms/platform.js';
import type { RunLog } from '../workdir/event-log.js';
import { notePending } from '../workdir/pending-jobs.js';
import type { RunContext } from '../workdir/run-context.js';
import type { EngineMailbox } from './engine-mail/engine-mailbox.js';

/**
 * A minute: long enough that windows cost next to nothing, short enough that a lost worker's watch soon goes on
 * elsewhere.
 */
const WINDOW_MS = 60_000;
/**
 * A third of the heartbeat time-out of the workflow's watch; each beat is a call to the server beside a running job.
 */
const HEARTBEAT_EVERY_MS = 15_000;
/** The server needs a positive delay; the window itself was the waiting. */
const NEXT_WINDOW_MS = 50;
/** Schedulers look at their queue every half a minute or so: what starts at such a look has not waited. */
const PENDING_AFTER_MS = 60_000;
/** Enough for the numbers of a whole short job, or the last of a long one. */
const LOG_TAIL_BYTES = 1024 * 1024;

export interface PollMetricsDeps {
  context: RunContext;
  platform: Platform;
  mailbox: EngineMailbox;
  runLog: RunLog;
  windowMs?: number;
  pendingAfterMs?: number;
}

export function makePollMetrics({
  context,
  platform,
  mailbox,
  runLog,
  windowMs = WINDOW_MS,
  pendingAfterMs = PENDING_AFTER_MS,
}: PollMetricsDeps): Activities['pollMetrics'] {
  const told = new Set<string>();
  /** Jobs in the queue, by when they were first seen there, and those whose slot was given to another one. */
  const waitsSince = new Map<string, number>();
  const lent = new Set<string>();
  /** Devices of this host are held by what runs here. */
  const lendsSlots = platform.name !== 'local' && !context.config.count_pending && context.config.slots.length === 0;
  /** What a job waits for, as people were shown it last; null of one that waits no more. */
  const shown = new Map<string, string | null>();

  return async (input) => {
    const jobId = await findJobId(context, platform, input);
    if (jobId === null) return lostBeforeItBegan(input.nodeId);
    const status = await watch(input, jobId);
    if (status === null) throw stillRunning(jobId);
    const end = await jobEnd(input, jobId, status);
    // One that did not end well may run again, and keeps its slot.
    if (end.failure === null) void tellEnd(input, jobId, end);
    return end;
  };

  /**
   * Before the experiment hears of it, which then tells the engine: what waits for the slot need not wait for that. The
   * experiment tells it all the same, where this is lost.
   */
  async function tellEnd({ nodeId }: NodeRef, jobId: string, { launchedAtMs, durationS }: JobEnd): Promise<void> {
    if (launchedAtMs === undefined) return;
    const report = { type: 'job_ended', nodeId, jobId, launchedAtMs, durationS } as const;
    await mailbox.deliver(report, { comesAgain: true }).catch((error: unknown) => {
      context.log('the experiment tells the end of its job', { job_id: jobId, error: String(error) });
    });
  }

  /** Once for each process that watches: it may be lost with the process, and is said again by the next. */
  async function tellLaunch({ run, nodeId }: NodeRef, jobId: string): Promise<void> {
    if (told.has(jobId)) return;
    told.add(jobId);
    try {
      const launchedAtMs = (await platform.find(jobNameOf(run, nodeId)))?.launchedAtMs;
      if (launchedAtMs === undefined) return;
      await mailbox.deliver({ type: 'launched', nodeId, jobId, launchedAtMs }, { canWait: true });
    } catch (error) {
      context.log('the engine was not told of a launch; the next window tells it', {
        job_id: jobId,
        error: String(error),
      });
      told.delete(jobId);
    }
  }

  /** The job's end, or null when it did not end within the window. */
  async function watch(input: NodeRef, jobId: string): Promise<EndedStatus | null> {
    const activity = Context.current();
    const deadline = Date.now() + windowMs;
    const heart = setInterval(() => activity.heartbeat({ job_id: jobId }), HEARTBEAT_EVERY_MS);
    activity.heartbeat({ job_id: jobId });
    try {
      await lookAtProgress(input, jobId);
      let nextLookMs: number | null = null;
      for (;;) {
        const status = await platform.status(jobId);
        await followWait(input, jobId, status);
        // One that waits for a slot on its host was not launched yet.
        if (status.state !== 'pending' && !neverRan(status)) void tellLaunch(input, jobId);
        if (status.state === 'ended') return status;
        // A worker that shuts down, or a person's cancellation: the job goes on, somebody else decides about it.
        if (activity.cancellationSignal.aborted) await activity.cancelled;
        const leftMs = deadline - Date.now();
        if (leftMs <= 0) return null;
        if (nextLookMs !== null && Date.now() >= nextLookMs) {
          await lookAtProgress(input, jobId);
          nextLookMs = null;
        }
        nextLookMs ??= Date.now() + (await lookPauseMs({ context, runLog }, input));
        // A look at what this host has on disk costs no scheduler a call.
        const untilLookMs = platform.name === 'local' ? Math.max(0, nextLookMs - Date.now()) : Number.POSITIVE_INFINITY;
        const waitMs = Math.min(leftMs, context.config.poll_interval * 1000, untilLookMs);
        await platform.waitForChange(jobId, waitMs, activity.cancellationSignal);
      }
    } finally {
      clearInterval(heart);
    }
  }

  /** One that gives no reason may have given one before. What people see of it is worth no failure. */
  async function followWait({ nodeId }: NodeRef, jobId: string, status: JobStatus): Promise<void> {
    if (status.state === 'pending' && status.reason === undefined) return;
    const reason = status.state === 'pending' ? (status.reason ?? null) : null;
    if (reason !== null) void lendSlot(nodeId, jobId);
    if (shown.get(nodeId) === reason) return;
    shown.set(nodeId, reason);
    await notePending(context.workdir, nodeId, reason).catch((error: Error) => {
      context.log('what a job waits for could not be shown', { node: nodeId, error: error.message });
    });
  }

  /** Once for each process that watches. Who does not hear it keeps the slot for the job. */
  async function lendSlot(nodeId: string, jobId: string): Promise<void> {
    if (!lendsSlots || lent.has(jobId)) return;
    const sinceMs = waitsSince.get(jobId) ?? Date.now();
    waitsSince.set(jobId, sinceMs);
    if (Date.now() - sinceMs < pendingAfterMs) return;
    lent.add(jobId);
    await mailbox.deliver({ type: 'pending', nodeId }, { canWait: true }).catch(() => lent.delete(jobId));
  }

  /**
   * Once in a window, more often of what may be measured sooner: that may save most of its time. A look that fails
   * costs the watch nothing.
   */
  async function lookAtProgress(input: NodeRef, jobId: string): Promise<void> {
    try {
      if ((await platform.status(jobId)).state !== 'running') return;
      await endIfHopeless({ context, platform, runLog }, input, jobId);
      await endIfMeasured({ context, platform, runLog }, input, jobId);
    } catch (error) {
      context.log('a job could not be judged early', { job_id: jobId, error: String(error) });
    }
  }

  async function jobEnd({ nodeId }: NodeRef, jobId: string, ended: EndedStatus): Promise<JobEnd> {
    const launchedAtMs = ended.startedAtMs;
    const durationS = Math.max(0, ended.endedAtMs - launchedAtMs) / 1000;
    const early = ended.cause === 'cancelled' ? await whyEndedEarly(context.workdir, nodeId) : null;
    if (early !== null) {
      const details = { ...early };
      return {
        launchedAtMs,
        durationS,
        failure: failure('pruned', hopelessText(early), ended.endedAtMs, { details, job_id: jobId }),
      };
    }
    if (ended.cause === 'cancelled' && (await whyShortened(context.workdir, nodeId)) !== null)
      return { launchedAtMs, durationS, failure: null };
    const { stdout, stderr, stdoutOutlastsS = null } = await platform.logs(jobId, LOG_TAIL_BYTES);
    const limits = await jobLimits({ context, runLog }, nodeId);
    const verdict = classifyJobEnd({
      returnCode: ended.returnCode,
      cause: ended.cause,
      neverRan: neverRan(ended),
      schedulerSaid: ended.said,
      diskWasFull: ended.diskWasFull ?? false,
      sawMetric: sawMetric(stdout) || sawMetric(stderr),
      stdoutTail: stdout,
      stderrTail: stderr,
      stdoutOutlastsS,
      uncaught: await uncaughtError(context.workdir.metrics(nodeId), ended),
      timeoutS: limits.timeout_s,
      stallTimeoutS: limits.stall_timeout_s,
    });
    return {
      launchedAtMs,
      durationS,
      failure:
        verdict &&
        failure(verdict.kind, verdict.message, ended.endedAtMs, {
          details: { ...verdict.details, ...whatItSaid(jobId, stdout, stderr) },
          exception_type: verdict.exceptionType,
          job_id: jobId,
        }),
    };
  }
}

/** It left a queue without having begun: what it waited is no time of its own. */
function neverRan(status: JobStatus): boolean {
  if (status.state !== 'ended' || status.startedAtMs < status.endedAtMs) return false;
  return status.cause === 'cancelled' || status.cause === 'never_started';
}

/** A job that waited for its slot, or was about to begin, leaves no trace where its runner is killed. */
function lostBeforeItBegan(nodeId: string): JobEnd {
  const message = `${nodeId} has no job to watch: its runner was killed, or the host went down, before the job began`;
  return { durationS: 0, failure: failure('job_lost', message, Date.now(), { details: { lost: true } }) };
}

/** For a person who only sees that the job failed. */
function whatItSaid(jobId: string, stdout: string, stderr: string) {
  const name = stderr.trim() === '' ? 'stdout' : 'stderr';
  const lines = lastLines(name === 'stderr' ? stderr : stdout);
  return lines === ''
    ? {}
    : { last_lines: withoutSecretValues(lines), last_lines_of: `local_jobs/${jobId}/${name}.log` };
}

type EndedStatus = Extract<JobStatus, { state: 'ended' }>;

function stillRunning(jobId: string): ApplicationFailure {
  return ApplicationFailure.create({
    message: `job ${jobId} is still running`,
    type: 'still_running',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: NEXT_WINDOW_MS,
  });
}
