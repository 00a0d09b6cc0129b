/**
 * The activity `collectEvidence`: reads everything that a job left behind, measures it, and writes evidence.json,
 * pipeline_stats_log.txt and system_metrics.txt of its run. The same files give the same evidence, so it may run twice.
 */

import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { clockContradiction } from '../domain/belief/clock-agreement.js';
import { objectiveOf, objectiveOfRow } from '../domain/belief/compare.js';
import { onScaleOfWhole } from '../domain/belief/shortened-repeat.js';
import { pipesWithoutPipefail, swallowsExitCode } from '../domain/command/swallowed-codes.js';
import { CustomValues } from '../domain/evidence/custom-values.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import { pipelineStatsText, systemMetricsText } from '../domain/evidence/evidence-text.js';
import { JobOutput } from '../domain/evidence/job-output.js';
import { measure } from '../domain/evidence/measure.js';
import { Refusals } from '../domain/evidence/measured-number.js';
import type { Activities, NodeRef } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { BASELINE_ID, type ExperimentRow } from '../domain/run/experiment-record.js';
import { unfedSteps } from '../domain/verdict/fed-steps.js';
import { silentJobText } from '../domain/verdict/no-numbers.js';
import { otherWork, type References } from '../domain/verdict/same-work.js';
import { otherContentText, staleSource, wrongSource } from '../domain/verdict/source-proof.js';
import { stillRunningText } from '../domain/verdict/submitted-jobs.js';
import { readJsonIfAny, writeFileAtomic, writeJsonAtomic } from '../host/atomic-file.js';
import { whyShortened } from '../jobs/end-measured-job.js';
import { findJobId } from '../jobs/job-files.js';
import { namedOutside, watchedOutside } from '../jobs/job-shelter.js';
import { launchFacts } from '../jobs/launch-facts.js';
import { outsideOfTree } from '../jobs/left-outside.js';
import { linkedFilesChanged } from '../jobs/linked-files.js';
import { measuredTables } from '../jobs/measured-tables.js';
import { type LaunchScript, launchScripts } from '../jobs/output/launch-scripts.js';
import { searchWithin } from '../jobs/output/metric-pattern.js';
import { readLogs } from '../jobs/output/read-logs.js';
import { earlierWork, placedFiles } from '../jobs/placed-files.js';
import type { Platform } from '../jobs/platforms/platform.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';

/** Enough to see what a job without numbers said. */
const SILENT_LOG_BYTES = 64 * 1024;
/** More say nothing new about what the runs of the baseline have in common. */
const REPEATS_READ = 8;

export interface CollectEvidenceDeps {
  context: RunContext;
  platform: Platform;
  runLog: Pick<RunLog, 'state'>;
}

