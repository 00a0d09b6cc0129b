/** How long a job will take, as far as those that have ended tell: in seconds, null while none does. */
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID, type ExperimentRow, HEADSPACE_ID } from '../run/experiment-record.js';

/** The newest ones count: what is built upon the best runs as long as the best. */
const NEWEST = 9;

/** A reader of expectations for one state. What measures another experiment again takes as long as that one did. */
export function expectedTimes(state: EngineState): (row: ExperimentRow) => number | null {
  const usual = usualDuration(state);
  return ({ origin, kind }) => {
    const again =
      origin.from === 'repeat' ? origin.of : origin.from === 'ceiling' || kind === 'headspace' ? HEADSPACE_ID : null;
    return (again === null ? null : durationOf(state, again)) ?? usual;
  };
}

/** The middle one of the newest durations, without those with cached data. */
export function usualDuration(state: EngineState): number | null {
  const ended = Object.values(state.experiments)
    .flatMap(({ kind, state: now }) =>
      now.status === 'completed' && kind !== 'headspace' ? [{ s: now.durationS, atMs: now.completedAtMs }] : [],
    )
    .sort((a, b) => b.atMs - a.atMs)
    .slice(0, NEWEST)
    .map(({ s }) => s)
    .sort((a, b) => a - b);
  return ended[Math.floor(ended.length / 2)] ?? durationOf(state, BASELINE_ID);
}

function durationOf({ experiments }: EngineState, nodeId: string): number | null {
  const now = experiments[nodeId]?.state;
  return now?.status === 'completed' ? now.durationS : null;
}
