/**
 * The engine of one run: sets up, queues the seeds, then keeps slots busy, plans, and stops by its own rules. It orders
 * steps; what to do next is decided by the policies from the state, and the state changes only by recorded events.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  makeContinueAsNewFunc,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { verdictsAtEnd } from '../domain/belief/confirmation.js';
import { confirmedAtEnd } from '../domain/belief/provisional.js';
import type { ExperimentOutcome } from '../domain/protocol/activities.js';
import { underWay } from '../domain/protocol/lost-messages.js';
import {
  type EngineInput,
  type EngineResult,
  reportsSignal,
  type Tuning,
  withdrawSignal,
} from '../domain/protocol/messages.js';
import { rowOf } from '../domain/run/engine-state.js';
import type { EventBody } from '../domain/run/event-types.js';
import { failure } from '../domain/run/failure.js';
import { givenProblem } from '../domain/run/given-more.js';
import { NOTHING_SPENT } from '../domain/run/ledger.js';
import type { StopReason } from '../domain/run/limits.js';
import { engineWorkflowId } from '../domain/run/naming.js';
import { describeRun } from '../domain/run/run-details.js';
import { affordable, describeLimit, timeUpAtMs } from '../domain/schedule/budget.js';
import { limitReached, type Move, nextMove } from '../domain/schedule/planned-moves.js';
import { planningVerdict } from '../domain/schedule/planning.js';
import { isFull } from '../domain/schedule/scheduling.js';
import { moneyOfReports, reservationsFor } from '../domain/schedule/settlement.js';
import { dueEvents } from '../domain/verdict/consequences.js';
import * as activities from './activity-options.js';
import { Alarm } from './alarm.js';
import { heedSilence } from './approvals.js';
import { addGiven, recordStart, setUp } from './beginning.js';
import { continued, fromLog, toCarry } from './carried.js';
import { Charts } from './charts.js';
import { Children } from './children.js';
import { Closing } from './closing.js';
import { Journal } from './journal.js';
import { Planner } from './planner.js';
import { identityOf, Recovery } from './recovery.js';
import { Reports } from './reports.js';
import { handleSteering } from './steering.js';

/** A quarter of an hour: what is lost is lost rarely, and a day of looks is six hundred events of history. */
const LOOK_MS = 15 * 60 * 1000;
/** Jobs take hours, and an experiment whose engine is gone holds nothing but its tree. */
const ASK_MS = 6 * 3600 * 1000;
const DEFAULT_TUNING: Tuning = {
  prepareAhead: null,
  chartIntervalMs: 5000,
  eventsPerRun: 0,
  lookMs: LOOK_MS,
  askMs: ASK_MS,
};

const NO_BASELINE = 'there is no baseline to compare it with';
/** Where versions of workers are told apart, the next run begins with the version that is current then. */
const continueHere = makeContinueAsNewFunc<typeof engineWorkflow>({ initialVersioningBehavior: 'AUTO_UPGRADE' });

export async function engineWorkflow(input: EngineInput): Promise<EngineResult> {
  const { run } = input;
  if (workflowInfo().workflowId !== engineWorkflowId(run))
    throw ApplicationFailure.nonRetryable(`the engine of ${run} is ${engineWorkflowId(run)}`, 'policy_refused');
  if (!patched('recovers-what-is-lost')) return await engine(input, null);
  // A person who cancels it in the Temporal UI wants it to pause, and the next `run` to go on: nothing in it is
  // cancelled.
  const { cancelRequested } = CancellationScope.current();
  return await CancellationScope.nonCancellable(() => engine(input, cancelRequested));
}

/**
 * `cancelRequested` rejects when somebody cancels the workflow; null in a run that began before it recovered what is
 * lost.
 */
