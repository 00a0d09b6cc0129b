/** Which best practices count as tried, and which do not apply. */
import type { EngineState } from '../run/engine-state.js';
import type { ExperimentRow } from '../run/experiment-record.js';

const MTP_ATTEMPTS = 3;

/** A tag counts as tried when an experiment with it ran; mtp only when it produced metrics, or after 3 attempts. */
export function countPractices(state: EngineState, row: ExperimentRow, measured: boolean): void {
  for (const tag of row.tags) {
    const attempts = (state.practiceAttempts[tag] ?? 0) + 1;
    state.practiceAttempts[tag] = attempts;
    if (tag !== 'mtp' || measured || attempts >= MTP_ATTEMPTS)
      state.practicesTried = union(state.practicesTried, [tag]);
  }
}

export function excludePractices(state: EngineState, tags: readonly string[]): void {
  state.practicesNotApplicable = union(state.practicesNotApplicable, tags);
}

/** Sorted, each once. */
export function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}
