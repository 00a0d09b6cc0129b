/**
 * The provisional best: a result that is better by more than luck explains is built on before its repeats have run. Its
 * own row says so, and what it stands above: no other state is needed, and one after the other may stand there.
 */
import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import type { ExperimentRow } from '../run/experiment-record.js';

/** Repeats that leave it this likely to be a gain take its place from it, though they go on. */
export const PROVISIONAL_UNTIL = 0.5;

/** Whether the search goes on while candidates are not decided. */
export function goesOn({ confirmation }: EngineState): boolean {
  const { weighsOdds, goesOnUndecided, confirmRuns = 0 } = confirmation?.rules ?? {};
  return weighsOdds === true && goesOnUndecided === true && confirmRuns > 0;
}

/** The provisional ones, the best first, each over the next; empty where the best is confirmed. */
export function provisionalOnes(state: EngineState): string[] {
  const found: string[] = [];
  let { best: nodeId } = state;
  while (nodeId !== null && !found.includes(nodeId)) {
    const judged = state.experiments[nodeId]?.judged;
    if (judged?.verdict !== 'provisional') break;
    found.push(nodeId);
    nodeId = judged.against;
  }
  return found;
}

/** Whether it was the provisional best until its repeats spoke against it. */
export function hasLostPlace({ wasProvisional, judged }: ExperimentRow): boolean {
  const verdict = judged?.verdict;
  const isStanding = verdict === 'provisional' || verdict === 'keep' || verdict === 'superseded';
  return wasProvisional === true && !isStanding;
}

export function isProvisional(state: EngineState, nodeId: string): boolean {
  return provisionalOnes(state).includes(nodeId);
}

/** Gives the place of the best back to the one that is confirmed: what a run ends with must be believed. */
export function confirmedAtEnd(state: EngineState): EventBody[] {
  return provisionalOnes(state).flatMap((insteadOf): EventBody[] => {
    const below = state.experiments[insteadOf]?.judged?.against ?? null;
    return below === null ? [] : [{ type: 'best_changed', nodeId: below, insteadOf }];
  });
}
