/** What a run has won over its baseline and what is left to the ceiling, as intervals, from repeats. */
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';
import { type Objective, objectiveOfRow } from './compare.js';
import { gainInterval, REPORT_CONFIDENCE } from './improvement.js';
import type { GainInterval } from './judgement.js';
import { mean, withLogSpeed } from './noise.js';
import { ceilingOf, isNoCeiling, noiseOf, runsOf } from './repeats.js';
import { isWeighed, valueRunsOf } from './value.js';

/**
 * How much faster the best is than the baseline, from repeats that nothing was chosen by; null where there are none.
 * `objective` is the typical value of the best in just those runs: the baseline's typical value times the gain.
 */
export function provenBest(state: EngineState): ProvenBest | null {
  const { best, confirmation } = state;
  const noise = noiseOf(state);
  const own = best === null ? null : objectiveOfRow(state.experiments[best]);
  if (best === null || best === BASELINE_ID || !confirmation || !noise || !own) return null;
  const candidate = provingRuns(state, best, own.metric);
  const sides = { candidate, incumbent: valueRunsOf(state, BASELINE_ID, own.metric) };
  const gain = gainInterval(sides, noise, REPORT_CONFIDENCE);
  return gain && { gain, objective: withLogSpeed(own, mean(candidate)), runs: candidate.length };
}

export interface ProvenBest {
  gain: GainInterval;
  objective: Objective;
  /** How many of its runs both are told from. */
  runs: number;
}

/**
 * Log speeds of those runs that nothing was chosen by, if there are any; else of those that its value is told from.
 * Where no more of the former are measured than needed, all that its value is told from count.
 */
function provingRuns(state: EngineState, nodeId: string, metric: Objective['metric']): number[] {
  const verified = runsOf(state, nodeId, metric, 'verification');
  if (verified.length > 0 && !state.confirmation?.rules.verifiesAsNeeded) return verified;
  const all = valueRunsOf(state, nodeId, metric);
  // A single one is that by which it was noticed.
  return isWeighed(state) && all.length < 2 ? [] : all;
}

export function provenGain(state: EngineState): GainInterval | null {
  return provenBest(state)?.gain ?? null;
}

/** How much faster than the best (or another one) its ceiling is. */
export function headspaceLeft(state: EngineState, nodeId: string | null = state.best): GainInterval | null {
  const noise = noiseOf(state);
  if (nodeId === null || !noise) return null;
  const ceiling = ceilingOf(state, nodeId);
  const metric = objectiveOfRow(state.experiments[nodeId])?.metric ?? null;
  if (ceiling === null || metric === null || isNoCeiling(state, ceiling)) return null;
  const incumbent = nodeId === state.best ? provingRuns(state, nodeId, metric) : valueRunsOf(state, nodeId, metric);
  return gainInterval({ candidate: runsOf(state, ceiling, metric), incumbent }, noise, REPORT_CONFIDENCE);
}
