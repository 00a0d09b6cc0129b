/**
 * The activity `collectEvidence`: reads everything that a job left behind, measures it, and writes evidence.json,
 * pipeline_stats_log.txt and system_metrics.txt of its run. The same files give the same evidence, so it may run twice.
 */

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evidence } from '../domain/evidence.js';
import { BASELINE_ID } from '../domain/experiment.js';
import { clockContradiction } from '../domain/policies/clock-agreement.js';
import { objectiveOf } from '../domain/policies/compare.js';
import { wrongSource } from '../domain/policies/source-proof.js';
import { raise } from './activity-failure.js';
import { readJsonIfAny, writeFileAtomic, writeJsonAtomic } from './atomic-file.js';
import type { Activities, NodeRef } from './contract.js';
import { CustomValues } from './evidence/custom-values.js';
import { pipelineStatsText, systemMetricsText } from './evidence/evidence-text.js';
import { JobOutput } from './evidence/job-output.js';
import { measure } from './evidence/measure.js';
import { Refusals } from './evidence/measured-number.js';
import { readMetricFiles } from './evidence/metric-files.js';
import { eachLine } from './evidence/read-lines.js';
import { findJobId, ownNode } from './job-files.js';
import { launchFacts } from './launch-facts.js';
import { linkedFilesChanged } from './linked-files.js';
import { placedFiles } from './placed-files.js';
import type { Platform } from './platforms/platform.js';
import type { RunContext } from './run-context.js';
import type { Workdir } from './workdir.js';

/** A job id that names a folder in local_jobs; other platforms' ids may hold slashes. */
const FOLDER_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/** Of a platform that keeps logs elsewhere; local logs are read whole. */
const REMOTE_LOG_BYTES = 16 * 1024 * 1024;

export interface CollectEvidenceDeps {
  context: RunContext;
  platform: Platform;
}

export function makeCollectEvidence({ context, platform }: CollectEvidenceDeps): Activities['collectEvidence'] {
  const { workdir, config } = context;
  return async (input) => {
    ownNode(context, input);
    const { nodeId } = input;
    const jobId = await jobIdOf(context, platform, input);
    const changed = (await platform.isSheltered?.(jobId)) ? null : await linkedFilesChanged(workdir);
    if (changed !== null) raise('user_files_changed', changed, { job_id: jobId });
    const metricFiles = await readMetricFiles(workdir.metrics(nodeId));
    const tree = await treeDirectory(workdir, nodeId);
    const foreign = wrongSource(metricFiles.imports, tree, config.source_dir, await placedFiles(workdir, config));
    if (foreign !== null) raise('wrong_source', foreign, { job_id: jobId });

    const refusals = new Refusals();
    const [stdout, stderr] = [0, 1].map(
      () => new JobOutput(refusals, config.metric && new CustomValues(config.metric, refusals)),
    ) as [JobOutput, JobOutput];
    const findings = [...metricFiles.findings, ...(await readLogs(context, platform, jobId, stdout, stderr))];
    const launch = await launchFacts(context, nodeId);
    const measured = measure(
      nodeId,
      { stdout, stderr, ...metricFiles, ...launch, durationS: await durationOf(platform, jobId), findings },
      refusals,
    );
    const doubt = launch.isHeadspace ? null : clockContradiction(measured, await baselineOf(workdir, nodeId));
    const evidence: Evidence = doubt === null ? measured : { ...measured, doubt };
    const { metrics, sources } = evidence;
    await writeJsonAtomic(workdir.evidence(nodeId), evidence);
    await writeFileAtomic(
      workdir.run(nodeId, 'pipeline_stats_log.txt'),
      pipelineStatsText(stdout.shownLines(), stderr.shownLines(), evidence),
    );
    await writeFileAtomic(workdir.run(nodeId, 'system_metrics.txt'), systemMetricsText(evidence.system));
    if (objectiveOf(metrics, evidence.durationS ?? null) === null) {
      const noticed = evidence.findings.length > 0 ? ` (${evidence.findings.join('; ')})` : '';
      const missing = config.metric
        ? `the job cannot be compared by ${config.metric.name}`
        : 'the job printed no step time and no throughput, and its duration is unknown';
      raise('metrics_collection_failed', `${missing}${noticed}`, { job_id: jobId });
    }
    context.log('evidence collected', {
      node: nodeId,
      throughput: metrics.throughput_samples_per_s,
      step_ms: metrics.steady_step_time_ms,
      stages: evidence.stages.length,
    });
    return { metrics, sources };
  };
}

async function jobIdOf(context: RunContext, platform: Platform, node: NodeRef): Promise<string> {
  const jobId = await findJobId(context, platform, node);
  return (
    jobId ?? raise('metrics_collection_failed', `${node.nodeId} has no job: runs/${node.nodeId}/job_id.txt is missing`)
  );
}

/** Whole files where the job directory is here, the tails that the platform gives elsewhere. Gives findings. */
async function readLogs(
  { workdir }: RunContext,
  platform: Platform,
  jobId: string,
  stdout: JobOutput,
  stderr: JobOutput,
): Promise<string[]> {
  if (!FOLDER_NAME.test(jobId)) return await readRemoteLogs(platform, jobId, stdout, stderr);
  const hasStdout = await eachLine(workdir.job(jobId, 'stdout.log'), (line) => stdout.readLine(line));
  const hasStderr = await eachLine(workdir.job(jobId, 'stderr.log'), (line) => stderr.readLine(line));
  if (hasStdout || hasStderr) return hasStdout ? [] : ['the job has no stdout.log'];
  return await readRemoteLogs(platform, jobId, stdout, stderr);
}

async function readRemoteLogs(
  platform: Platform,
  jobId: string,
  stdout: JobOutput,
  stderr: JobOutput,
): Promise<string[]> {
  const logs = await platform.logs(jobId, REMOTE_LOG_BYTES);
  for (const line of logs.stdout.split(/\r?\n/)) stdout.readLine(line);
  for (const line of logs.stderr.split(/\r?\n/)) stderr.readLine(line);
  return logs.stdout === '' && logs.stderr === '' ? ['the job left no output'] : [];
}

/** What a run's numbers are held against; null for the baseline itself. */
async function baselineOf(workdir: Workdir, nodeId: string): Promise<Evidence | null> {
  return nodeId === BASELINE_ID ? null : ((await readJsonIfAny(workdir.evidence(BASELINE_ID))) as Evidence | null);
}

async function durationOf(platform: Platform, jobId: string): Promise<number | null> {
  const status = await platform.status(jobId);
  if (status.state !== 'ended') return null;
  const seconds = (status.endedAtMs - status.startedAtMs) / 1000;
  return seconds > 0 ? seconds : null;
}

/** As the job knows it: without symbolic links, in which the workdir may have been given. */
async function treeDirectory(workdir: Workdir, nodeId: string): Promise<string> {
  const trees = await realpath(workdir.trees).catch(() => workdir.trees);
  return join(trees, nodeId);
}
