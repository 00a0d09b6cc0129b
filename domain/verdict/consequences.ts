/** What follows from a report or an ended experiment, as events: the engine records them and decides nothing itself. */

import { ceilingBeforeEnd } from '../belief/ceilings/ceiling-before-end.js';
import { isBetter, objectiveOfRow } from '../belief/compare.js';
import { confirmationEvents } from '../belief/confirmation.js';
import { isRemeasurement } from '../belief/confirmation-state.js';
import { doubtOf } from '../belief/repeats.js';
import { verificationEvents } from '../belief/verification/verification.js';
import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import { type ExperimentRow, followUpNodeId, isTerminal } from '../run/experiment-record.js';
import { bundleEvents } from '../schedule/bundles.js';
import { repairFor } from '../schedule/repair.js';
import { baselineFailure } from './baseline-failure.js';

/** To be applied after the experiment's own end was applied. */
export function consequencesOf(state: EngineState, nodeId: string): EventBody[] {
  const row = state.experiments[nodeId];
  if (!row || !isTerminal(row)) return [];
  if (row.state.status === 'completed') return becomesBest(state, row) ? [{ type: 'best_changed', nodeId }] : [];
  // The numbers of a repair are no baseline's.
  const mayBeRepaired = row.kind === 'baseline' && !state.needsMeasuredBaseline;
  if (row.state.status !== 'failed' || (!mayBeRepaired && baselineFailure(state) !== null)) return [];
  const repair = repairFor(state, row, row.state.failure);
  if (!repair) return [];
  const experiment = { ...repair, nodeId: followUpNodeId(state.nextCounter, repair.name) };
  return [{ type: 'experiment_added', experiment }];
}

/** What is due now whatever happened last; to be asked again once the events were applied, until there are none. */
export function dueEvents(state: EngineState): EventBody[] {
  const due = confirmationEvents(state);
  if (due.length > 0) return due;
  for (const events of [bundleEvents(state), ceilingBeforeEnd(state)]) if (events.length > 0) return events;
  return verificationEvents(state);
}

/**
 * Headspace is a bound, never a candidate; nor is a repeat. Where results are confirmed, only the baseline needs no
 * other.
 */
function becomesBest(state: EngineState, row: ExperimentRow): boolean {
  if (row.kind === 'headspace' || isRemeasurement(row)) return false;
  if (state.needsMeasuredBaseline && baselineFailure(state) !== null) return false;
  if (row.kind !== 'baseline' && (state.confirmation?.rules.confirmRuns ?? 0) > 0) return false;
  if (row.kind !== 'baseline' && doubtOf(state, row.nodeId) !== null) return false;
  // A change without effect measured the job before it once more: a better number is a luckier run of the same.
  if (row.state.status === 'completed' && row.state.noEffect !== undefined) return false;
  const incumbent = state.best === null ? undefined : state.experiments[state.best];
  return isBetter(objectiveOfRow(row), objectiveOfRow(incumbent));
}