async function engine(input: EngineInput, cancelRequested: Promise<never> | null): Promise<EngineResult> {
  const { run } = input;
  const recovers = cancelRequested !== null;
  const tuning = { ...DEFAULT_TUNING, ...input.tuning };
  const { state, exportedSeq, chartsAtMs, isContinued } = input.carried ? continued(input.carried) : await fromLog(run);
  const journal = new Journal(state, exportedSeq);
  const given = isContinued ? [] : (input.given ?? []).filter((each) => givenProblem(each) === null);
  const heard = {
    outcome: (nodeId: string, outcome: ExperimentOutcome) => reports.finish(nodeId, outcome),
    foundRunning(nodeId: string) {
      if (recovers) recovery.greet(nodeId);
    },
    closed(nodeId: string, reason: string) {
      if (recovers) recovery.closed(nodeId, reason);
      else reports.finish(nodeId, endOf(reason));
    },
  };
  const children = new Children(run, heard, journal, tuning.askMs);
  const reports = new Reports(journal, children, recovers);
  const recovery = new Recovery(state, children, reports);
  if (recovers) journal.putBack = (...told) => recovery.putBack(...told);
  const planner = new Planner(journal);
  const charts = new Charts(run, tuning.chartIntervalMs, chartsAtMs, () => journal.wake());
  const alarm = new Alarm(journal);
  let isCancelled = false;

  setHandler(reportsSignal, (list) => reports.take(list));
  const steering = handleSteering(journal, children, recovers);
  setCurrentDetails(describeRun(state));
  cancelRequested?.catch(interruptByCancel);

  try {
    return await Promise.race([live(), journal.refused]);
  } catch (error) {
    // Only a run from before it recovered what is lost comes here by a cancellation.
    if (isCancellation(error)) await CancellationScope.nonCancellable(interrupted);
    throw error;
  }

  async function live(): Promise<EngineResult> {
    if (!isContinued) recordStart(journal, input, given, recovers);
    if (state.baseCommit === null) await setUp(journal, run);
    if (state.status !== 'stopped') await recovery.takeUp(underWay(state), !isContinued);
    if (state.baseCommit !== null && given.length > 0) await addGiven(journal, steering, given);
    if (recovers) void recovery.everySoOften(tuning.lookMs);
    void heedSilence(journal, steering.drop);
    const end = await work();
    journal.record(...confirmedAtEnd(state));
    for (let told = verdictsAtEnd(state); told.length > 0; told = verdictsAtEnd(state)) journal.record(...told);
    const reportMoney = affordable(state, ['report']);
    // A run that goes on after its end is reported on, and pays for it, once more.
    const reportOf = String(state.seq);
    journal.record({
      type: 'stopped',
      ...end,
      ...(reportMoney.ok ? { money: reservationsFor(reportMoney, reportOf) } : {}),
    });
    await journal.flushed();
    const closing = new Closing();
    await closing.attempt('charts', () => charts.finish());
    const made = await closing.attempt('reports', () => activities.agent.report({ run, synthesis: reportMoney.ok }));
    const { skipped } = closing;
    journal.record({
      type: 'reported',
      ...(skipped.length > 0 ? { skipped } : {}),
      money: moneyOfReports(made, reportOf),
    });
    await journal.flushed();
    return { run, reason: end.reason, detail: end.detail, best: state.best };
  }

  /** Decides, acts, sleeps until something happened; returns why the run is over. */
  async function work(): Promise<{ reason: StopReason; detail: string }> {
    for (;;) {
      const seen = journal.wakeups;
      journal.isPumpedByLoop = true;
      const end = step();
      journal.pump();
      if (end) {
        journal.isPumpedByLoop = false;
        return end;
      }
      if (isLeaving() && isQuiet()) await moveOn();
      alarm.set();
      await condition(() => journal.wakeups !== seen);
    }
  }

  function step(): { reason: StopReason; detail: string } | null {
    if (state.setupFailures.length > 0 && state.baseCommit === null) {
      return { reason: 'setup_failed', detail: state.setupFailures.at(-1)?.message ?? '' };
    }
    for (let due = dueEvents(state); due.length > 0; due = dueEvents(state)) act(due);
    const prepareAhead = tuning.prepareAhead ?? state.limits.maxConcurrency;
    // A run that goes on with no time left begins nothing in the moment before its alarm rings.
    if (
      state.runsSinceMs !== null &&
      timeUpAtMs(state) <= state.runsSinceMs &&
      patched('begins-nothing-without-time')
    ) {
      alarm.reach(state.runsSinceMs);
      heedLimits(prepareAhead);
    }
    const leaving = isLeaving();
    if (leaving) charts.close();
    // Messages are on their way for milliseconds: the run that continues this one makes the next moves.
    if (!recovery.isInDoubt && (!leaving || planner.isPlanning || charts.isDrawing)) {
      for (let move = nextMove(state, prepareAhead); move; move = nextMove(state, prepareAhead)) {
        if (move.do === 'grant' && isFull(state) && patched('keeps-to-a-lowered-concurrency')) break;
        make(move);
      }
    }
    const verdict = planningVerdict(state);
    const planMoney = verdict.do === 'plan' && !leaving ? affordable(state, ['plan']) : null;
    if (planMoney?.ok) void planner.plan(reservationsFor(planMoney, String(state.iteration + 1)));
    heedLimits(prepareAhead);
    setCurrentDetails(describeRun(state));
    charts.draw(state);
    if (state.status === 'draining') return isIdle() ? state.stop : null;
    if (verdict.do !== 'end' || state.open.length > 0) return null;
    // What a person adds while it is checked is something to do.
    if (steering.isChecking && patched('waits-for-what-is-added')) return null;
    return { reason: verdict.reason, detail: verdict.detail };
  }

  /** What is due is recorded, and what leaves the queue by it is told. */
  function act(due: readonly EventBody[]): void {
    journal.record(...due);
    for (const event of due)
      if (event.type === 'experiment_removed' && event.withdraws) void children.tell(event.nodeId, withdrawSignal);
  }

  function heedLimits(prepareAhead: number): void {
    const limit = limitReached(state, alarm.reachedMs, prepareAhead);
    if (limit === null) return;
    journal.record({ type: 'limit_reached', reason: limit, detail: describeLimit(state, limit) });
    children.withdrawPrepared();
    // There is no baseline against which the numbers of running jobs could be held.
    if (limit === 'baseline_failed' && patched('ends-what-has-no-baseline')) steering.cancelStarted(NO_BASELINE);
  }

  function make(move: Move): void {
    const { nodeId, money } = move;
    if (move.do === 'grant') {
      journal.record({ type: 'slot_granted', nodeId, slot: move.slot, money });
      children.grantSlot(nodeId, move.slot, state.seq);
    } else {
      journal.record({ type: 'experiment_preparing', nodeId, money });
      children.start(identityOf(rowOf(state, nodeId)), null);
    }
  }

  /** Nothing but queued experiments is left, and no message to a child is on its way. */
  function isIdle(): boolean {
    return (
      !planner.isPlanning &&
      children.inFlight === 0 &&
      state.open.every((id) => rowOf(state, id).state.status === 'queued')
    );
  }

  /** This run's history is long enough: what takes long is not begun any more. */
  function isLeaving(): boolean {
    const isLong = tuning.eventsPerRun > 0 && journal.recorded >= tuning.eventsPerRun;
    // A workflow hears of one cancellation: the run that continues it hears of the next.
    const isDeaf = recovers && isCancelled && state.status !== 'interrupted';
    const { continueAsNewSuggested, targetWorkerDeploymentVersionChanged } = workflowInfo();
    return isLong || isDeaf || continueAsNewSuggested || targetWorkerDeploymentVersionChanged;
  }

  function isQuiet(): boolean {
    return !planner.isPlanning && !charts.isDrawing && children.inFlight === 0;
  }

  async function moveOn(): Promise<void> {
    journal.isPumpedByLoop = false;
    await journal.flushed();
    await condition(allHandlersFinished);
    if (!isQuiet() || !journal.isFlushed) return;
    await continueHere({ run, tuning, carried: toCarry(journal, charts.drawnAtMs) });
  }

  function interruptByCancel(): void {
    isCancelled = true;
    if (state.status === 'stopped' || state.status === 'interrupted') return;
    void CancellationScope.nonCancellable(interrupted);
  }

  async function interrupted(): Promise<void> {
    journal.record({ type: 'stop_requested', mode: 'interrupt' });
    await journal.flushed();
  }
}

function endOf(reason: string): ExperimentOutcome {
  const record = failure('unexpected_exception', `the experiment's workflow ended: ${reason}`, Date.now());
  return { type: 'failed', failure: record, job: {}, spent: NOTHING_SPENT };
}
