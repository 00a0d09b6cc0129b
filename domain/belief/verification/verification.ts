/**
 * Before a run ends by itself, its winner is measured against the baseline once more, in turn: what the report states.
 */

import { type EngineState, openRows } from '../../run/engine-state.js';
import type { EventBody } from '../../run/event-types.js';
import { BASELINE_ID } from '../../run/experiment-record.js';
import { isKeptBack, jobsLeft } from '../../schedule/counted.js';
import { endOfRun, seedsTerminal } from '../../schedule/planning.js';
import { objectiveOfRow } from '../compare.js';
import { repeatOf } from '../measure-again.js';
import { verificationPairs } from './verification-pairs.js';

/** Nothing else is queued any more. */
const PRIORITY = -400;

/** The repeats of baseline and winner, pair by pair; none when the run does not end, or ends by a limit or a person. */
export function verificationEvents(state: EngineState): EventBody[] {
  const { confirmation, best } = state;
  if (!confirmation || confirmation.rules.verifyRuns === 0 || state.status !== 'running') return [];
  if (best === null || best === BASELINE_ID) return [];
  if (confirmation.verified === best && !confirmation.rules.verifiesUntilClose) return [];
  const waitsFor = openRows(state).filter((row) => !confirmation.rules.verifiesAtLimits || !isKeptBack(state, row));
  if (waitsFor.length > 0 || state.planningSince !== null || confirmation.candidates.length > 0) return [];
  if (!seedsTerminal(state) || !endOfRun(state) || !objectiveOfRow(state.experiments[BASELINE_ID])) return [];
  // As many as are needed, and a limit of jobs leaves, in pairs.
  const length = Math.min(verificationPairs(state), Math.floor(jobsLeft(state) / 2));
  if (length === 0) return [];
  const pairs = Array.from({ length }, (_, i) =>
    [BASELINE_ID, best].map((nodeId) => ({
      type: 'experiment_added' as const,
      experiment: repeatOf(state, nodeId, 'verification', PRIORITY, i),
    })),
  );
  return [{ type: 'verification_started', nodeId: best }, ...pairs.flat()];
}
