/**
 * The only place where the engine's state changes. `applyEvent` updates it in place (its owner holds the only
 * reference) so that the cost of an event does not grow with the number of experiments.
 */

import { isRemeasurement, newConfirmation } from '../belief/confirmation-state.js';
import { goesOn, isProvisional } from '../belief/provisional.js';
import { excludePractices } from '../memory/practice-tally.js';
import { approve, askWhereDue, setApproval } from './approval.js';
import { type EngineState, rowOf } from './engine-state.js';
import type { EngineEvent, Money } from './event-types.js';
import type { ExperimentRow } from './experiment-record.js';
import {
  addExperiment,
  become,
  complete,
  endJob,
  endWithdrawal,
  endWithoutResult,
  grantSlot,
  judge,
  launch,
  removeExperiment,
  takeGainBack,
  wait,
} from './experiment-transitions.js';
import { type Ledger, release, reserve, settle } from './ledger.js';
import { withLaterLimits } from './limits.js';

/** A message comes again within seconds, or minutes: so many notes are not given meanwhile. */
const KNOWN_NOTES = 100;
/** What could not be checked is for people to read: the newest are enough. */
const SHOWN_UNCHECKED = 10;

/** Applies one event. Events at or below `state.seq` are ignored (a log may be read twice); a gap is a RangeError. */
export function applyEvent(state: EngineState, event: EngineEvent): EngineState {
  if (event.seq <= state.seq) return state;
  if (event.seq !== state.seq + 1) throw new RangeError(`event ${event.seq} follows ${state.seq}: the log has a gap`);
  state.seq = event.seq;
  keepTime(state, event);
  move(state.ledger, event.money ?? {});
  reduce(state, event);
  return state;
}

/**
 * An engine that was killed is known to have run until its last event. What was sent to it while it was away is heard
 * at the moment of its return, and maybe before that: such an event says nothing of the time in between.
 */
function keepTime(state: EngineState, event: EngineEvent): void {
  const isBack = event.type === 'returned' && state.runsSinceMs !== null;
  const isStart = event.type === 'run_started' || event.type === 'resumed' || isBack;
  const isEnd = event.type === 'stopped' || (event.type === 'stop_requested' && event.mode === 'interrupt');
  if ((isStart || isEnd) && state.runsSinceMs !== null) {
    const lastMs = event.atMs > state.updatedAtMs ? state.updatedAtMs : state.earlierMs;
    state.ranMs += (isEnd ? event.atMs : lastMs) - state.runsSinceMs;
    state.runsSinceMs = null;
  }
  if (isStart) state.runsSinceMs = event.atMs;
  if (event.atMs > state.updatedAtMs) state.earlierMs = state.updatedAtMs;
  state.updatedAtMs = event.atMs;
}

function move(ledger: Ledger, money: Money): void {
  for (const [key, amount] of Object.entries(money.reserve ?? {})) reserve(ledger, key, amount);
  for (const { phase, key, spent, unpriced } of money.settle ?? []) settle(ledger, phase, key, spent, unpriced);
  for (const key of money.release ?? []) release(ledger, key);
}

