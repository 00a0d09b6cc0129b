/** What the log owes at a run's end: calls that were paid, and whose asker could not tell the engine. */

import { CallRecord } from '../../agents/call-record.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { ledgerKey, NOTHING_SPENT, PAID_PHASES, type Spent } from '../../domain/run/ledger.js';
import { beyondBooked, bookedByKey } from '../../domain/schedule/late-costs.js';
import type { OwedCalls } from '../../domain/schedule/settlement.js';
import type { RunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { retryKey } from './ask.js';
import { paidFor } from './paid-calls.js';
import { planKey, reportKey } from './round-keys.js';

/** Kinds of which nothing is owed are left out. */
export async function owedCalls(workdir: Workdir, runLog: RunLog, record: RunRecord): Promise<OwedCalls> {
  const calls = new CallRecord(workdir);
  const events = await runLog.events();
  const [plans, reports, ended] = await Promise.all([
    owedForPlans(calls, record.state),
    owedForReports(calls, runLog, record, events),
    owedForEnded(calls, record.state, events),
  ]);
  return {
    ...(plans.length === 0 ? {} : { plans }),
    ...(reports.length === 0 ? {} : { reports }),
    ...(ended.length === 0 ? {} : { ended }),
  };
}

/** Rounds for which money is set aside still: no plan is under way when the reports are made. */
async function owedForPlans(
  calls: CallRecord,
  { ledger }: EngineState,
): Promise<{ iteration: string; spent: Spent }[]> {
  const iterations = Object.keys(ledger.reserved).flatMap((key) => /^plan_(\d+)$/.exec(key)?.[1] ?? []);
  return await Promise.all(
    iterations.map(async (iteration) => ({ iteration, spent: await paidFor(calls, planKey(Number(iteration))) })),
  );
}

/** Ends of the run whose engine was ended or reset before its reports were told, so that this end is a later one. */
async function owedForReports(
  calls: CallRecord,
  runLog: RunLog,
  record: RunRecord,
  events: readonly EngineEvent[],
): Promise<{ of: string; spent: Spent }[]> {
  const ends = Object.keys(record.state.ledger.reserved).flatMap((key) => /^report_(\d+)$/.exec(key)?.[1] ?? []);
  const last = events.findLast(({ type }) => type === 'stopped')?.seq ?? 0;
  const earlier = ends.filter((of) => Number(of) !== last - 1);
  // Else the log is folded once for each end of the run.
  if (earlier.length === 0) return [];
  const reported = events.filter(({ type }) => type === 'reported');
  const keyAt = async (seq: number) => reportKey(await runLog.recordThrough(seq));
  const told = new Set([reportKey(record), ...(await Promise.all(reported.map(({ seq }) => keyAt(seq))))]);
  return await Promise.all(
    earlier.map(async (of) => {
      const key = await keyAt(Number(of));
      // Where nothing ended after it, it is the report of a later end, which has told its cost, or does so now.
      return { of, spent: told.has(key) ? NOTHING_SPENT : await paidFor(calls, key) };
    }),
  );
}

/**
 * Experiments that have ended, or were removed, and whose calls have cost more than was booked. Those that are open
 * tell the whole of their cost themselves.
 */
async function owedForEnded(
  calls: CallRecord,
  { open, withdrawing }: EngineState,
  events: readonly EngineEvent[],
): Promise<NonNullable<OwedCalls['ended']>[number][]> {
  const stillTell = new Set([...open, ...(withdrawing ?? [])]);
  const nodeIds = events
    .flatMap((event) => (event.type === 'experiment_added' ? event.experiment.nodeId : []))
    .filter((nodeId) => !stillTell.has(nodeId));
  const known = await calls.keys();
  const isAsked = (key: string) => known.has(key) || known.has(retryKey(key));
  const booked = bookedByKey(events);
  const owed: Awaited<ReturnType<typeof owedForEnded>> = [];
  for (const nodeId of nodeIds) {
    const keys = PAID_PHASES.map((phase) => ledgerKey(phase, nodeId));
    if (!keys.some(isAsked)) continue;
    // An end books what it was told under one of the two keys, so that only their sums can be compared.
    const paid = await Promise.all(keys.map((key) => paidFor(calls, key)));
    const spent = beyondBooked(paid.reduce(sum), keys.map((key) => booked.get(key) ?? NOTHING_SPENT).reduce(sum));
    if (spent !== null)
      owed.push({ phase: isAsked(ledgerKey('analyze', nodeId)) ? 'analyze' : 'apply', nodeId, spent });
  }
  return owed;
}

function sum(a: Spent, b: Spent): Spent {
  return { usd: a.usd + b.usd, tokens: a.tokens + b.tokens, unpriced: a.unpriced + b.unpriced };
}
