/**
 * The activity `pollMetrics`: tells the engine that the job runs, watches it to its end and says how it ended. It never
 * launches, and ends only what cannot come near the best (early-abort.ts). One attempt is one window; between two it
 * fails in a way that Temporal retries at once and counts as nothing, so that a job of any length costs a handful of
 * history events.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { hopelessText } from '../domain/belief/early-abort.js';
import type { Activities, JobEnd, NodeRef } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { failure } from '../domain/run/failure.js';
import { classifyJobEnd, lastLines, sawMetric, withoutSecretValues } from '../domain/verdict/job-outcome.js';
import { endIfHopeless, whyEndedEarly } from '../jobs/end-slow-job.js';
import { findJobId } from '../jobs/job-files.js';
import { jobLimits } from '../jobs/job-limits.js';
import { uncaughtError } from '../jobs/output/uncaught-errors.js';
import { type JobStatus, jobNameOf, type Platform } from '../jobs/platforms/platform.js';
import type { RunLog } from '../workdir/event-log.js';
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
/** Enough for the numbers of a whole short job, or the last of a long one. */
const LOG_TAIL_BYTES = 1024 * 1024;

export interface PollMetricsDeps {
  context: RunContext;
  platform: Platform;
  mailbox: EngineMailbox;
  runLog: RunLog;
  windowMs?: number;
}

export function makePollMetrics({
  context,
  platform,
  mailbox,
  runLog,
  windowMs = WINDOW_MS,
}: PollMetricsDeps): Activities['pollMetrics'] {
  const told = new Set<string>();

  return async (input) => {
    const jobId = await findJobId(context, platform, input);
    if (jobId === null) return raise('job_failed', `${input.nodeId} has no job to watch: it was never launched`);
    const status = await watch(input, jobId);
    if (status === null) throw stillRunning(jobId);
    return jobEnd(input, jobId, status);
  };

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
      for (;;) {
        const status = await platform.status(jobId);
        // One that waits for a slot on its host was not launched yet.
        if (status.state !== 'pending') void tellLaunch(input, jobId);
        if (status.state === 'ended') return status;
        // A worker that shuts down, or a person's cancellation: the job goes on, somebody else decides about it.
        if (activity.cancellationSignal.aborted) await activity.cancelled;
        const leftMs = deadline - Date.now();
        if (leftMs <= 0) return null;
        const waitMs = Math.min(leftMs, context.config.poll_interval * 1000);
        await platform.waitForChange(jobId, waitMs, activity.cancellationSignal);
      }
    } finally {
      clearInterval(heart);
    }
  }

  /** Once in a window: what it may save is minutes. A look that fails costs the watch nothing. */
  async function lookAtProgress(input: NodeRef, jobId: string): Promise<void> {
    try {
      if ((await platform.status(jobId)).state === 'running')
        await endIfHopeless({ context, platform, runLog }, input, jobId);
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
    const { stdout, stderr, stdoutOutlastsS = null } = await platform.logs(jobId, LOG_TAIL_BYTES);
    const limits = await jobLimits({ context, runLog }, nodeId);
    const verdict = classifyJobEnd({
      returnCode: ended.returnCode,
      cause: ended.cause,
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
