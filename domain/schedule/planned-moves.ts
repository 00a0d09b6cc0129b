/**
 * What the engine may do next, one move at a time, with the money that the move sets aside; and which limit forbids
 * more.
 */
import { isRemeasurement } from '../belief/confirmation-state.js';
import { goesOn } from '../belief/provisional.js';
import { type EngineState, openRows, rowOf } from '../run/engine-state.js';
import type { Money } from '../run/event-types.js';
import type { ExperimentKind, ExperimentRow } from '../run/experiment-record.js';
import type { SpendingPhase } from '../run/ledger.js';
import type { StopReason } from '../run/limits.js';
import { baselineFailure } from '../verdict/baseline-failure.js';
import { affordable, timeUpAtMs } from './budget.js';
import { isKeptBack, isKeptForRepeats, jobsLeft, mayPrepare, preparationsLeft } from './counted.js';
import { isQuickPlanner, isShortPause, planningVerdict } from './planning.js';
import { type Grant, nextGrants, nextStarts } from './scheduling.js';
import { reservationsFor } from './settlement.js';
import { worths } from './worth.js';

export type Move =
  | { do: 'grant'; nodeId: string; slot: number; money: Money }
  | { do: 'start'; nodeId: string; money: Money };

export function nextMove(state: EngineState, prepareAhead: number): Move | null {
  if (baselineFailure(state) !== null) return null;
  const [grant] = nextGrants(state);
  const moves = [grant && granted(state, grant, prepareAhead), started(state, nextStart(state, prepareAhead))];
  // Repeats need no agent, and no room among the experiments: what forbids those leaves time for what is undecided.
  if (goesOn(state)) {
    moves.push(...nextGrants(state, isRemeasurement).map((each) => granted(state, each, prepareAhead)));
    const others = nextStarts(state, prepareAhead, (row) => !isRemeasurement(row));
    moves.push(...others.map((each) => started(state, each)));
  }
  return moves.find((move) => move != null) ?? null;
}

function granted(state: EngineState, grant: Grant, prepareAhead: number): Move | null {
  const row = rowOf(state, grant.nodeId);
  if (jobsLeft(state) <= 0 || isKeptForRepeats(state, row) || waitsForNew(state, row, prepareAhead)) return null;
  const allowed = affordable(state, grantedPhases(row));
  return allowed.ok ? { do: 'grant', ...grant, money: reservationsFor(allowed, grant.nodeId) } : null;
}

/**
 * Whether a repeat that other jobs go before keeps out of the way of some that a planner is about to bring, or has
 * brought: one that takes moments leaves no slot idle.
 */
function waitsForNew(state: EngineState, row: ExperimentRow, prepareAhead: number): boolean {
  if (!goesOn(state) || !worths(state)(row).isBehind || !isQuickPlanner(state)) return false;
  if (state.planningSince !== null || arePrepared(state, prepareAhead)) return true;
  return planningVerdict(state).do === 'plan' && affordable(state, ['plan']).ok;
}

/** Whether new experiments are prepared now, or will be by the next moves, and that takes moments. */
function arePrepared(state: EngineState, prepareAhead: number): boolean {
  const isUnderWay = openRows(state).some((each) => each.state.status === 'preparing' && !isRemeasurement(each));
  if (!state.confirmation?.rules.waitsForQueued) return isUnderWay;
  if (!isShortPause(state, state.lastPreparingMs ?? 0)) return false;
  const passesOver = (each: ExperimentRow) => isRemeasurement(each) || isKeptBack(state, each);
  return isUnderWay || nextStarts(state, prepareAhead, passesOver).some((nodeId) => started(state, nodeId) !== null);
}

function started(state: EngineState, nodeId: string | null): Move | null {
  if (nodeId === null || !mayPrepare(state, rowOf(state, nodeId))) return null;
  const allowed = affordable(state, startPhases(rowOf(state, nodeId).kind));
  return allowed.ok ? { do: 'start', nodeId, money: reservationsFor(allowed, nodeId) } : null;
}

/** Numbers are enough of a repeat: no agent is asked what they mean. */
export function grantedPhases({ kind }: ExperimentRow): SpendingPhase[] {
  return kind === 'repeat' ? ['job'] : ['job', 'analyze'];
}

/** The baseline and repeats run code that is there already. */
export function startPhases(kind: ExperimentKind): SpendingPhase[] {
  return kind === 'baseline' || kind === 'repeat' ? [] : ['apply'];
}

/** Null where all that could begin is kept back, or nothing is queued. */
function nextStart(state: EngineState, prepareAhead: number): string | null {
  const keptBack = (row: ExperimentRow) => isKeptBack(state, row);
  const [first] = nextStarts(state, prepareAhead, state.passesOver ? keptBack : undefined);
  return first === undefined || keptBack(rowOf(state, first)) ? null : first;
}

/**
 * The limit that ends the run now, or null. A budget or a number of experiments does so only when nothing is under way
 * that may still give back what it reserved; time ends it at once (running jobs finish). `reachedMs` is a time that has
 * come.
 */
export function limitReached(state: EngineState, reachedMs: number, prepareAhead: number): StopReason | null {
  if (state.status !== 'running') return null;
  if (baselineFailure(state) !== null) return 'baseline_failed';
  if (timeUpAtMs(state) <= reachedMs) return 'wall_clock';
  // Each further job would write to the user's files again.
  if ((state.tally.failedByKind.user_files_changed ?? 0) > (state.filesChangedTold ?? 0)) return 'user_files_changed';
  const isUnderWay = openRows(state).some((row) => row.state.status !== 'queued' && row.state.status !== 'ready');
  if (isUnderWay || state.planningSince !== null) return null;
  const [grant] = nextGrants(state);
  if (grant) return jobsLeft(state) === 0 ? 'max_jobs' : refusal(state, grantedPhases(rowOf(state, grant.nodeId)));
  if (nextStarts(state, prepareAhead).length > 0) {
    const nodeId = nextStart(state, prepareAhead);
    if (nodeId === null) return 'max_experiments';
    return preparationsLeft(state) <= 0 ? 'max_jobs' : refusal(state, startPhases(rowOf(state, nodeId).kind));
  }
  return planningVerdict(state).do === 'plan' ? refusal(state, ['plan']) : null;
}

function refusal(state: EngineState, phases: readonly SpendingPhase[]): StopReason | null {
  const allowed = affordable(state, phases);
  return allowed.ok ? null : allowed.reason;
}