export function makeCollectEvidence({ context, platform, runLog }: CollectEvidenceDeps): Activities['collectEvidence'] {
  const { workdir, config } = context;
  return async (input) => {
    const { nodeId } = input;
    const jobId = await jobIdOf(context, platform, input);
    const isSheltered = (await platform.isSheltered?.(jobId)) ?? false;
    const apart = (await platform.keptApart?.(jobId)) ?? { wrote: [], count: 0, covered: [], bare: [] };
    const changed = await linkedFilesChanged(workdir, isSheltered ? apart.bare : null);
    if (changed !== null) raise('user_files_changed', changed, { job_id: jobId });
    const { files: metricFiles, notices, otherwise } = await measuredTables(context, jobId, input);
    const tree = await treeDirectory(workdir, nodeId);
    const foreign = wrongSource(metricFiles.imports, tree, config.source_dir, await placedFiles(workdir, config));
    if (foreign !== null) raise('wrong_source', foreign, { job_id: jobId });

    const refusals = new Refusals();
    const [stdout, stderr] = [0, 1].map(
      () => new JobOutput(refusals, config.metric && new CustomValues(config.metric, refusals, searchWithin())),
    ) as [JobOutput, JobOutput];
    const findings = [...metricFiles.findings, ...(await readLogs(context, platform, jobId, stdout, stderr))];
    const launch = await launchFacts(context, nodeId);
    const state = await runLog.state();
    const baseline = nodeId === BASELINE_ID ? null : await evidenceOf(workdir, BASELINE_ID);
    const stale = staleSource(otherwise, baseline === null ? otherwise : (baseline.ranOtherwise ?? []));
    if (stale !== null) raise('wrong_source', stale, { job_id: jobId });
    const untold = [...notices, ...otherwise.map(otherContentText)];
    const { durationS, startedAtMs, wasCancelled } = await timesOf(platform, jobId);
    // One that came to its end before it heard of it is a whole run.
    const early = wasCancelled ? await whyShortened(workdir, nodeId) : null;
    const read = measure(
      nodeId,
      {
        stdout,
        stderr,
        ...metricFiles,
        ...launch,
        durationS,
        customUnitS: baseline?.metrics.custom?.unitS ?? null,
        findings,
      },
      refusals,
    );
    const measured = early === null ? read : onScaleOfWhole(read, early, await evidenceOf(workdir, early.of));
    const isBaseline = nodeId === BASELINE_ID;
    const unfed = isBaseline && !config.metric ? unfedSteps(measured) : null;
    if (unfed !== null)
      raise('setup_instrumentation_failed', `${unfed}; see docs/instrumentation.md`, { job_id: jobId });
    const scripts = isBaseline ? await launchScripts(launch.command, config.source_dir, config.pipeline_script) : [];
    const outside = isBaseline ? await outsideOfTree(context, state, nodeId, launch.command, apart, startedAtMs) : [];
    const hidden = isBaseline ? [...hiddenCodes(launch.command, scripts), ...outside, ...untold] : untold;
    const references = baseline && (await referencesFor(context, state, nodeId, baseline));
    const isHeldAgainst = references !== null && !launch.isHeadspace && early === null && launch.setApart === null;
    const work = isHeldAgainst ? otherWork(measured, references, launch.mayHaveOtherBatch) : null;
    // What an earlier job left, where this one may have gone on from.
    const left = async () =>
      (await outsideOfTree(context, state, nodeId, launch.command, { ...apart, count: 0 }, await runBeganAtMs(workdir)))
        .map((text) => `. ${text}`)
        .join('');
    const lessWork = work === null ? null : `${work}${await left()}`;
    const doubt = launch.isHeadspace ? null : (launch.setApart ?? clockContradiction(read, baseline) ?? lessWork);
    const evidence: Evidence = {
      ...measured,
      findings: [...hidden, ...measured.findings],
      ...(isBaseline ? { notices: [...hidden, ...(measured.notices ?? [])] } : {}),
      ...(otherwise.length > 0 ? { ranOtherwise: otherwise } : {}),
      ...(doubt === null ? {} : { doubt }),
    };
    const { metrics, sources } = evidence;
    await writeJsonAtomic(workdir.evidence(nodeId), evidence);
    await writeFileAtomic(
      workdir.run(nodeId, 'pipeline_stats_log.txt'),
      pipelineStatsText(stdout.shownLines(), stderr.shownLines(), evidence),
    );
    await writeFileAtomic(workdir.run(nodeId, 'system_metrics.txt'), systemMetricsText(evidence.system));
    if (lessWork !== null && isRepeatOfBaseline(state, nodeId))
      raise('metrics_collection_failed', lessWork, { job_id: jobId });
    const objective = objectiveOf(metrics, evidence.durationS ?? null);
    if (objective === null || (objective.metric === 'duration_s' && !mayCompareDurations(context, state))) {
      const noticed = evidence.findings.length > 0 ? ` (${evidence.findings.join('; ')})` : '';
      const silent = async () => {
        const logs = await platform.logs(jobId, SILENT_LOG_BYTES);
        return silentJobText({
          commands: [launch.command, ...scripts.flatMap(({ kind, text }) => (kind === 'shell' ? [text] : []))],
          platform: platform.name,
          durationS,
          stdoutTail: logs.stdout,
          stderrTail: logs.stderr,
          items: evidence.stages.reduce((sum, { isSink, numItems = 0 }) => sum + (isSink ? numItems : 0), 0),
          earlier: {
            inTree: await earlierWork(workdir),
            outside: await watchedOutside(
              workdir,
              await namedOutside(workdir, { command: launch.command, env: process.env }),
            ),
          },
          skipInstrument: config.skip_instrument,
        });
      };
      const missing = config.metric
        ? `the job cannot be compared by ${config.metric.name}${isBaseline ? '' : await left()}`
        : isBaseline
          ? await silent()
          : `the job printed no step time and no throughput, as the baseline did${await left()}`;
      raise('metrics_collection_failed', `${missing}${noticed}${await unwatched(jobId, launch.command, missing)}`, {
        job_id: jobId,
      });
    }
    context.log('evidence collected', {
      node: nodeId,
      throughput: metrics.throughput_samples_per_s,
      step_ms: metrics.steady_step_time_ms,
      stages: evidence.stages.length,
    });
    return { metrics, sources };
  };

  /** What the job submitted before it returned, where that is not said yet. */
  async function unwatched(jobId: string, command: string, saidAlready: string): Promise<string> {
    const { stdout, stderr } = await platform.logs(jobId, SILENT_LOG_BYTES);
    const text = stillRunningText(`${stdout}\n${stderr}`, command);
    return text === null || saidAlready.includes('nobody watches it') ? '' : `; ${text}`;
  }
}