function reduce(state: EngineState, event: EngineEvent): void {
  switch (event.type) {
    case 'run_started':
      state.run = event.run;
      state.limits = withLaterLimits(event.limits);
      if (event.passesOver) state.passesOver = true;
      if (event.chain !== undefined) state.chain = event.chain;
      if (event.anew) state.roundsBefore = state.rounds.length;
      state.startedAtMs ||= event.atMs;
      state.stop = null;
      state.stopMode = null;
      delete state.unchecked;
      // A plan that was under way is asked for again under its old number: its reply may be on disk already.
      if (state.planningSince !== null) state.iteration -= 1;
      state.planningSince = null;
      if (state.status !== 'setup') state.status = 'running';
      return;
    case 'setup_completed':
      state.anchorCommit = event.anchorCommit;
      state.baseCommit = event.baseCommit;
      state.practicesKnown = event.practices;
      state.repair = event.repair;
      if (event.needsBaseline) state.needsBaseline = true;
      if (event.needsMeasuredBaseline) state.needsMeasuredBaseline = true;
      if (event.confirmation) state.confirmation ??= newConfirmation(event.confirmation);
      if (state.status === 'setup') state.status = 'running';
      return;
    case 'setup_failed':
      state.setupFailures.push(event.failure);
      return;
    case 'experiment_added':
      addExperiment(state, event.experiment, event.seq);
      askWhereDue(state, rowOf(state, event.experiment.nodeId), event.atMs);
      if (event.experiment.origin.from === 'user') settleUnchecked(state, event.experiment.origin.request);
      return;
    case 'experiment_preparing':
      become(state, event.nodeId, { status: 'preparing', sinceMs: event.atMs });
      return;
    case 'experiment_requeued':
      become(state, event.nodeId, { status: 'queued' });
      return;
    case 'experiment_prepared':
      timePreparing(state, rowOf(state, event.nodeId), event.atMs);
      become(state, event.nodeId, { status: 'ready', sinceMs: event.atMs, commit: event.commit });
      askWhereDue(state, rowOf(state, event.nodeId), event.atMs);
      return;
    case 'slot_granted':
      grantSlot(state, event);
      return;
    case 'job_pending':
      wait(state, event);
      return;
    case 'job_launched':
      launch(state, event);
      return;
    case 'job_ended':
      endJob(state, event);
      return;
    case 'experiment_completed':
      complete(state, event);
      return;
    case 'experiment_failed':
    case 'experiment_cancelled':
      endWithoutResult(state, event);
      return;
    case 'best_changed': {
      state.best = event.nodeId;
      if (event.insteadOf !== undefined) {
        takeGainBack(state, event.insteadOf);
        return;
      }
      const round = state.rounds.find((r) => r.iteration === state.roundOf[event.nodeId]) ?? state.rounds.at(-1);
      if (round) round.gained = true;
      return;
    }
    case 'candidate_judged':
      judge(state, event.nodeId, event.judgement);
      return;
    case 'drift_found': {
      const { nodeId, by, afterSeq, fromSeq } = event;
      state.confirmation?.drifts?.push({ nodeId, by, afterSeq, fromSeq });
      if (state.confirmation) state.confirmation.drifts ??= [{ nodeId, by, afterSeq, fromSeq }];
      return;
    }
    case 'verification_started':
      if (state.confirmation) state.confirmation.verified = event.nodeId;
      return;
    case 'planning_started':
      state.iteration = event.iteration;
      state.planningSince = event.atMs;
      state.notesInPlan = state.notes.length;
      state.resultsSincePlan = 0;
      return;
    case 'plan_received': {
      endPlanning(state, event.atMs, event.tookMs);
      state.notes.splice(0, state.notesInPlan);
      excludePractices(state, event.notApplicable);
      const accepted = event.accepted.length;
      const waited = event.action === 'launch' && accepted === 0 && state.open.length > 0;
      state.rounds.push({
        iteration: event.iteration,
        open: accepted,
        accepted,
        waited,
        gained: false,
        action: event.action,
        ...(event.action === 'stop' && isProvisional(state, state.best ?? '') ? { stoppedOn: state.best! } : {}),
      });
      for (const id of event.accepted) state.roundOf[id] = event.iteration;
      return;
    }
    case 'planning_failed':
      endPlanning(state, event.atMs);
      state.rounds.push({
        iteration: event.iteration,
        open: 0,
        accepted: 0,
        waited: false,
        gained: false,
        action: 'failed',
      });
      return;
    case 'approval_set':
      setApproval(state, event.approval, event.atMs);
      return;
    case 'experiment_approved':
      approve(state, event.nodeId, event.by);
      return;
    case 'experiment_reprioritized':
      rowOf(state, event.nodeId).priority = event.priority;
      if (goesOn(state)) rowOf(state, event.nodeId).isPlaced = true;
      return;
    case 'experiment_removed':
      removeExperiment(state, event);
      return;
    case 'withdrawal_ended':
      endWithdrawal(state, event.nodeId);
      return;
    case 'limits_set':
      state.limits = { ...state.limits, ...event.limits };
      if (state.status === 'draining' && state.stop?.reason !== 'user') {
        state.status = 'running';
        state.stop = null;
      }
      return;
    case 'given_refused':
      settleUnchecked(state, event.request);
      return;
    case 'add_unchecked': {
      const { request, given, reason, waits } = event;
      settleUnchecked(state, request);
      state.unchecked = [...(state.unchecked ?? []), { request, given, reason, waits }].slice(-SHOWN_UNCHECKED);
      return;
    }
    case 'reported':
    case 'returned':
    case 'setup_started':
      return;
    case 'note_added':
      state.notes.push(event.text);
      if (event.request !== undefined)
        state.noteRequests = [...(state.noteRequests ?? []), event.request].slice(-KNOWN_NOTES);
      return;
    case 'paused':
      if (state.status === 'running') state.status = 'paused';
      return;
    case 'resumed':
      state.status = state.baseCommit === null ? 'setup' : 'running';
      state.stopMode = null;
      state.stop = null;
      return;
    case 'stop_requested':
      state.stopMode = event.mode;
      state.status = event.mode === 'interrupt' ? 'interrupted' : 'draining';
      if (state.status === 'draining') state.stop = { reason: 'user', detail: 'stopped by a person' };
      return;
    case 'limit_reached':
      state.status = 'draining';
      state.stop = { reason: event.reason, detail: event.detail };
      if (event.reason === 'user_files_changed')
        state.filesChangedTold = state.tally.failedByKind.user_files_changed ?? 0;
      return;
    case 'stopped':
      state.status = 'stopped';
      state.stop = { reason: event.reason, detail: event.detail };
      return;
    default:
      event satisfies never;
  }
}

/** What could not be checked was given again, and decided on. */
function settleUnchecked(state: EngineState, request: string): void {
  const left = state.unchecked?.filter((each) => each.request === '' || each.request !== request) ?? [];
  if (left.length > 0) state.unchecked = left;
  else delete state.unchecked;
}

/** A repeat runs what was prepared before. */
function timePreparing(state: EngineState, row: ExperimentRow, atMs: number): void {
  if (row.state.status === 'preparing' && !isRemeasurement(row)) state.lastPreparingMs = atMs - row.state.sinceMs;
}

/**
 * The time between two events is no measure: after a worker was killed, an engine that decides again may read another
 * time than it did at first.
 */
function endPlanning(state: EngineState, atMs: number, tookMs?: number): void {
  if (state.planningSince !== null) state.lastPlanningMs = tookMs ?? atMs - state.planningSince;
  state.planningSince = null;
}
