/** The probe's tables of a job, however they came, and what is to be said where none did. */
import { relative } from 'node:path';
import type { NodeRef } from '../domain/protocol/activities.js';
import type { OtherContent } from '../domain/verdict/source-proof.js';
import type { RunContext } from '../workdir/run-context.js';
import { printedFile, submissionFile } from './clusters/submission.js';
import { ranOtherwise } from './other-content.js';
import { type MetricFiles, readMetricFiles } from './output/metric-files.js';
import { tablesByCommand } from './output/metrics-command.js';
import { isSamples, readTold } from './output/told-tables.js';
import { jobNameOf } from './platforms/platform.js';

const NO_STATISTICS =
  "no stage statistics: the job's host does not see the workdir, and its log has no line of autoresearch's probe. Start the command by " +
  "`sh .autoresearch/run …` of the bundle ($SOURCE_BUNDLE), put the probe into the job's image, or give --metrics-command " +
  '(docs/platforms.md, "Jobs that do not see this disk")';

/**
 * `notices`: what a person should know before anything is compared. `otherwise`: what ran on a host that does not see
 * the workdir, and is not the tree's.
 */
export async function measuredTables(
  context: Pick<RunContext, 'workdir' | 'config'>,
  jobId: string,
  { run, nodeId }: NodeRef,
): Promise<{ files: MetricFiles; notices: string[]; otherwise: OtherContent[] }> {
  const { workdir, config } = context;
  const metricsDir = workdir.metrics(nodeId);
  const submission = await submissionFile.read(workdir.job(jobId));
  const id = submission?.schedulerId ?? jobId;
  const notices = await tablesByCommand(context, { id, name: jobNameOf(run, nodeId), node: nodeId }, metricsDir);
  const files = await readMetricFiles(metricsDir);
  // A job with the probe tells at least what it imported. Samples come from beside it.
  const told = (await readTold(metricsDir))?.tables.some((name) => !isSamples(name)) ?? false;
  const hasProbe = files.processes.length + files.imports.length > 0 || told;
  const isFetched = (await printedFile.read(workdir.job(jobId))) !== null;
  const script = relative(config.source_dir, config.pipeline_script);
  const treeDir = isFetched ? submission?.sourceDir : undefined;
  const otherwise = treeDir === undefined ? [] : await ranOtherwise(files.imports, treeDir, script);
  return { files, notices: isFetched && !hasProbe ? [...notices, NO_STATISTICS] : notices, otherwise };
}