async function jobIdOf(context: RunContext, platform: Platform, node: NodeRef): Promise<string> {
  const jobId = await findJobId(context, platform, node);
  return jobId ?? raise('metrics_collection_failed', `${node.nodeId} has no job: it was never launched`);
}

async function evidenceOf(workdir: Workdir, nodeId: string): Promise<Evidence | null> {
  return (await readJsonIfAny(workdir.evidence(nodeId))) as Evidence | null;
}

/** What the work of an experiment is held against; a repeat of the baseline against its first run. */
async function referencesFor(
  { workdir, config }: RunContext,
  state: EngineState,
  nodeId: string,
  baseline: Evidence,
): Promise<References> {
  const rows = isRepeatOfBaseline(state, nodeId) ? [] : Object.values(state.experiments);
  const repeats = rows.filter((row) => isRepeatOfBaseline(state, row.nodeId) && isWhole(row) && row.nodeId !== nodeId);
  const read = await Promise.all(repeats.slice(0, REPEATS_READ).map((row) => evidenceOf(workdir, row.nodeId)));
  const isAlone = config.calibration_runs === 0 && !isRepeatOfBaseline(state, nodeId);
  return { baseline, repeats: read.flatMap((each) => each ?? []), isAlone };
}

/** One that was ended early did less of the work, and never came to its last line. */
function isWhole({ state: now }: ExperimentRow): boolean {
  return now.status === 'completed' && now.shortened === undefined;
}

function isRepeatOfBaseline({ experiments }: EngineState, nodeId: string): boolean {
  const origin = experiments[nodeId]?.origin;
  return origin?.from === 'repeat' && origin.of === BASELINE_ID;
}

/** Where a person says so, where nothing else is done than to print the command, and in runs that began with it. */
function mayCompareDurations({ config }: RunContext, { experiments }: EngineState): boolean {
  if (config.compare === 'duration' || config.local_execution_mode === 'dry_run') return true;
  return objectiveOfRow(experiments[BASELINE_ID])?.metric === 'duration_s';
}

/** What a person should know of the command before anything is compared. */
function hiddenCodes(command: string, scripts: readonly LaunchScript[]): string[] {
  const launch: LaunchScript = { name: 'the launch command', text: command, kind: 'shell' };
  const said = [launch, ...scripts].flatMap(({ name, text, kind }) => {
    const how = swallowsExitCode(text, kind);
    if (how !== null) return [`${name} hides how the job ended: ${how}`];
    const isPipe = name !== launch.name && kind === 'shell' && pipesWithoutPipefail(text);
    return isPipe ? [`${name} hides how the job ended: a pipe without \`set -o pipefail\``] : [];
  });
  return said.map((text) => `${text}. Failures are looked for in what is printed`);
}

interface Times {
  durationS: number | null;
  startedAtMs: number;
  wasCancelled: boolean;
}

async function timesOf(platform: Platform, jobId: string): Promise<Times> {
  const status = await platform.status(jobId);
  if (status.state !== 'ended') return { durationS: null, startedAtMs: Date.now(), wasCancelled: false };
  const seconds = (status.endedAtMs - status.startedAtMs) / 1000;
  const wasCancelled = status.cause === 'cancelled';
  return { durationS: seconds > 0 ? seconds : null, startedAtMs: status.startedAtMs, wasCancelled };
}

/** When its source was anchored. */
async function runBeganAtMs(workdir: Workdir): Promise<number> {
  return (await stat(workdir.source).catch(() => null))?.mtimeMs ?? 0;
}

/** As the job knows it: without symbolic links, in which the workdir may have been given. */
async function treeDirectory(workdir: Workdir, nodeId: string): Promise<string> {
  const trees = await realpath(workdir.trees).catch(() => workdir.trees);
  return join(trees, nodeId);
}
