/**
 * The engine of one run: sets up, queues the seeds, then keeps slots busy, plans, and stops by its own rules. It orders
 * steps; what to do next is decided by the policies from the state, and the state changes only by recorded events.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ExperimentOutcome } from '../activities/contract.js';
import { initialState, rowOf } from '../domain/engine-state.js';
import { type ExperimentRow, followUpNodeId } from '../domain/experiment.js';
import type { StopReason } from '../domain/limits.js';
import { DEFAULT_LIMITS } from '../domain/limits.js';
import { consequencesOf } from '../domain/policies/consequences.js';
import { outcomeEvents } from '../domain/policies/outcome-events.js';
import { planningVerdict } from '../domain/policies/planning.js';
import { nextGrants, nextStarts } from '../domain/policies/scheduling.js';
import { describeRun } from '../domain/run-details.js';
import { limitsFrom } from '../domain/steering.js';
import * as activities from './activity-options.js';
import { Charts } from './charts.js';
import { Children } from './children.js';
import { failureFrom } from './failure-value.js';
import { Journal } from './journal.js';
import {
  type EngineInput,
  type EngineResult,
  type ExperimentReport,
  reportSignal,
  slotGrantedSignal,
  type Tuning,
} from './messages.js';
import { handleSteering } from './steering.js';

const DEFAULT_TUNING: Tuning = { prepareAhead: null, chartIntervalMs: 5000, eventsPerRun: 0 };

export async function engineWorkflow(input: EngineInput): Promise<EngineResult> {
  const { run } = input;
  const tuning = { ...DEFAULT_TUNING, ...input.tuning };
  const carried = input.carried ?? null;
  const state = carried?.state ?? (await activities.files.loadState({ run })) ?? initialState(run);
  const journal = new Journal(state, carried?.exportedSeq ?? state.seq);
  const children = new Children(run, finish, journal);
  const charts = new Charts(run, tuning.chartIntervalMs, carried?.chartsAtMs ?? 0, () => journal.wake());
  let planning = false;

  setHandler(reportSignal, onReport);
  handleSteering(journal, children);
  setCurrentDetails(describeRun(state));

  try {
    if (!carried) {
      const limits = { ...(state.seq === 0 ? DEFAULT_LIMITS : state.limits), ...limitsFrom(input.limits ?? {}) };
      journal.record({ type: 'run_started', run, limits });
    }
    if (state.baseCommit === null) await setUp();
    if (state.status !== 'stopped') await findLost();
    const end = await work();
    journal.record({ type: 'stopped', ...end });
    await journal.flushed();
    await charts.finish();
    await activities.agent.report({ run });
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
      if (mustContinueAsNew()) await moveOn();
      const seen = journal.wakeups;
      await condition(() => journal.wakeups !== seen);
    }
  }

  function step(): { reason: StopReason; detail: string } | null {
    if (state.setupFailures.length > 0 && state.baseCommit === null) {
      return { reason: 'setup_failed', detail: state.setupFailures.at(-1)?.message ?? '' };
    }
    for (const { nodeId, slot } of nextGrants(state)) {
      journal.record({ type: 'slot_granted', nodeId, slot });
      children.tell(nodeId, slotGrantedSignal, { slot });
    }
    for (const nodeId of nextStarts(state, tuning.prepareAhead ?? state.limits.maxConcurrency)) {
      journal.record({ type: 'experiment_preparing', nodeId });
      children.start(identityOf(rowOf(state, nodeId)), null);
    }
    const verdict = planningVerdict(state);
    if (verdict.do === 'plan') void plan();
    setCurrentDetails(describeRun(state));
    charts.draw(state);
    if (state.status === 'draining') return isIdle() ? { reason: 'user', detail: 'stopped by a person' } : null;
    if (verdict.do === 'end' && state.open.length === 0) return { reason: verdict.reason, detail: verdict.detail };
    return null;
  }

  /** Nothing but queued experiments is left, and no message to a child is on its way. */
  function isIdle(): boolean {
    return !planning && children.inFlight === 0 && state.open.every((id) => rowOf(state, id).state.status === 'queued');
  }

  async function setUp(): Promise<void> {
    try {
      const { anchorCommit, seeds, practices, repair } = await activities.source.setup({ run });
      const { baseCommit } = await activities.agent.instrument({ run });
      journal.record({ type: 'setup_completed', anchorCommit, baseCommit, practices, repair });
      for (const experiment of seeds) journal.record({ type: 'experiment_added', experiment });
    } catch (error) {
      if (isCancellation(error)) throw error;
      journal.record({ type: 'setup_failed', failure: failureFrom(error, 'setup_source_failed') });
    }
  }

  /** Experiments whose end was not reported (the server was away, the engine was), and those whose workflow is gone. */
  async function findLost(): Promise<void> {
    const nodeIds = state.open.filter((id) => rowOf(state, id).state.status !== 'queued');
    if (nodeIds.length === 0) return;
    for (const { nodeId, found, outcome } of await activities.files.lookupExperiments({ run, nodeIds })) {
      const row = state.experiments[nodeId];
      if (found === 'ended' && outcome) finish(nodeId, outcome);
      else if (found === 'missing' && row) children.start(identityOf(row), slotOf(row));
    }
  }

  function onReport(report: ExperimentReport): void {
    const { nodeId } = report;
    const row = state.experiments[nodeId];
    switch (report.type) {
      case 'prepared':
        if (row?.state.status === 'preparing') {
          const { commit, image } = report;
          journal.record({ type: 'experiment_prepared', nodeId, commit, image });
        } else if (row && row.state.status !== 'ready') {
          // It was started again after it had launched: the slot it holds is its own.
          children.tell(nodeId, slotGrantedSignal, { slot: slotOf(row) ?? 0 });
        }
        return;
      case 'launched':
        if (row?.state.status === 'launching') {
          journal.record({ type: 'job_launched', nodeId, jobId: report.jobId, launchedAtMs: report.launchedAtMs });
        }
        return;
      case 'job_ended':
        if (row?.state.status === 'running') journal.record({ type: 'job_ended', nodeId, durationS: report.durationS });
        return;
      case 'finished':
        finish(nodeId, report.outcome);
    }
  }

  function finish(nodeId: string, outcome: ExperimentOutcome): void {
    const events = outcomeEvents(state, nodeId, outcome);
    if (events.length === 0) return;
    journal.record(...events);
    journal.record(...consequencesOf(state, nodeId));
  }

  async function plan(): Promise<void> {
    planning = true;
    const iteration = state.iteration + 1;
    journal.record({ type: 'planning_started', iteration });
    try {
      await journal.flushed();
      const throughSeq = state.seq;
      const { proposals, ...reply } = await activities.agent.plan({ run, iteration, throughSeq });
      const accepted: string[] = [];
      for (const { index, ...proposal } of proposals) {
        const nodeId = followUpNodeId(state.nextCounter, proposal.name);
        const origin = { from: 'plan', iteration, index } as const;
        journal.record({ type: 'experiment_added', experiment: { ...proposal, nodeId, kind: 'planned', origin } });
        accepted.push(nodeId);
      }
      journal.record({ type: 'plan_received', iteration, accepted, ...reply });
    } catch (error) {
      if (!isCancellation(error)) {
        journal.record({ type: 'planning_failed', iteration, failure: failureFrom(error, 'planning_failed') });
      }
    } finally {
      planning = false;
      journal.wake();
    }
  }

  function mustContinueAsNew(): boolean {
    const isLong = tuning.eventsPerRun > 0 && journal.recorded >= tuning.eventsPerRun;
    return (
      (isLong || workflowInfo().continueAsNewSuggested) && !planning && !charts.isDrawing && children.inFlight === 0
    );
  }

  async function moveOn(): Promise<void> {
    await journal.flushed();
    await condition(allHandlersFinished);
    if (!mustContinueAsNew() || !journal.isFlushed) return;
    const carry = { state, exportedSeq: state.seq, chartsAtMs: charts.drawnAtMs };
    await continueAsNew<typeof engineWorkflow>({ run, tuning, carried: carry });
  }

  async function interruptByCancel(): Promise<void> {
    journal.record({ type: 'stop_requested', mode: 'interrupt' });
    await journal.flushed();
  }
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
