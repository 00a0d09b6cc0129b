/** A change that kept a job from starting is not tried again where the same cause would come again. */
import type { EngineState } from '../run/engine-state.js';
import { type ExperimentIdentity, isPruned } from '../run/experiment-record.js';
import { comesAgain, lessonOf, lessonText } from '../verdict/start-cause.js';

const LABEL = /^startup_retry_\d+$/;

/**
 * Why a candidate would fail as an experiment did whose changes it has all of, on the same commit; null where nothing
 * says so. A repair is another try of its own, and mends what has failed.
 */
export function startProblem(
  state: EngineState,
  candidate: Pick<ExperimentIdentity, 'startCommit' | 'changeSet'>,
): string | null {
  const start = candidate.startCommit ?? state.baseCommit;
  for (const row of Object.values(state.experiments)) {
    if (row.state.status !== 'failed' || isPruned(row) || row.kind === 'repair') continue;
    const changes = row.changeSet.filter((change) => !LABEL.test(change));
    const isSame = changes.length > 0 && changes.every((change) => candidate.changeSet.includes(change));
    if (!isSame || (row.startCommit ?? state.baseCommit) !== start || isMended(state, row.nodeId)) continue;
    const lesson = lessonOf(row.state.failure);
    if (lesson !== null && comesAgain(lesson)) return `${row.nodeId} has failed of it: ${lessonText(lesson)}`;
  }
  return null;
}

/** A repair of it has run: the change is had by building on that one, or by making it so. */
function isMended(state: EngineState, nodeId: string): boolean {
  return Object.values(state.experiments).some(
    ({ origin, state: now }) => origin.from === 'repair' && origin.of === nodeId && now.status === 'completed',
  );
}
