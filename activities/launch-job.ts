/**
 * The activity `launchJob`: gets the job of a node, or starts it. The platform finds it by name, so it may run twice.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { ApplicationFailure } from '@temporalio/common';
import { launchCommandProblem } from '../domain/command/launch-command-rules.js';
import type { Activities, NodeRef } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { Limits } from '../domain/run/limits.js';
import { hostHold, indexesOf, slotOf } from '../domain/run/slots.js';
import { MOST_RUNS_AGAIN } from '../domain/verdict/runs-again.js';
import { readTextIfAny } from '../host/atomic-file.js';
import { isPassing } from '../host/passing-error.js';
import { isSchedulerBusy } from '../jobs/clusters/scheduler.js';
import { commandFor, jobEnvironment, treePlaces } from '../jobs/job-environment.js';
import { cancelMark, preparedCommit, readImage, readSpec } from '../jobs/job-files.js';
import { limitsInForce, writeJobLimits } from '../jobs/job-limits.js';
import { namedOutside, shelterOf, watchedOutside } from '../jobs/job-shelter.js';
import { rememberLinkedFiles } from '../jobs/linked-files.js';
import { jobNameOf, type LaunchRequest, type Platform } from '../jobs/platforms/platform.js';
import type { SourceControl } from '../source/control/source-control.js';
import { namesBundle, openBundle } from '../source/source-bundle.js';
import type { RunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';

export interface LaunchJobDeps {
  context: RunContext;
  platform: Platform;
  sourceControl: SourceControl;
  runLog: Pick<RunLog, 'state'>;
}

export function makeLaunchJob({ context, platform, sourceControl, runLog }: LaunchJobDeps): Activities['launchJob'] {
  const { workdir, log } = context;
  return async (input) => {
    const jobName = jobNameOf(input.run, input.nodeId);
    if (input.again !== undefined) await setAside(jobName, input.nodeId, input.again);
    const job = (await platform.find(jobName)) ?? (await start(jobName, input));
    // A person may have cancelled the experiment during the launch; the watch of the job then tells so.
    if (await isCancelled(input)) {
      await platform.cancel(job.jobId);
      // Who cancelled it may have removed its tree already.
      if (!context.config.keep_trees) await sourceControl.closeTree(input.nodeId);
    }
    return job;
  };

  /** Once for each time, whatever has ended since: the folder that it goes to is there. */
  async function setAside(jobName: string, nodeId: string, again: number): Promise<void> {
    if (!Number.isInteger(again) || again < 1 || again > MOST_RUNS_AGAIN)
      raise('policy_refused', `again: ${JSON.stringify(again)}: a whole number from 1 to ${MOST_RUNS_AGAIN}`);
    const folder = workdir.run(nodeId, `earlier_job_${again}`);
    const job = await platform.find(jobName);
    if (existsSync(folder)) return;
    if (job !== null && (await platform.status(job.jobId)).state !== 'ended') return;
    // What it had measured so far is no part of the next job's.
    await rm(workdir.metrics(nodeId), { recursive: true, force: true });
    // Of one that was lost before it began there is nothing to keep but that it was.
    if (job === null) await mkdir(folder, { recursive: true, mode: 0o700 });
    else await platform.setAside?.(job.jobId, folder);
    log('a job runs again: nothing in its code ended it', { node: nodeId, job_id: job?.jobId, before: folder });
  }

  async function isCancelled({ nodeId }: NodeRef): Promise<boolean> {
    return (await readTextIfAny(cancelMark(workdir, nodeId))) !== null;
  }

  async function start(jobName: string, input: NodeRef & { slot: number; again?: number }) {
    if (await isCancelled(input))
      return raise('cancelled', `${input.nodeId} was cancelled before its job was launched`);
    const limits = await limitsInForce({ context, runLog });
    const request = await launchRequest(jobName, input, { context, platform, sourceControl, runLog }, limits);
    const { timeoutS, stallTimeoutS } = request;
    await writeJobLimits(workdir, input.nodeId, { timeout_s: timeoutS, stall_timeout_s: stallTimeoutS });
    const named = await namedOutside(workdir, request);
    const told = (await runLog.state()).filesChangedTold ?? 0;
    await rememberLinkedFiles(workdir, told, await watchedOutside(workdir, named));
    const shelter = context.config.shelter
      ? await shelterOf(workdir, input.nodeId, await sourceControl.originals(), named)
      : null;
    try {
      const job = await platform.launch({ ...request, shelter });
      log('job launched', { node: input.nodeId, job_id: job.jobId, slot: input.slot, command: request.command });
      return job;
    } catch (error) {
      if (error instanceof ApplicationFailure || isSchedulerBusy(error) || isPassing(error)) throw error;
      return raise('launch_failed', `the job could not be launched: ${(error as Error).message}`, {
        exception_type: (error as Error).name,
      });
    }
  }
}

async function launchRequest(
  jobName: string,
  { nodeId, slot, again = 0 }: { nodeId: string; slot: number; again?: number },
  { context: { workdir, config }, platform, sourceControl, runLog }: LaunchJobDeps,
  limits: Pick<Limits, 'jobTimeoutS' | 'maxConcurrency'>,
): Promise<Omit<LaunchRequest, 'shelter'>> {
  // First: what was never prepared opens nothing.
  const spec = await readSpec(workdir, nodeId);
  const [commit, image] = await Promise.all([
    preparedCommit(runLog, sourceControl, nodeId),
    readImage(workdir, nodeId),
  ]);
  // Proposals that were refused stand in the plan files, too: what runs is checked where it is run.
  const problem = config.allow_agent_commands
    ? null
    : launchCommandProblem(spec.launch_command || config.base_launch_command, config.base_launch_command);
  if (problem !== null) raise('policy_refused', `${nodeId}: ${problem}`);
  const tree = await sourceControl.openTree(nodeId, commit);
  const input = { base: process.env, config, workdir, nodeId, tree, image, slot };
  const { cpus } = slotOf(config.slots, slot) ?? { cpus: null };
  const metricsDir = workdir.metrics(nodeId);
  await mkdir(metricsDir, { recursive: true, mode: 0o700 });
  const command = commandFor(spec.launch_command || config.base_launch_command, image, treePlaces(input));
  const needsBundle = platform.usesBundle === true || namesBundle(command);
  const bundle = needsBundle ? await openBundle(workdir.trees, nodeId, commit, tree) : null;
  const env = jobEnvironment({ ...input, bundle });
  return {
    jobName,
    nodeId,
    again,
    command,
    cwd: tree.sourceDir,
    env,
    bundle,
    timeoutS: limits.jobTimeoutS,
    stallTimeoutS: config.stall_timeout_s,
    metricsDir,
    cpus: cpus === null ? null : indexesOf(cpus),
    hold: hostHold(config, slot, limits.maxConcurrency),
  };
}
