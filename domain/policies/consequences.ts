/** What follows from a report or an ended experiment, as events: the engine records them and decides nothing itself. */
import type { EngineState } from '../engine-state.js';
import type { EventBody } from '../events.js';
import { type ExperimentRow, followUpNodeId, isTerminal } from '../experiment.js';
import { isBetter, objectiveOf } from './compare.js';
import { repairFor } from './repair.js';

/** To be applied after the experiment's own end was applied. */
export function consequencesOf(state: EngineState, nodeId: string): EventBody[] {
  const row = state.experiments[nodeId];
  if (!row || !isTerminal(row)) return [];
  if (row.state.status === 'completed') return becomesBest(state, row) ? [{ type: 'best_changed', nodeId }] : [];
  if (row.state.status !== 'failed') return [];
  const repair = repairFor(state, row, row.state.failure);
  if (!repair) return [];
  const experiment = { ...repair, nodeId: followUpNodeId(state.nextCounter, repair.name) };
  return [{ type: 'experiment_added', experiment }];
}

function objectiveOfRow(row: ExperimentRow | undefined) {
  return row?.state.status === 'completed' ? objectiveOf(row.state.metrics, row.state.durationS) : null;
}

/** Headspace is a bound, never a candidate. */
function becomesBest(state: EngineState, row: ExperimentRow): boolean {
  if (row.kind === 'headspace') return false;
  const incumbent = state.best === null ? undefined : state.experiments[state.best];
  return isBetter(objectiveOfRow(row), objectiveOfRow(incumbent));
}
