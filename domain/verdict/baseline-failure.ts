/** Whether the run has nothing to compare with: its baseline failed, so that nothing else is launched. */
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';
import { type Failure, suggestedAction } from '../run/failure.js';

/**
 * Null in runs from before this rule, while a repair of the baseline may still come, and where a person cancelled it.
 */
export function baselineFailure(state: EngineState): Failure | null {
  const row = state.needsBaseline ? state.experiments[BASELINE_ID] : undefined;
  if (row?.state.status !== 'failed') return null;
  const isRepaired = Object.values(state.experiments).some(
    ({ origin }) => origin.from === 'repair' && origin.of === BASELINE_ID,
  );
  return isRepaired ? null : row.state.failure;
}

/** What to change, and the page that says more of it. */
export function baselineFailureText({ kind, message }: Failure): string {
  const text = `the baseline failed (${kind}): ${message.replace(/\.$/, '')}. ${suggestedAction(kind)}`;
  return text.includes('docs/') ? text : `${text} More of it: docs/refusals.md.`;
}
