/** The ended experiments that stay in sight: an engine that continues as new takes them along. */
import type { EngineState } from './engine-state.js';
import { type ExperimentRow, isTerminal } from './experiment-record.js';

/** More than ages an incumbent (INCUMBENT_AGES_AFTER_JOBS), and than tell of it (MOST_CHILDREN). */
const NEWEST_ENDED = 50;

/** The newest first. */
export function newestEnded({ experiments }: Pick<EngineState, 'experiments'>): ExperimentRow[] {
  return Object.values(experiments)
    .filter(isTerminal)
    .sort((a, b) => (b.endedSeq ?? 0) - (a.endedSeq ?? 0))
    .slice(0, NEWEST_ENDED);
}
