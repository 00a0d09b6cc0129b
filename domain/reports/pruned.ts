/** Experiments that were ended early, with what was measured of them: no failures, and no candidates. */
import type { EngineState } from '../run/engine-state.js';
import { isPruned } from '../run/experiment-record.js';
import { inline } from './markdown.js';

export function prunedLines({ experiments }: EngineState): string[] {
  return Object.values(experiments).flatMap((row) =>
    isPruned(row) && row.state.status === 'failed' ? [`- ${row.nodeId}: ${inline(row.state.failure.message)}`] : [],
  );
}
