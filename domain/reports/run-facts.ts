/** The headline of a run: what the baseline does, what the best one does, and how far that is from the ceiling. */
import type { EngineState } from '../engine-state.js';
import type { ExperimentRow } from '../experiment.js';
import { type Objective, objectiveOf, speedup } from '../policies/compare.js';
import { BASELINE_ID, HEADSPACE_ID } from './run-record.js';

export interface Measured {
  row: ExperimentRow;
  objective: Objective;
}

export interface RunFacts {
  baseline: Measured | null;
  headspace: Measured | null;
  best: Measured | null;
  /** How many times faster the best is than the baseline. */
  gain: number | null;
  /** How many times faster than the baseline the ceiling is. */
  ceiling: number | null;
  /** How many times faster the ceiling is than the best: 1 = nothing is left. */
  remaining: number | null;
}

/** The compared number of a completed experiment; null for every other. */
export function objectiveOfRow(row: ExperimentRow | undefined): Objective | null {
  return row?.state.status === 'completed' ? objectiveOf(row.state.metrics, row.state.durationS) : null;
}

export function runFacts(state: EngineState): RunFacts {
  const baseline = measured(state, BASELINE_ID);
  const headspace = measured(state, HEADSPACE_ID);
  const best = measured(state, state.best);
  const between = (a: Measured | null, b: Measured | null) => speedup(a?.objective ?? null, b?.objective ?? null);
  return {
    baseline,
    headspace,
    best,
    gain: between(best, baseline),
    ceiling: between(headspace, baseline),
    remaining: between(headspace, best),
  };
}

function measured(state: EngineState, nodeId: string | null): Measured | null {
  const row = nodeId === null ? undefined : state.experiments[nodeId];
  const objective = objectiveOfRow(row);
  return row && objective ? { row, objective } : null;
}
