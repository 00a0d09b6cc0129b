/**
 * The reports at a run's end: report.md by rules, and final_report.md by the agent (by the same rules when it cannot).
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ReportTask } from '../agents/agent.js';
import { historyOf, specsOf } from '../agents/run-history.js';
import type { Activities } from '../domain/protocol/activities.js';
import { heldText } from '../domain/reports/held-claims.js';
import type { RunRecord } from '../domain/reports/run-record.js';
import type { EngineEvent } from '../domain/run/event-types.js';
import { NOTHING_SPENT, type Spent } from '../domain/run/ledger.js';
import { readTextIfAny } from '../host/atomic-file.js';
import { saysDiskIsFull, shortOfRoom } from '../host/disk-room.js';
import type { SourceControl } from '../source/control/source-control.js';
import { withSource } from '../source/experiment-source.js';
import type { RunLog } from '../workdir/event-log.js';
import { copyReport, writeFinalReport, writeReport } from '../workdir/report-files.js';
import type { RunContext } from '../workdir/run-context.js';
import type { Ask } from './agent-calls/ask.js';
import { owedCalls } from './agent-calls/owed-calls.js';
import { reportKey } from './agent-calls/round-keys.js';

/** After one of these a report is another report. */
const ENDS: readonly EngineEvent['type'][] = ['experiment_completed', 'experiment_failed', 'experiment_cancelled'];

/** Characters of one analysis in the prompt. */
const ANALYSIS_LIMIT = 4000;

export function makeReport(deps: {
  context: RunContext;
  sourceControl: SourceControl;
  runLog: RunLog;
  ask: Ask;
}): Activities['report'] {
  const { context, sourceControl, runLog, ask } = deps;
  const { workdir, config } = context;
  return async (input) => {
    const record = await runLog.record();
    const owed = await owedCalls(workdir, runLog, record);
    return { ...(await reported(input, record)), ...owed };
  };

  async function reported(input: { synthesis: boolean }, record: RunRecord) {
    await writeReport(workdir, config, record);
    const { state } = record;
    if (state.best === null || state.baseCommit === null) return { spent: NOTHING_SPENT };
    if (!input.synthesis) return await byRules('the budget does not allow a call');
    try {
      const { value, spent } = await synthesis(state.baseCommit);
      await writeFinalReport(workdir, record, value);
      return { spent: await unbooked(spent) };
    } catch (error) {
      if (error instanceof CancelledFailure) throw error;
      context.signal?.throwIfAborted();
      // What the call has cost may not be written yet: the call is found, and booked, when there is room.
      if (await isOfFullDisk(error)) throw error;
      const spent = await unbooked(await ask.spentOn(reportKey(record)));
      return { ...(await byRules((error as Error).message)), spent };
    }
  }

  async function isOfFullDisk(error: unknown): Promise<boolean> {
    if ((await shortOfRoom(workdir.root)) !== null) return true;
    return !(error instanceof ApplicationFailure) && saysDiskIsFull(error);
  }

  /** A run that went on after its end, and in which no experiment ended since, has booked this very report before. */
  async function unbooked(spent: Spent): Promise<Spent> {
    const left = { ...spent };
    for (const { type, money } of (await runLog.events()).reverse()) {
      if (ENDS.includes(type)) break;
      if (type !== 'reported') continue;
      for (const booked of money?.settle ?? []) {
        // What is owed for other calls is booked beside it.
        if (booked.phase !== 'report') continue;
        left.usd -= booked.spent.usd;
        left.tokens -= booked.spent.tokens;
        left.unpriced -= booked.unpriced;
      }
    }
    const { usd, tokens, unpriced } = left;
    return { usd: Math.max(0, usd), tokens: Math.max(0, tokens), unpriced: Math.max(0, unpriced) };
  }

  async function byRules(why: string) {
    context.log(`final_report.md is made by rules: ${why}`);
    await copyReport(workdir);
    return { spent: NOTHING_SPENT, byRules: why };
  }

  async function synthesis(commit: string): Promise<{ value: string; spent: Spent }> {
    const record = await runLog.record();
    const history = historyOf(record, await specsOf(workdir, config, record));
    const analyses: Record<string, string> = {};
    for (const { nodeId } of history) {
      const text = await readTextIfAny(workdir.run(nodeId, 'analysis.md'));
      if (text !== null) analyses[nodeId] = heldText(record.state, text.slice(0, ANALYSIS_LIMIT), nodeId);
    }
    return await withSource({ config, sourceControl }, 'report', commit, async (source) => {
      const task: ReportTask = {
        phase: 'report',
        key: reportKey(record),
        nodeId: null,
        source,
        baseLaunchCommand: config.base_launch_command,
        refusal: null,
        notes: config.notes === '' ? [] : [config.notes],
        history,
        analyses,
        bestNodeId: record.state.best,
      };
      const read = (text: string) =>
        text.trim() === ''
          ? ({ ok: false, reason: 'the report is empty' } as const)
          : ({ ok: true, value: text } as const);
      return await ask({ task, read, failure: 'agent_failed' });
    });
  }
}
