/** What follows a startup failure: a repair attempt of the same experiment, at most as often as configured. */
import type { EngineState } from '../run/engine-state.js';
import type { ExperimentIdentity, ExperimentRow } from '../run/experiment-record.js';
import { commitOf } from '../run/experiment-record.js';
import type { Failure } from '../run/failure.js';

/** Just before its equals, so that a broken seed is mended first. */
const PRIORITY_STEP = 0.01;

/** The repair to queue after `row` failed, without its node id (the engine numbers it), or null. */
export function repairFor(
  state: EngineState,
  row: ExperimentRow,
  failure: Pick<Failure, 'kind'>,
): Omit<ExperimentIdentity, 'nodeId'> | null {
  if (failure.kind !== 'job_startup_failed') return null;
  const original = originalOf(state, row);
  const attempt = row.origin.from === 'repair' ? row.origin.attempt + 1 : 1;
  const { retries, experiments } = state.repair;
  if (!experiments.includes(original.name) || attempt > retries) return null;
  return {
    name: `${original.name}_startup_retry_${attempt}`,
    kind: 'repair',
    origin: { from: 'repair', of: row.nodeId, attempt },
    parentId: row.nodeId,
    startCommit: commitOf(row) ?? row.startCommit,
    priority: row.priority - PRIORITY_STEP,
    changeSet: [...original.changeSet, `startup_retry_${attempt}`].sort(),
    tags: [...original.tags],
  };
}

/** The first of a chain of repairs. */
export function originalOf(state: EngineState, row: ExperimentRow): ExperimentRow {
  let current = row;
  while (current.origin.from === 'repair') {
    const before = state.experiments[current.origin.of];
    if (!before) return current;
    current = before;
  }
  return current;
}
