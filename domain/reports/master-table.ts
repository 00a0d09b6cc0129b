/** master_table.tsv: every experiment that ended and its key numbers, a line each. */

import { contentionText } from '../belief/contention.js';
import { UNKNOWN_METRICS } from '../evidence/metrics.js';
import type { Spec } from '../formats/spec.js';
import { type TsvCell, tsvLine } from '../formats/tsv.js';
import { commitOf, type ExperimentRow, jobIdOf } from '../run/experiment-record.js';
import { treeParent } from './run-record.js';

/** The first fifteen are read by other people's scripts; ours stand to the right of them. */
const COLUMNS = [
  'run_id',
  'name',
  'job_id',
  'status',
  'throughput_samples_per_s',
  'step_time_ms',
  'steady_step_time_ms',
  'ttfb_s',
  'sm_util_pct',
  'steady_sm_util_pct',
  'data_readiness_pct',
  'duration_s',
  'changes',
  'change_summary',
  'notes',
  'kind',
  'parent_id',
  'commit',
  'cpu_util_pct',
  'failure_kind',
  'verdict',
  'repeat_of',
] as const;

/** What a metric of one's own cannot be called. */
export const MASTER_TABLE_COLUMNS: readonly string[] = COLUMNS;

/** `metric`: the run's own, which stands to the right of all others; null where it has none. */
export function masterTableHeader(metric: string | null = null): string {
  return tsvLine(metric === null ? COLUMNS : [...COLUMNS, metric]);
}

/** The line of a terminal experiment. */
export function masterTableLine(row: ExperimentRow, spec: Spec, metric: string | null = null): string {
  const { state } = row;
  const metrics = state.status === 'completed' ? state.metrics : UNKNOWN_METRICS;
  const failure = 'failure' in state ? state.failure : null;
  const cells: Record<(typeof COLUMNS)[number], TsvCell> = {
    run_id: row.nodeId,
    name: row.name,
    job_id: jobIdOf(row),
    status: state.status === 'completed' ? 'completed' : 'failed',
    throughput_samples_per_s: metrics.throughput_samples_per_s,
    step_time_ms: metrics.step_time_ms,
    steady_step_time_ms: metrics.steady_step_time_ms,
    ttfb_s: metrics.ttfb_s,
    sm_util_pct: metrics.sm_utilization_pct,
    steady_sm_util_pct: metrics.steady_sm_utilization_pct,
    data_readiness_pct: metrics.data_readiness_pct,
    duration_s: 'durationS' in state ? state.durationS : null,
    changes: spec.description,
    change_summary: spec.change_summary,
    notes: failure ? `${failure.kind}: ${failure.message}` : notesOf(row, metrics.notes),
    kind: row.kind,
    parent_id: treeParent(row),
    commit: commitOf(row),
    cpu_util_pct: metrics.cpu_utilization_pct,
    failure_kind: failure?.kind ?? null,
    verdict: row.judged?.verdict ?? null,
    repeat_of: row.origin.from === 'repeat' ? row.origin.of : null,
  };
  const own = metric === null ? [] : [metrics.custom?.value ?? null];
  return tsvLine([...COLUMNS.map((column) => cells[column]), ...own]);
}

/** A result that is not believed, was disturbed, or comes of a part of the job says so beside its number. */
function notesOf({ judged, state }: ExperimentRow, notes: string | null): string | null {
  const { contention, shortened } = state.status === 'completed' ? state : {};
  const marks = [
    ...(judged?.verdict === 'quarantine' ? [`quarantined: ${judged.reason}`] : []),
    ...(contention === undefined ? [] : [contentionText({ share: contention, of: 'CPUs or GPUs' })]),
    ...(shortened === undefined ? [] : [shortened]),
  ];
  return marks.length === 0 ? notes : [...marks, ...(notes ? [notes] : [])].join('; ');
}
