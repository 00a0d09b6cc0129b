/** What a job is made from and known by: the specification, commit, image and job id of one node. */
import { z } from 'zod';
import { type Spec, SpecSchema } from '../domain/formats/spec.js';
import type { NodeRef } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { commitOf } from '../domain/run/experiment-record.js';
import { readJsonIfAny, readTextIfAny } from '../host/atomic-file.js';
import type { SourceControl } from '../source/control/source-control.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { jobNameOf, type Platform } from './platforms/platform.js';

export async function readSpec(workdir: Workdir, nodeId: string): Promise<Spec> {
  const path = workdir.node(nodeId, 'spec.json');
  const value = await readJsonIfAny(path);
  if (value === null) return raise('launch_failed', `${path} is missing: the experiment was not prepared`);
  const parsed = SpecSchema.safeParse(value);
  return parsed.success ? parsed.data : raise('launch_failed', `${path}: ${z.prettifyError(parsed.error)}`);
}

/**
 * The commit that the experiment was prepared with. The log may hold what a message claimed; the run's own ref says
 * what applyPatch made.
 */
export async function preparedCommit(
  runLog: Pick<RunLog, 'state'>,
  sourceControl: Pick<SourceControl, 'commitOf'>,
  nodeId: string,
): Promise<string> {
  const { experiments } = await runLog.state();
  const row = Object.hasOwn(experiments, nodeId) ? experiments[nodeId] : undefined;
  const [claimed, made] = [row ? commitOf(row) : null, await sourceControl.commitOf(nodeId)];
  if (made === null) return raise('launch_failed', `${nodeId} has no commit yet: the experiment was not prepared`);
  if (claimed === null || claimed === made) return made;
  return raise('policy_refused', `${nodeId} was prepared with commit ${made}, not ${claimed}`);
}

/** '' where nothing was built. */
export async function readImage(workdir: Workdir, nodeId: string): Promise<string> {
  return (await readTextIfAny(workdir.run(nodeId, 'image.txt')))?.trim() ?? '';
}

/** Stands where a node's job was cancelled: no launch that was under way may bring it up after all. */
export function cancelMark(workdir: Workdir, nodeId: string): string {
  return workdir.run(nodeId, 'cancelled.txt');
}

/**
 * The node's job, as the platform knows it or else as recorded; null when none was launched. The record names the first
 * job of a node, and one that runs again may have another id: that of another engine's job is not ours.
 */
export async function findJobId(context: RunContext, platform: Platform, node: NodeRef): Promise<string | null> {
  const found = await platform.find(jobNameOf(node.run, node.nodeId));
  if (found !== null) return found.jobId;
  return (await readTextIfAny(context.workdir.run(node.nodeId, 'job_id.txt')))?.trim() || null;
}
