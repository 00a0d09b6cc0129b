/**
 * What a run means. Numbers are the parsers'; the agent interprets, and a number of its own is used only where nothing
 * was measured, marked as reported.
 */
import { readFile } from 'node:fs/promises';
import type { AnalyzeTask } from '../agents/agent.js';
import { parseAnalysis } from '../agents/parse-reply.js';
import { objectiveOf } from '../domain/belief/compare.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import type { Activities } from '../domain/protocol/activities.js';
import { standingMetrics } from '../domain/reports/standing.js';
import { type EngineState, rowOf } from '../domain/run/engine-state.js';
import { BASELINE_ID, commitOf, HEADSPACE_ID } from '../domain/run/experiment-record.js';
import { NOTHING_SPENT } from '../domain/run/ledger.js';
import { NOT_ASKED, noAnalysis, resultFrom, writtenAnalysis } from '../domain/verdict/analysis-result.js';
import { withoutEffect } from '../domain/verdict/effect.js';
import { readJsonIfWhole, writeFileAtomic } from '../host/atomic-file.js';
import { findJobId } from '../jobs/job-files.js';
import { jobLogTail } from '../jobs/job-log-tail.js';
import type { Platform } from '../jobs/platforms/platform.js';
import type { SourceControl } from '../source/control/source-control.js';
import { withSource } from '../source/experiment-source.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { specOf } from '../workdir/spec-store.js';
import type { Ask } from './agent-calls/ask.js';

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
    const logs = await jobLogTail(platform, await findJobId(context, platform, input));
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
        baseline: standingMetrics(state, BASELINE_ID),
        headspace: standingMetrics(state, HEADSPACE_ID),
        best: measuredNode(state, state.best),
        start: measuredNode(state, row.parentId ?? BASELINE_ID),
      };
      const answer = await ask({ task, read: parseAnalysis, failure: 'analysis_failed' }).catch((error: unknown) => {
        // The measurement stands without its interpretation; without either there is nothing to keep.
        if (!isMeasured(evidence) || !isRefusal(error)) throw error;
        context.log(`analyze_${nodeId}: ${(error as Error).message}`);
        return null;
      });
      const noEffect = await effectOf(workdir, state, nodeId, evidence);
      const result = resultFrom(state, nodeId, evidence, answer?.value ?? null, noEffect);
      await writeFileAtomic(
        workdir.run(nodeId, 'analysis.md'),
        answer ? writtenAnalysis(nodeId, answer.text) : noAnalysis(result),
      );
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
  const before = (await readJsonIfWhole(workdir.evidence(parent.nodeId))) as Evidence | null;
  return withoutEffect(
    changeSet.filter((change) => !parent.changeSet.includes(change)),
    own,
    before,
  );
}

function isMeasured(evidence: Evidence): boolean {
  return objectiveOf(evidence.metrics, evidence.durationS ?? null) !== null;
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && (error as { type?: string }).type === 'analysis_failed';
}

function measuredNode(state: EngineState, nodeId: string | null): AnalyzeTask['best'] {
  const metrics = nodeId === null ? null : standingMetrics(state, nodeId);
  return nodeId !== null && metrics ? { nodeId, metrics } : null;
}
