/** Submits a job to a scheduler: its runner's script and the mark of what will be submitted are on file first. */
import { mkdir } from 'node:fs/promises';
import type { RunConfig } from '../../domain/formats/config.js';
import { MOST_RUNS_AGAIN } from '../../domain/verdict/runs-again.js';
import { runnerPython } from '../../host/runner-python.js';
import { runnerRequest } from '../platforms/job-runner.js';
import type { LaunchRequest } from '../platforms/platform.js';
import { writeJobScript } from './job-script.js';
import type { Scheduler } from './scheduler.js';
import { submissionFile } from './submission.js';

/** Time for a job to save its state between TERM and KILL. */
const KILL_GRACE_S = 5;

interface Submitter {
  scheduler: Scheduler;
  config: Pick<RunConfig, 'run_id' | 'local_execution_mode' | 'python'>;
  jobId: string;
  /** Of the job. */
  folder: string;
  /** What each job of the scheduler is told beside its own environment. */
  environment: Record<string, string>;
}

export async function submitJob(
  request: LaunchRequest,
  { scheduler, config, jobId, folder, environment }: Submitter,
): Promise<{ schedulerId: string; submittedAtMs: number }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const command = (await scheduler.runs?.(request.command, request)) ?? request.command;
  const forRunner = runnerRequest(
    config.local_execution_mode,
    jobId,
    { ...request, command, cpus: null },
    KILL_GRACE_S,
  );
  const recorded = { ...forRunner, requested_command: request.command };
  const script = await writeJobScript(folder, runnerPython(config.python), recorded);
  const { timeoutS, stallTimeoutS } = request;
  const submittedAtMs = Date.now();
  const name = nameOfRun(request.jobName, request.again ?? 0);
  // Before anything is submitted: whoever comes after a death in between asks the scheduler for the name.
  const submission = { name, submittedAtMs, timeoutS, stallTimeoutS, sourceDir: request.cwd };
  await submissionFile.write(folder, { ...submission, schedulerId: null });
  const schedulerId = await scheduler.submit({
    name,
    run: config.run_id,
    nodeId: request.nodeId,
    command: forRunner.command,
    launchCommand: request.command,
    script,
    cwd: request.cwd,
    env: { ...environment, ...(forRunner.env ?? request.env) },
    bundle: request.bundle ?? null,
    timeLimitS: timeoutS,
    folder,
  });
  await submissionFile.write(folder, { ...submission, schedulerId });
  return { schedulerId, submittedAtMs };
}

/** A job that runs again has a name of its own: the scheduler may still know the one before it. */
function nameOfRun(jobName: string, again: number): string {
  return again === 0 ? jobName : `${jobName}.${again + 1}`;
}

/** All that a job may have been submitted under, for whoever does not know how often it ran. */
export function namesOfRuns(jobName: string): string[] {
  return Array.from({ length: MOST_RUNS_AGAIN + 1 }, (_, again) => nameOfRun(jobName, again));
}
