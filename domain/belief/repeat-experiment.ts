/** A declared repeat: the same commit and launch command once more, in a tree of its own. */

import { type EngineState, rowOf } from '../run/engine-state.js';
import { commitOf, type ExperimentIdentity } from '../run/experiment-record.js';
import type { RepeatPurpose } from './judgement.js';

/** `after` counts repeats that are queued with it and before it. */
export function repeatOf(
  state: EngineState,
  nodeId: string,
  purpose: RepeatPurpose,
  priority: number,
  after = 0,
): ExperimentIdentity {
  const row = rowOf(state, nodeId);
  const index = (state.confirmation?.repeats[nodeId] ?? []).length + after + 1;
  return {
    nodeId: `${nodeId}_repeat_${index}`,
    name: `${row.name}_repeat_${index}`,
    kind: 'repeat',
    origin: { from: 'repeat', of: nodeId, index, purpose },
    parentId: nodeId,
    startCommit: commitOf(row),
    priority,
    changeSet: [...row.changeSet],
    tags: [],
  };
}
