/** What experiments tell the engine, as events: each report is checked, and says nothing new when it comes twice. */
import { log, patched } from '@temporalio/workflow';
import type { ExperimentOutcome, ExperimentReport } from '../domain/protocol/activities.js';
import { answerToPrepared, missedBefore } from '../domain/protocol/lost-messages.js';
import { withdrawSignal } from '../domain/protocol/messages.js';
import { outcomeProblem, reportProblem } from '../domain/reports/report-check.js';
import type { ExperimentRow } from '../domain/run/experiment-record.js';
import { failure } from '../domain/run/failure.js';
import { NOTHING_SPENT, type Spent } from '../domain/run/ledger.js';
import { outcomeEvents } from '../domain/schedule/outcome-events.js';
import {
  jobSettlement,
  moneyOfEnd,
  raisedToBooked,
  settlement,
  unreservedMoneyOfEnd,
} from '../domain/schedule/settlement.js';
import { consequencesOf } from '../domain/verdict/consequences.js';
import type { Children } from './children.js';
import type { Journal } from './journal.js';

export class Reports {
  /** Launches of which an engine that was put back heard before it knew that they had a slot. */
  private readonly early = new Map<string, ExperimentReport & { type: 'launched' }>();

  constructor(
    private readonly journal: Journal,
    private readonly children: Children,
    /** Whether this run recovers what was lost (engine.ts). */
    private readonly recovers: boolean,
  ) {}

  /** Refuses what cannot be a report: anybody may send this signal. */
  take(reports: ExperimentReport[]): void {
    if (!Array.isArray(reports)) {
      log.warn('signal reports refused: it must be a list');
      return;
    }
    for (const report of reports) {
      const problem = reportProblem(report);
      if (problem === null) this.act(report);
      else log.warn(`signal reports refused: ${problem}`);
    }
  }

  private act(report: ExperimentReport): void {
    const { journal } = this;
    const { state } = journal;
    const { nodeId } = report;
    const row = Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
    const isNow = (status: ExperimentRow['state']['status']) => row?.state.status === status;
    switch (report.type) {
      case 'prepared':
        if (isNow('preparing')) {
          const { commit, image, spent } = report;
          const money = settlement('apply', spent, nodeId);
          journal.record({ type: 'experiment_prepared', nodeId, commit, image, money });
        } else if (this.recovers) {
          this.answer(nodeId, report.spent);
        } else if (row && !isNow('ready')) {
          // An experiment that was started again after its launch still holds its slot.
          this.children.grantSlot(nodeId, slotOf(row) ?? 0);
        }
        return;
      case 'granted':
        journal.record(...missedBefore(state, report));
        return;
      case 'pending':
        if (row?.state.status === 'launching' && !row.state.isPending) journal.record({ type: 'job_pending', nodeId });
        return;
      case 'launched':
        if (isNow('launching')) {
          journal.record({ type: 'job_launched', nodeId, jobId: report.jobId, launchedAtMs: report.launchedAtMs });
        } else if (isNow('preparing') || isNow('ready')) {
          this.early.set(nodeId, report);
        }
        return;
      case 'job_ended':
        // The report of the launch may have been lost with a worker.
        this.act({ ...report, type: 'launched' });
        if (isNow('running')) {
          const { durationS } = report;
          journal.record({ type: 'job_ended', nodeId, durationS, money: jobSettlement(nodeId, durationS) });
        }
        return;
      case 'finished':
        this.finish(nodeId, report.outcome);
    }
  }

  /** Of one that is known now to have a slot. */
  launchAgain(nodeId: string): void {
    const report = this.early.get(nodeId);
    if (report !== undefined && this.early.delete(nodeId)) this.act(report);
  }

  /** For an experiment that says that it is prepared where the engine did not wait to hear so. */
  private answer(nodeId: string, spent: Spent): void {
    const { journal, children } = this;
    const { state } = journal;
    if (state.withdrawing?.includes(nodeId))
      journal.record({ type: 'withdrawal_ended', nodeId, money: settlement('apply', spent, nodeId) });
    const answer = answerToPrepared(state, nodeId);
    if (answer.do === 'grant') children.grantSlot(nodeId, answer.slot);
    else if (answer.do === 'withdraw') void children.tell(nodeId, withdrawSignal);
  }

  /** An end, as it was reported, returned or looked up; once it is known, repetitions say nothing new. */
  finish(nodeId: string, told: ExperimentOutcome): void {
    const { journal } = this;
    const { state } = journal;
    const outcome = readable(told);
    const isWithdrawn = state.withdrawing?.includes(nodeId);
    const [event] = isWithdrawn
      ? [{ type: 'withdrawal_ended', nodeId } as const]
      : outcomeEvents(state, nodeId, outcome);
    if (!event) return;
    const durationS = outcome.type === 'withdrawn' ? null : (outcome.job.durationS ?? null);
    const { spent, paidFor } = outcome;
    const end = { spent, paidFor, analyzed: outcome.type === 'completed', durationS, atMs: Date.now() };
    const money = moneyOfEnd(state, nodeId, end);
    const unreserved = unreservedMoneyOfEnd(state, nodeId, end);
    const isBooked = unreserved !== null && patched('books-what-was-not-reserved');
    const raised = raisedToBooked(state, money.settle);
    const own = raised !== null && patched('keeps-what-was-booked') ? raised : money.settle;
    const settle = [...own, ...(isBooked ? unreserved.settle : [])];
    journal.record({ ...event, money: { ...money, ...(isBooked ? { reserve: unreserved.reserve } : {}), settle } });
    journal.record(...consequencesOf(state, nodeId));
  }
}

/** A result that nobody of ours can have given is an end all the same. */
function readable(outcome: ExperimentOutcome): ExperimentOutcome {
  const problem = outcomeProblem(outcome);
  if (problem === null) return outcome;
  const record = failure('unexpected_exception', `its outcome cannot be read: ${problem}`, Date.now());
  return { type: 'failed', failure: record, job: {}, spent: NOTHING_SPENT };
}

/** The slot that it holds or held, null before it had one. */
export function slotOf(row: ExperimentRow): number | null {
  switch (row.state.status) {
    case 'launching':
    case 'running':
      return row.state.slot;
    case 'analyzing':
      return 0;
    default:
      return null;
  }
}
