/**
 * What a run means. Numbers are the parsers'; the agent interprets, and a number of its own is used only where nothing
 * was measured, marked as reported.
 */
import { readFile } from 'node:fs/promises';
import type { AnalyzeTask } from '../agents/agent.js';
import { parseAnalysis } from '../agents/parse-reply.js';
import { isBetter, objectiveOf, objectiveOfRow, speedup } from '../domain/belief/compare.js';
import { disturbances } from '../domain/belief/contention.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import { type Metrics, NUMERIC_METRICS, type NumericMetric, type Result } from '../domain/evidence/metrics.js';
import type { AnalysisReply } from '../domain/formats/agent-replies.js';
import type { Activities } from '../domain/protocol/activities.js';
import { type EngineState, rowOf } from '../domain/run/engine-state.js';
import { BASELINE_ID, commitOf, HEADSPACE_ID } from '../domain/run/experiment-record.js';
import { NOTHING_SPENT } from '../domain/run/ledger.js';
import { withoutEffect } from '../domain/verdict/effect.js';
import { readJsonIfAny, writeFileAtomic } from '../host/atomic-file.js';
import { ownNode } from '../jobs/job-files.js';
import { jobLogTail } from '../jobs/job-log-tail.js';
import type { Platform } from '../jobs/platforms/platform.js';
import type { SourceControl } from '../source/control/source-control.js';
import { withSource } from '../source/experiment-source.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { specOf } from '../workdir/spec-store.js';
import type { Ask } from './agent-calls/ask.js';

const FINDINGS = 12;
const FINDING_LENGTH = 400;
const STAGE_LENGTH = 200;
const NOTES_LENGTH = 2000;
/** Far above what any pipeline reaches, in samples a second or in milliseconds. */
const LARGEST = 1e9;

export function makeAnalyze(deps: {
  context: RunContext;
  sourceControl: SourceControl;
  platform: Platform;
  runLog: RunLog;
  ask: Ask;
}): Activities['analyze'] {
  const { context, sourceControl, platform, runLog, ask } = deps;
  const { workdir, config } = context;
  return async (input) => {
    ownNode(context, input);
    const { nodeId } = input;
    const state = await runLog.state();
    const row = rowOf(state, nodeId);
    const evidence = JSON.parse(await readFile(workdir.evidence(nodeId), 'utf8')) as Evidence;
    if (row.kind === 'repeat') {
      // What it means was said of what it repeats; here the numbers count.
      const result = resultFrom(state, nodeId, evidence, NOT_ASKED);
      await writeFileAtomic(workdir.run(nodeId, 'analysis.md'), noAnalysis(result));
      return { result, spent: NOTHING_SPENT };
    }
    const commit = (await sourceControl.commitOf(nodeId)) ?? commitOf(row) ?? state.baseCommit ?? '';
    const jobId = (await readFile(workdir.run(nodeId, 'job_id.txt'), 'utf8')).trim();
    const logs = await jobLogTail(platform, jobId);
    const spec = await specOf(workdir, config, state, row);

    return await withSource({ config, sourceControl }, `analyze_${nodeId}`, commit, async (source) => {
      const task: AnalyzeTask = {
        phase: 'analyze',
        key: `analyze_${nodeId}`,
        nodeId,
        source,
        baseLaunchCommand: config.base_launch_command,
        refusal: null,
        notes: config.notes === '' ? [] : [config.notes],
        spec,
        kind: row.kind,
        evidence,
        logs,
        baseline: metricsOf(state, BASELINE_ID),
        headspace: metricsOf(state, HEADSPACE_ID),
        best: bestOf(state),
      };
      const answer = await ask({ task, read: parseAnalysis, failure: 'analysis_failed' }).catch((error: unknown) => {
        // The measurement stands without its interpretation; without either there is nothing to keep.
        if (!isMeasured(evidence) || !isRefusal(error)) throw error;
        context.log(`analyze_${nodeId}: ${(error as Error).message}`);
        return null;
      });
      const noEffect = await effectOf(workdir, state, nodeId, evidence);
      const result = resultFrom(state, nodeId, evidence, answer?.value ?? null, noEffect);
      await writeFileAtomic(workdir.run(nodeId, 'analysis.md'), answer?.text ?? noAnalysis(result));
      return { result, spent: await ask.spentOn(task.key) };
    });
  };
}

/** Held against what it builds on: what both share is not its own change. */
async function effectOf(workdir: Workdir, state: EngineState, nodeId: string, own: Evidence): Promise<string | null> {
  const { kind, parentId, changeSet } = rowOf(state, nodeId);
  if (nodeId === BASELINE_ID || kind === 'headspace') return null;
  const parent = state.experiments[parentId ?? BASELINE_ID];
  if (!parent) return null;
  const before = (await readJsonIfAny(workdir.evidence(parent.nodeId))) as Evidence | null;
  return withoutEffect(
    changeSet.filter((change) => !parent.changeSet.includes(change)),
    own,
    before,
  );
}

