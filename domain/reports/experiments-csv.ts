/**
 * The experiments of a run as CSV (RFC 4180), for spreadsheets and notebooks: a line for each, repeats counted with
 * what they repeat, values as every table says them.
 */
import type { EngineState } from '../run/engine-state.js';
import { commitOf, jobIdOf } from '../run/experiment-record.js';
import { changeListsAgainstParents } from './change-against-parent.js';
import { experimentTable } from './experiment-table.js';
import { standingsOf } from './standing.js';

/**
 * Units stand in the names; `gain` is times the baseline's speed, its bounds are of the proven gain; `changes` are
 * against the parent.
 */
const COLUMNS = [
  'node_id',
  'kind',
  'name',
  'parent_id',
  'status',
  'verdict',
  'is_best',
  'metric',
  'value',
  'gain',
  'gain_low',
  'gain_high',
  'runs',
  'runs_that_count',
  'step_time_ms',
  'data_readiness_pct',
  'sm_utilization_pct',
  'job_duration_s',
  'failure',
  'duplicate_of',
  'completed_at',
  'commit',
  'job_id',
  'changes',
] as const;

type Cell = string | number | boolean | null;

export function experimentsCsv(state: EngineState): string {
  const standing = standingsOf(state);
  const changesOf = changeListsAgainstParents(state);
  const lines = experimentTable(state, standing).map((shown) => {
    const row = state.experiments[shown.nodeId]!;
    const { proven } = standing(shown.nodeId);
    const completedMs = 'completedAtMs' in row.state ? row.state.completedAtMs : null;
    const cells: Record<(typeof COLUMNS)[number], Cell> = {
      node_id: shown.nodeId,
      kind: shown.kind,
      name: shown.name,
      parent_id: row.parentId,
      status: shown.status,
      verdict: shown.verdict,
      is_best: shown.isBest,
      metric: shown.objective?.metric ?? null,
      value: shown.objective?.value ?? null,
      gain: shown.gain,
      gain_low: proven === null ? null : 1 + proven.low,
      gain_high: proven === null ? null : 1 + proven.high,
      runs: shown.runs,
      runs_that_count: shown.counted,
      step_time_ms: shown.stepTimeMs,
      data_readiness_pct: shown.dataReadinessPct,
      sm_utilization_pct: shown.smPct,
      job_duration_s: shown.durationS,
      failure: shown.failureKind,
      duplicate_of: shown.duplicateOf,
      completed_at: completedMs === null ? null : new Date(completedMs).toISOString(),
      commit: commitOf(row),
      job_id: jobIdOf(row),
      changes: changesOf(row).join('; '),
    };
    return COLUMNS.map((column) => cellText(cells[column])).join(',');
  });
  return `${[COLUMNS.join(','), ...lines].join('\r\n')}\r\n`;
}

/** A text that a spreadsheet would take for a formula is no formula. */
function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
