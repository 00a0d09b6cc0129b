/** What the engine may do next, one move at a time, with the money that the move sets aside; and which limit forbids more. */
import { type EngineState, openRows, rowOf } from '../engine-state.js';
import type { Money } from '../events.js';
import type { ExperimentKind } from '../experiment.js';
import type { SpendingPhase } from '../ledger.js';
import type { StopReason } from '../limits.js';
import { affordable } from './budget.js';
import { planningVerdict } from './planning.js';
import { nextGrants, nextStarts } from './scheduling.js';
import { reservationsFor } from './settlement.js';

export type Move =
  | { do: 'grant'; nodeId: string; slot: number; money: Money }
  | { do: 'start'; nodeId: string; money: Money };

export function nextMove(state: EngineState, prepareAhead: number): Move | null {
  const [grant] = nextGrants(state);
  if (grant) {
    const allowed = affordable(state, GRANTED_PHASES);
    if (allowed.ok) return { do: 'grant', ...grant, money: reservationsFor(allowed, grant.nodeId) };
  }
  const [nodeId] = nextStarts(state, prepareAhead);
  if (nodeId === undefined || isAtMaxExperiments(state)) return null;
  const allowed = affordable(state, startPhases(rowOf(state, nodeId).kind));
  return allowed.ok ? { do: 'start', nodeId, money: reservationsFor(allowed, nodeId) } : null;
}

const GRANTED_PHASES: readonly SpendingPhase[] = ['job', 'analyze'];

/** The baseline and repeats run code that is there already. */
function startPhases(kind: ExperimentKind): SpendingPhase[] {
  return kind === 'baseline' || kind === 'repeat' ? [] : ['apply'];
}

/** Started ones are those that have left the queue. */
function isAtMaxExperiments(state: EngineState): boolean {
  const { maxExperiments } = state.limits;
  if (maxExperiments === null) return false;
  const { completed, failed, cancelled } = state.tally;
  const started = openRows(state).filter((row) => row.state.status !== 'queued').length;
  return completed + failed + cancelled + started >= maxExperiments;
}

/**
 * The limit that ends the run now, or null. A budget or a number of experiments does so only when nothing is under way
 * that may still give back what it reserved; time ends it at once (running jobs finish).
 */
export function limitReached(state: EngineState, nowMs: number, prepareAhead: number): StopReason | null {
  if (state.status !== 'running') return null;
  if (leftToRunMs(state, nowMs) <= 0) return 'wall_clock';
  const isUnderWay = openRows(state).some((row) => row.state.status !== 'queued' && row.state.status !== 'ready');
  if (isUnderWay || state.planningSince !== null) return null;
  if (nextGrants(state).length > 0) return refusal(state, GRANTED_PHASES);
  const [nodeId] = nextStarts(state, prepareAhead);
  if (nodeId !== undefined) {
    return isAtMaxExperiments(state) ? 'max_experiments' : refusal(state, startPhases(rowOf(state, nodeId).kind));
  }
  return planningVerdict(state).do === 'plan' ? refusal(state, ['plan']) : null;
}

function refusal(state: EngineState, phases: readonly SpendingPhase[]): StopReason | null {
  const allowed = affordable(state, phases);
  return allowed.ok ? null : allowed.reason;
}

/** Infinity without a limit. */
export function leftToRunMs(state: EngineState, nowMs: number): number {
  const { maxHours } = state.limits;
  if (maxHours === null) return Number.POSITIVE_INFINITY;
  const runs = state.runsSinceMs === null ? 0 : nowMs - state.runsSinceMs;
  return maxHours * 3_600_000 - state.ranMs - runs;
}
