/**
 * What the workdir shows of the whole run in small files: counts, queue, active jobs, checkpoint, state without
 * history.
 */

import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import type {
  ActiveFile,
  CheckpointFile,
  EngineStateFile,
  NodeFile,
  QueueFile,
  StateFile,
  WorkSpec,
} from '../../domain/formats/files.js';
import { runFacts } from '../../domain/reports/run-facts.js';
import type { RunRecord } from '../../domain/reports/run-record.js';
import { openRows } from '../../domain/run/engine-state.js';
import type { ExperimentRow } from '../../domain/run/experiment-record.js';
import { BASELINE_ID, jobIdOf } from '../../domain/run/experiment-record.js';
import { plateauCount } from '../../domain/schedule/planning.js';
import { inRunOrder } from '../../domain/schedule/scheduling.js';
import { localIso } from './file-time.js';
import { resultFile } from './node-projection.js';

/** A run that is set up, paused or draining is a running one to a reader of the files. */
export function runStatus({ state }: RunRecord): StateFile['status'] {
  return state.status === 'interrupted' || state.status === 'stopped' ? state.status : 'running';
}

export function stateFile(record: RunRecord): Omit<StateFile, 'history'> {
  const { state } = record;
  const baseline = state.experiments[BASELINE_ID];
  return {
    schema_version: 2,
    iteration: state.iteration,
    status: runStatus(record),
    baseline_job: baseline ? jobIdOf(baseline) : null,
    current_best: state.best,
    best_metric: runFacts(state).best?.objective.value ?? null,
    plateau_count: plateauCount(state),
    best_practices_tried: state.practicesTried,
    cached_image: [...record.images.values()].at(-1) ?? null,
    anchor_commit: state.anchorCommit,
  };
}

/** An entry of state.json's history: an experiment that ended, completed or not. */
export function historyEntry(record: RunRecord, row: ExperimentRow, iteration: number): StateFile['history'][number] {
  const { state } = row;
  const result = resultFile(record, row) ?? { metrics: { ...UNKNOWN_METRICS }, findings: [] };
  return {
    iteration,
    run_id: row.nodeId,
    name: row.name,
    job_id: jobIdOf(row),
    commit: 'commit' in state ? state.commit : null,
    completed_at: localIso('completedAtMs' in state ? state.completedAtMs : record.state.updatedAtMs),
    structured: {
      metrics: result.metrics,
      findings: result.findings,
      ...('failure' in state ? { failure: { ...state.failure } } : {}),
    },
  };
}

export function engineStateFile(record: RunRecord): EngineStateFile {
  const { state } = record;
  const { completed, failed, cancelled, failedByKind } = state.tally;
  const queued = openRows(state).filter((row) => row.state.status === 'queued').length;
  return {
    status: runStatus(record),
    timestamp: localIso(state.updatedAtMs),
    total_nodes: state.open.length + completed + failed + cancelled,
    queued,
    running: state.open.length - queued,
    completed,
    failed: failed + cancelled,
    failed_by_kind: cancelled > 0 ? { ...failedByKind, cancelled } : { ...failedByKind },
  };
}

export function queueFile(record: RunRecord): QueueFile {
  return inRunOrder(
    record.state,
    openRows(record.state).filter((row) => row.state.status === 'queued'),
  ).map((row) => ({
    priority: row.priority,
    node_id: row.nodeId,
    retry_of: row.origin.from === 'repair' ? row.origin.of : '',
    retry_attempt: row.origin.from === 'repair' ? row.origin.attempt : '',
  }));
}

/** Jobs that are out: launched and not known to have ended. */
export function activeFile(record: RunRecord): ActiveFile {
  return openRows(record.state).flatMap(({ nodeId, state: now }) =>
    now.status === 'running'
      ? [{ node_id: nodeId, job_id: now.jobId, launched_at_iso: localIso(now.launchedAtMs) }]
      : [],
  );
}

/**
 * `queued` waits for its start; `running` is everything that started and has not ended. A person may edit `queued`:
 * the copy beside it tells an edit from a file that lags behind the log.
 */
export function checkpointSpecs(
  record: RunRecord,
  nodeOf: (nodeId: string) => NodeFile,
): Pick<CheckpointFile, 'queued' | 'running' | 'queue_as_written'> {
  const open = openRows(record.state);
  const specs = (rows: readonly ExperimentRow[]): WorkSpec[] =>
    inRunOrder(record.state, rows).map((row) => ({
      id: row.nodeId,
      priority: row.priority,
      kind: 'experiment',
      payload: { node: nodeOf(row.nodeId) },
    }));
  const queued = specs(open.filter((row) => row.state.status === 'queued'));
  return {
    queued,
    running: specs(open.filter((row) => row.state.status !== 'queued')),
    queue_as_written: Object.fromEntries(queued.map(({ id, priority }) => [id, priority])),
  };
}
