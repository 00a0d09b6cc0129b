/**
 * What the engine may do next, one move at a time, with the money that the move sets aside; and which limit forbids
 * more.
 */
import { isRemeasurement } from '../belief/confirmation-state.js';
import { type EngineState, openRows, rowOf } from '../run/engine-state.js';
import type { Money } from '../run/event-types.js';
import type { ExperimentKind, ExperimentRow } from '../run/experiment-record.js';
import type { SpendingPhase } from '../run/ledger.js';
import type { StopReason } from '../run/limits.js';
import { baselineFailure } from '../verdict/baseline-failure.js';
import { affordable } from './budget.js';
import { planningVerdict } from './planning.js';
import { nextGrants, nextStarts } from './scheduling.js';
import { reservationsFor } from './settlement.js';

export type Move =
  | { do: 'grant'; nodeId: string; slot: number; money: Money }
  | { do: 'start'; nodeId: string; money: Money };

export function nextMove(state: EngineState, prepareAhead: number): Move | null {
  if (baselineFailure(state) !== null) return null;
  const [grant] = nextGrants(state);
  if (grant) {
    const allowed = affordable(state, grantedPhases(rowOf(state, grant.nodeId)));
    if (allowed.ok) return { do: 'grant', ...grant, money: reservationsFor(allowed, grant.nodeId) };
  }
  const [nodeId] = nextStarts(state, prepareAhead);
  if (nodeId === undefined || isKeptBack(state, nodeId)) return null;
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

/** Started ones are those that have left the queue. What measures again what is there already is not counted. */
function isKeptBack(state: EngineState, nodeId: string): boolean {
  const { maxExperiments } = state.limits;
  if (maxExperiments === null || isRemeasurement(rowOf(state, nodeId))) return false;
  const { completed, failed, cancelled } = state.tally;
  const started = openRows(state).filter((row) => row.state.status !== 'queued' && !isRemeasurement(row)).length;
  const ended = completed + failed + cancelled - (state.confirmation?.ended ?? 0);
  return ended + started >= maxExperiments;
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
  if (grant) return refusal(state, grantedPhases(rowOf(state, grant.nodeId)));
  const [nodeId] = nextStarts(state, prepareAhead);
  if (nodeId !== undefined) {
    return isKeptBack(state, nodeId) ? 'max_experiments' : refusal(state, startPhases(rowOf(state, nodeId).kind));
  }
  return planningVerdict(state).do === 'plan' ? refusal(state, ['plan']) : null;
}

function refusal(state: EngineState, phases: readonly SpendingPhase[]): StopReason | null {
  const allowed = affordable(state, phases);
  return allowed.ok ? null : allowed.reason;
}

/** When a run that goes on has used up its hours; Infinity without a limit. */
export function timeUpAtMs({ limits, runsSinceMs, ranMs }: EngineState): number {
  if (limits.maxHours === null || runsSinceMs === null) return Number.POSITIVE_INFINITY;
  return runsSinceMs + limits.maxHours * 3_600_000 - ranMs;
}