const NOT_ASKED = 'not asked';
/** What results are compared by is never taken on an agent's word: unmeasured, it stays unknown. */
const COMPARED: ReadonlySet<NumericMetric> = new Set(['throughput_samples_per_s', 'steady_step_time_ms']);

/** Merges what was measured with what the agent said; improvement and rank are computed, never taken. */
export function resultFrom(
  state: EngineState,
  nodeId: string,
  evidence: Evidence,
  answer: AnalysisReply | typeof NOT_ASKED | null,
  noEffect: string | null = null,
): Result {
  const reply = answer === NOT_ASKED ? null : answer;
  const metrics: Metrics = { ...evidence.metrics };
  const sources = { ...evidence.sources };
  for (const name of NUMERIC_METRICS) {
    const said = reply?.metrics[name] ?? null;
    if (metrics[name] !== null || said === null || COMPARED.has(name) || !isPlausible(name, said)) continue;
    metrics[name] = said;
    sources[name] = 'reported';
  }
  metrics.bottleneck_stage = reply?.metrics.bottleneck_stage?.slice(0, STAGE_LENGTH) ?? metrics.bottleneck_stage;
  metrics.notes = reply?.metrics.notes?.slice(0, NOTES_LENGTH) ?? metrics.notes;
  const objective = objectiveOf(metrics, evidence.durationS ?? null);
  const baseline = nodeId === BASELINE_ID ? objective : objectiveOfRow(state.experiments[BASELINE_ID]);
  const factor = speedup(objective, baseline);
  metrics.improvement_vs_baseline_pct = factor === null ? null : Number(((factor - 1) * 100).toFixed(2));
  if (factor === null) delete sources.improvement_vs_baseline_pct;
  else sources.improvement_vs_baseline_pct = 'derived';
  const { kind } = rowOf(state, nodeId);
  const isCandidate = kind !== 'headspace' && kind !== 'repeat';
  metrics.is_best_so_far =
    isCandidate && isBetter(objective, state.best === null ? null : objectiveOfRow(state.experiments[state.best]));
  const said =
    answer === NOT_ASKED
      ? []
      : (reply?.findings ?? ['The agent gave no usable analysis; the numbers are the measured ones.']);
  const [disturbance] = disturbances(evidence.system);
  if (noEffect !== null)
    metrics.notes = `${noEffect}${metrics.notes ? `; ${metrics.notes}` : ''}`.slice(0, NOTES_LENGTH);
  const findings = [...(noEffect === null ? [] : [`${nodeId}: ${noEffect}.`]), ...evidence.findings, ...said]
    .slice(0, FINDINGS)
    .map((finding) => finding.slice(0, FINDING_LENGTH));
  return {
    metrics,
    sources,
    findings,
    ...(nodeId === BASELINE_ID && evidence.notices?.length
      ? { notices: evidence.notices.slice(0, FINDINGS).map((notice) => notice.slice(0, FINDING_LENGTH)) }
      : {}),
    ...(evidence.doubt === undefined ? {} : { doubt: evidence.doubt }),
    ...(noEffect === null ? {} : { noEffect }),
    ...(disturbance ? { contention: disturbance.share } : {}),
    ...(evidence.steps.noise === undefined ? {} : { stepNoise: evidence.steps.noise }),
  };
}

/** Whether an agent's own number could be one at all. */
function isPlausible(name: NumericMetric, value: number): boolean {
  return Number.isFinite(value) && value >= 0 && value <= (name.endsWith('_pct') ? 100 : LARGEST);
}

function isMeasured(evidence: Evidence): boolean {
  return objectiveOf(evidence.metrics, evidence.durationS ?? null) !== null;
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && (error as { type?: string }).type === 'analysis_failed';
}

function metricsOf(state: EngineState, nodeId: string): Metrics | null {
  const now = state.experiments[nodeId]?.state;
  return now?.status === 'completed' ? now.metrics : null;
}

function bestOf(state: EngineState): AnalyzeTask['best'] {
  const metrics = state.best === null ? null : metricsOf(state, state.best);
  return state.best !== null && metrics ? { nodeId: state.best, metrics } : null;
}

/** analysis.md where no agent says anything. */
export function noAnalysis(result: Result): string {
  return `No analysis by an agent. Measured:\n\n\`\`\`json\n${JSON.stringify(result, null, 2)}\n\`\`\`\n`;
}
