/** The headline of a run: what the baseline does, what the best one does, and how far that is from the ceiling. */

import { type Objective, speedup } from '../belief/compare.js';
import type { GainInterval } from '../belief/judgement.js';
import { headspaceLeft } from '../belief/proven-gain.js';
import { isProvisional } from '../belief/provisional.js';
import { isNoCeiling } from '../belief/repeats.js';
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID, type ExperimentRow, HEADSPACE_ID, isTerminal } from '../run/experiment-record.js';
import { type Standing, standingsOf } from './standing.js';

export interface Measured {
  row: ExperimentRow;
  objective: Objective;
}

export interface RunFacts {
  baseline: Measured | null;
  headspace: Measured | null;
  best: Measured | null;
  /** Whether its repeats have not confirmed it yet. */
  isProvisional: boolean;
  /** How many times faster the best is than the baseline: as proven by repeats, else by their single runs. */
  gain: number | null;
  proven: GainInterval | null;
  /** Whether the run with cached data was clearly slower than the baseline: then the ceiling is not known. */
  ceilingDoubted: boolean;
  /** Whether the ceiling may still be told: the run with cached data or the baseline has not ended. */
  ceilingOpen: boolean;
  /** How many times faster than the baseline the ceiling is. */
  ceiling: number | null;
  /** How many times faster the ceiling is than the best: 1 = nothing is left. */
  remaining: number | null;
  /** The same from repeats, as a relative gain. */
  left: GainInterval | null;
}

export function runFacts(state: EngineState): RunFacts {
  const standing = standingsOf(state);
  const baseline = measured(state, BASELINE_ID, standing);
  const headspace = measured(state, HEADSPACE_ID, standing);
  const best = measured(state, state.best, standing);
  const between = (a: Measured | null, b: Measured | null) => speedup(a?.objective ?? null, b?.objective ?? null);
  const { gain = null, proven = null } = best ? standing(best.row.nodeId) : {};
  const left = headspaceLeft(state);
  const ceilingDoubted = headspace !== null && isNoCeiling(state, HEADSPACE_ID);
  return {
    baseline,
    headspace,
    best,
    isProvisional: state.best !== null && isProvisional(state, state.best),
    gain,
    proven,
    ceilingDoubted,
    // A limit may end a run before its run with cached data began.
    ceilingOpen:
      state.status !== 'stopped' && (isOpen(state, HEADSPACE_ID) || (headspace !== null && isOpen(state, BASELINE_ID))),
    ceiling: ceilingDoubted ? null : between(headspace, baseline),
    remaining: left ? 1 + left.gain : ceilingDoubted ? null : between(headspace, best),
    left,
  };
}

function isOpen({ experiments }: EngineState, nodeId: string): boolean {
  const row = experiments[nodeId];
  return row !== undefined && !isTerminal(row);
}

function measured(state: EngineState, nodeId: string | null, standing: (nodeId: string) => Standing): Measured | null {
  const row = nodeId === null ? undefined : state.experiments[nodeId];
  const objective = row ? standing(row.nodeId).objective : null;
  return row && objective ? { row, objective } : null;
}
