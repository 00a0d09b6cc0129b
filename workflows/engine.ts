/**
 * The engine of one run: sets up, queues the seeds, then keeps slots busy, plans, and stops by its own rules. It orders
 * steps; what to do next is decided by the policies from the state, and the state changes only by recorded events.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExperimentOutcome, ExperimentReport } from '../activities/contract.js';
import { initialState, rowOf } from '../domain/engine-state.js';
import type { Money } from '../domain/events.js';
import { type ExperimentRow, followUpNodeId } from '../domain/experiment.js';
import { failure } from '../domain/failure.js';
import { NOTHING_SPENT, spentOfFailure } from '../domain/ledger.js';
import type { StopReason } from '../domain/limits.js';
import { DEFAULT_LIMITS } from '../domain/limits.js';
import { engineWorkflowId } from '../domain/naming.js';
import { affordable, describeLimit } from '../domain/policies/budget.js';
import { consequencesOf } from '../domain/policies/consequences.js';
import { leftToRunMs, limitReached, type Move, nextMove } from '../domain/policies/moves.js';
import { outcomeEvents } from '../domain/policies/outcome-events.js';
import { planningVerdict } from '../domain/policies/planning.js';
import { jobSettlement, moneyOfEnd, reservationsFor, settlement } from '../domain/policies/settlement.js';
import { outcomeProblem, reportProblem } from '../domain/report-check.js';
import { describeRun } from '../domain/run-details.js';
import { limitsFrom } from '../domain/steering.js';
import * as activities from './activity-options.js';
import { Charts } from './charts.js';
import { Children } from './children.js';
import { failureFrom } from './failure-value.js';
import { Journal } from './journal.js';
import { type EngineInput, type EngineResult, reportsSignal, type Tuning } from './messages.js';
import { handleSteering } from './steering.js';

const DEFAULT_TUNING: Tuning = { prepareAhead: null, chartIntervalMs: 5000, eventsPerRun: 0 };

export async function engineWorkflow(input: EngineInput): Promise<EngineResult> {
  const { run } = input;
  if (workflowInfo().workflowId !== engineWorkflowId(run))
    throw ApplicationFailure.nonRetryable(`the engine of ${run} is ${engineWorkflowId(run)}`, 'policy_refused');
  const tuning = { ...DEFAULT_TUNING, ...input.tuning };
  const carried = input.carried ?? null;
  const state = carried?.state ?? (await activities.files.loadState({ run })) ?? initialState(run);
  const journal = new Journal(state, carried?.exportedSeq ?? state.seq);
  const children = new Children(run, finish, journal);
  const charts = new Charts(run, tuning.chartIntervalMs, carried?.chartsAtMs ?? 0, () => journal.wake());
  let planning = false;
  let hasAlarm = false;

  setHandler(reportsSignal, onReports);
  handleSteering(journal, children);
  setCurrentDetails(describeRun(state));

  try {
    if (!carried) {
      const limits = { ...(state.seq === 0 ? DEFAULT_LIMITS : state.limits), ...limitsFrom(input.limits ?? {}) };
      journal.record({ type: 'run_started', run, limits });
      const setupMoney = affordable(state, ['setup']);
      if (state.baseCommit === null && setupMoney.ok)
        journal.record({ type: 'setup_started', money: reservationsFor(setupMoney) });
    }
    if (state.baseCommit === null) await setUp();
    if (state.status !== 'stopped') await findLost();
    const end = await work();
    const reportMoney = affordable(state, ['report']);
    // A run that goes on after its end is reported on, and pays for it, once more.
    const reportOf = String(state.seq);
    journal.record({
      type: 'stopped',
      ...end,
      ...(reportMoney.ok ? { money: reservationsFor(reportMoney, reportOf) } : {}),
    });
    await journal.flushed();
    await charts.finish();
    const { spent } = await activities.agent.report({ run, synthesis: reportMoney.ok });
    journal.record({ type: 'reported', money: settlement('report', spent, reportOf) });
    await journal.flushed();
    return { run, reason: end.reason, detail: end.detail, best: state.best };
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(interruptByCancel);
    throw error;
  }

  /** Decides, acts, sleeps until something happened; returns why the run is over. */
  async function work(): Promise<{ reason: StopReason; detail: string }> {
    for (;;) {
      const end = step();
      journal.pump();
      if (end) return end;
      if (isLeaving() && isQuiet()) await moveOn();
      setAlarm();
      const seen = journal.wakeups;
      await condition(() => journal.wakeups !== seen);
    }
  }

  function step(): { reason: StopReason; detail: string } | null {
    if (state.setupFailures.length > 0 && state.baseCommit === null) {
      return { reason: 'setup_failed', detail: state.setupFailures.at(-1)?.message ?? '' };
    }
    const prepareAhead = tuning.prepareAhead ?? state.limits.maxConcurrency;
    const leaving = isLeaving();
    if (leaving) charts.close();
    // Messages are on their way for milliseconds: the run that continues this one makes the next moves.
    if (!leaving || planning || charts.isDrawing) {
      for (let move = nextMove(state, prepareAhead); move; move = nextMove(state, prepareAhead)) make(move);
    }
    const verdict = planningVerdict(state);
    const planMoney = verdict.do === 'plan' && !leaving ? affordable(state, ['plan']) : null;
    if (planMoney?.ok) void plan(reservationsFor(planMoney, String(state.iteration + 1)));
    const limit = limitReached(state, Date.now(), prepareAhead);
    if (limit) {
      journal.record({ type: 'limit_reached', reason: limit, detail: describeLimit(state, limit) });
      children.withdrawPrepared();
    }
    setCurrentDetails(describeRun(state));
    charts.draw(state);
    if (state.status === 'draining') return isIdle() ? state.stop : null;
    if (verdict.do === 'end' && state.open.length === 0) return { reason: verdict.reason, detail: verdict.detail };
    return null;
  }

  function make(move: Move): void {
    const { nodeId, money } = move;
    if (move.do === 'grant') {
      journal.record({ type: 'slot_granted', nodeId, slot: move.slot, money });
      children.grantSlot(nodeId, move.slot);
    } else {
      journal.record({ type: 'experiment_preparing', nodeId, money });
      children.start(identityOf(rowOf(state, nodeId)), null);
    }
  }

  /** Nothing but queued experiments is left, and no message to a child is on its way. */
  function isIdle(): boolean {
    return !planning && children.inFlight === 0 && state.open.every((id) => rowOf(state, id).state.status === 'queued');
  }

  async function setUp(): Promise<void> {
    try {
      const { anchorCommit, seeds, practices, repair } = await activities.source.setup({ run });
      const { baseCommit, spent } = await activities.agent.instrument({ run });
      const money = settlement('setup', spent);
      journal.record({ type: 'setup_completed', anchorCommit, baseCommit, practices, repair, money });
      for (const experiment of seeds) journal.record({ type: 'experiment_added', experiment });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const record = failureFrom(error, 'setup_source_failed');
      journal.record({ type: 'setup_failed', failure: record, money: settlement('setup', spentOfFailure(record)) });
    }
  }

  /** Experiments whose end was not reported (the server was away, the engine was), and those whose workflow is gone. */
  async function findLost(): Promise<void> {
    const nodeIds = state.open.filter((id) => rowOf(state, id).state.status !== 'queued');
    if (nodeIds.length === 0) return;
    // In this order: one that ends before it hears of us is found by the look-up.
    await children.adopt(nodeIds);
    for (const { nodeId, found, outcome } of await activities.files.lookupExperiments({ run, nodeIds })) {
      const row = state.experiments[nodeId];
      if (found === 'ended' && outcome) finish(nodeId, outcome);
      else if (found === 'missing' && row) children.start(identityOf(row), slotOf(row));
    }
  }

  function onReports(reports: ExperimentReport[]): void {
    if (!Array.isArray(reports)) {
      log.warn('signal reports refused: it must be a list');
      return;
    }
    for (const report of reports) {
      const problem = reportProblem(report);
      if (problem === null) onReport(report);
      else log.warn(`signal reports refused: ${problem}`);
    }
  }

  function onReport(report: ExperimentReport): void {
    const { nodeId } = report;
    const row = Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
    const isNow = (status: ExperimentRow['state']['status']) => row?.state.status === status;
    switch (report.type) {
      case 'prepared':
        if (isNow('preparing')) {
          const { commit, image, spent } = report;
          const money = settlement('apply', spent, nodeId);
          journal.record({ type: 'experiment_prepared', nodeId, commit, image, money });
        } else if (row && !isNow('ready')) {
          // It was started again after it had launched: the slot it holds is its own.
          children.grantSlot(nodeId, slotOf(row) ?? 0);
        }
        return;
      case 'launched':
        if (isNow('launching')) {
          journal.record({ type: 'job_launched', nodeId, jobId: report.jobId, launchedAtMs: report.launchedAtMs });
        }
        return;
      case 'job_ended':
        // The report of the launch may have been lost with a worker.
        onReport({ ...report, type: 'launched' });
        if (isNow('running')) {
          const { durationS } = report;
          journal.record({ type: 'job_ended', nodeId, durationS, money: jobSettlement(nodeId, durationS) });
        }
        return;
      case 'finished':
        finish(nodeId, report.outcome);
    }
  }

  function finish(nodeId: string, told: ExperimentOutcome): void {
    const outcome = readable(told);
    const [event] = outcomeEvents(state, nodeId, outcome);
    if (!event) return;
    const durationS = outcome.type === 'withdrawn' ? null : (outcome.job.durationS ?? null);
    const end = { spent: outcome.spent, analyzed: outcome.type === 'completed', durationS, atMs: Date.now() };
    journal.record({ ...event, money: moneyOfEnd(state, nodeId, end) });
    journal.record(...consequencesOf(state, nodeId));
  }

  async function plan(money: Money): Promise<void> {
    planning = true;
    const iteration = state.iteration + 1;
    journal.record({ type: 'planning_started', iteration, money });
    try {
      await journal.flushed();
      const throughSeq = state.seq;
      const { proposals, spent, ...reply } = await activities.agent.plan({ run, iteration, throughSeq });
      const accepted: string[] = [];
      for (const { index, ...proposal } of proposals) {
        const nodeId = followUpNodeId(state.nextCounter, proposal.name);
        const origin = { from: 'plan', iteration, index } as const;
        journal.record({ type: 'experiment_added', experiment: { ...proposal, nodeId, kind: 'planned', origin } });
        accepted.push(nodeId);
      }
      journal.record({
        type: 'plan_received',
        iteration,
        accepted,
        ...reply,
        money: settlement('plan', spent, String(iteration)),
      });
    } catch (error) {
      if (!isCancellation(error)) {
        const record = failureFrom(error, 'planning_failed');
        const money = settlement('plan', spentOfFailure(record), String(iteration));
        journal.record({ type: 'planning_failed', iteration, failure: record, money });
      }
    } finally {
      planning = false;
      journal.wake();
    }
  }

  /** Wakes the engine when its time is up, even if nothing else happens. */
  function setAlarm(): void {
    const leftMs = leftToRunMs(state, Date.now());
    if (hasAlarm || state.status !== 'running' || !Number.isFinite(leftMs)) return;
    hasAlarm = true;
    void ring(Math.max(1, leftMs));
  }

  async function ring(afterMs: number): Promise<void> {
    await condition(() => state.status === 'stopped', afterMs);
    hasAlarm = false;
    journal.wake();
  }

  /** This run's history is long enough: what takes long is not begun any more. */
  function isLeaving(): boolean {
    const isLong = tuning.eventsPerRun > 0 && journal.recorded >= tuning.eventsPerRun;
    return isLong || workflowInfo().continueAsNewSuggested;
  }

  function isQuiet(): boolean {
    return !planning && !charts.isDrawing && children.inFlight === 0;
  }

  async function moveOn(): Promise<void> {
    await journal.flushed();
    await condition(allHandlersFinished);
    if (!isQuiet() || !journal.isFlushed) return;
    const carry = { state, exportedSeq: state.seq, chartsAtMs: charts.drawnAtMs };
    await continueAsNew<typeof engineWorkflow>({ run, tuning, carried: carry });
  }

  async function interruptByCancel(): Promise<void> {
    journal.record({ type: 'stop_requested', mode: 'interrupt' });
    await journal.flushed();
  }
}

/** A result that nobody of ours can have given is an end all the same. */
function readable(outcome: ExperimentOutcome): ExperimentOutcome {
  const problem = outcomeProblem(outcome);
  if (problem === null) return outcome;
  const record = failure('unexpected_exception', `its outcome cannot be read: ${problem}`, Date.now());
  return { type: 'failed', failure: record, job: {}, spent: NOTHING_SPENT };
}

function slotOf(row: ExperimentRow): number | null {
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

function identityOf({ seq: _, state: __, ...identity }: ExperimentRow) {
  return identity;
}
