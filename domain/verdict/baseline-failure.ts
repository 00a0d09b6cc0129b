/** Whether the run has nothing to compare with: it gets no number of its baseline, so that nothing else is launched. */
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';
import { type Failure, failure, suggestedAction } from '../run/failure.js';

/**
 * Why there is no baseline, and will be none. Null while it may still come, and in runs from before this rule. Runs
 * from before a baseline had to be measured go on after one that a person cancelled or removed, and with its repair.
 */
export function baselineFailure(state: EngineState): Failure | null {
  const row = state.experiments[BASELINE_ID];
  if (!state.needsBaseline) return null;
  if (state.needsMeasuredBaseline) {
    if (row === undefined) return state.seeded ? removed(state) : null;
    return row.state.status === 'failed' || row.state.status === 'cancelled' ? row.state.failure : null;
  }
  if (row?.state.status !== 'failed') return null;
  const isRepaired = Object.values(state.experiments).some(
    ({ origin }) => origin.from === 'repair' && origin.of === BASELINE_ID,
  );
  return isRepaired ? null : row.state.failure;
}

/** Whether the run ended for that: nothing lets it go on. */
export function endedWithoutBaseline(state: EngineState | null): boolean {
  return state?.status === 'stopped' && state.stop?.reason === 'baseline_failed';
}

function removed({ updatedAtMs }: EngineState): Failure {
  return failure('cancelled', 'a person removed it from the queue', updatedAtMs);
}

/** What to change, and the page that says more of it. */
export function baselineFailureText({ kind, message }: Failure): string {
  const said = message.replace(/\.$/, '');
  if (kind === 'cancelled')
    return `the baseline was not measured: ${said}. Without it nothing can be compared: let it run to its end. More of it: docs/refusals.md.`;
  const text = `the baseline failed (${kind}): ${said}. ${suggestedAction(kind)}`;
  return text.includes('docs/') ? text : `${text} More of it: docs/refusals.md.`;
}
