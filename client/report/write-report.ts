/** What `report` does: report.md and final_report.md anew, the latter with the run's agent, while no engine runs. */

import { makeAsk } from '../../activities/agent-calls/ask.js';
import { reportKey } from '../../activities/agent-calls/round-keys.js';
import { rebuildWorkdir } from '../../activities/export-workdir.js';
import { createReport } from '../../activities/index.js';
import { CallRecord } from '../../agents/call-record.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import { ledgerKey, NOTHING, type Spent } from '../../domain/run/ledger.js';
import { affordable, describeLimit } from '../../domain/schedule/budget.js';
import { settlement } from '../../domain/schedule/settlement.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import type { RunContext } from '../../workdir/run-context.js';
import { acquireEngineLock, EngineAlreadyRunning } from '../../worker/engine-lock.js';
import { makeWorkdirLog } from '../../worker/workdir-log.js';
import { Refusal } from '../output/refusal.js';
import { checkChoices } from '../run/first-config.js';
import { secondEngine } from '../run/prepare-run.js';
import { existingRun } from '../run/workdir-config.js';

export interface ReportAnswer {
  workdir: string;
  run: string;
  report: string;
  final_report: string;
  agent: string;
  /** Why the agent did not write final_report.md; null when it did. */
  by_rules: string | null;
  /** By this command; nothing when the agent had answered for these results before. */
  spent: Spent;
}

/** `interrupt` ends the agent's call; the AbortSignal's reason is thrown then, and final_report.md stays as it was. */
export async function writeReport(path: string, interrupt: AbortSignal): Promise<ReportAnswer> {
  const { workdir, config } = await existingRun(path);
  await using _ = await engineLock(workdir);
  const record = await openRunLog(workdir).record();
  if (record.state.best === null) {
    const advice = 'a run that has measured something; this one has no measurement to report on';
    throw new Refusal('workdir', path, advice);
  }
  await checkChoices(`${workdir.config}: `, config);
  const context: RunContext = { workdir, config, log: makeWorkdirLog(workdir), signal: interrupt };
  const { spentOn } = makeAsk(context);
  const key = reportKey(record);
  const before = await spentOn(key);
  const refusal = await budgetRefusal(workdir, record, key);
  const { byRules } = await createReport(context)({ run: config.run_id, synthesis: refusal === null });
  const spent = difference(await spentOn(key), before);
  await bookSpent(workdir, spent);
  return {
    workdir: workdir.root,
    run: config.run_id,
    report: workdir.report,
    final_report: workdir.finalReport,
    agent: config.agent,
    by_rules: refusal ?? byRules ?? null,
    spent,
  };
}

/**
 * Into the log of a run that has ended: the next engine begins from there. An engine that only waits has a state of its
 * own, and tells the whole cost of its report itself.
 */
async function bookSpent(workdir: Workdir, spent: Spent): Promise<void> {
  const log = openRunLog(workdir);
  const { seq, status, updatedAtMs } = await log.state();
  if (status !== 'stopped' || (spent.usd === 0 && spent.tokens === 0 && spent.unpriced === 0)) return;
  const key = ledgerKey('report', `after_${seq}`);
  const { settle } = settlement('report', spent, `after_${seq}`);
  const money = { reserve: { [key]: NOTHING }, ...(settle ? { settle } : {}) };
  await log.append([{ seq: seq + 1, atMs: Math.max(Date.now(), updatedAtMs), type: 'reported', money }]);
  await rebuildWorkdir(workdir);
}

/** Why the run's budget allows no call, or null. An answer that is on disk costs nothing. */
async function budgetRefusal(workdir: Workdir, { state }: RunRecord, key: string): Promise<string | null> {
  const allowed = affordable(state, ['report']);
  if (allowed.ok || (await new CallRecord(workdir).isAnswered(key))) return null;
  return describeLimit(state, allowed.reason);
}

async function engineLock(workdir: Workdir): Promise<AsyncDisposable> {
  try {
    const lock = await acquireEngineLock(workdir);
    return { [Symbol.asyncDispose]: () => lock.release() };
  } catch (error) {
    if (error instanceof EngineAlreadyRunning) throw secondEngine(workdir, error.holder);
    throw error;
  }
}

function difference(after: Spent, before: Spent): Spent {
  return {
    usd: after.usd - before.usd,
    tokens: after.tokens - before.tokens,
    unpriced: after.unpriced - before.unpriced,
  };
}
