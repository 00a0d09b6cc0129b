/** The experiments of a run as rows of a table: for summary.md, report.md and the command line. */

import type { Objective } from '../belief/compare.js';
import { isRemeasurement } from '../belief/confirmation-state.js';
import type { Verdict } from '../belief/judgement.js';
import { measuredRuns } from '../belief/repeats.js';
import { isRefused } from '../run/approval.js';
import type { EngineState } from '../run/engine-state.js';
import {
  BASELINE_ID,
  type ExperimentKind,
  type ExperimentRow,
  type ExperimentStatus,
  originalOf,
} from '../run/experiment-record.js';
import type { FailureKind } from '../run/failure.js';
import { outcomeText } from './judgement-text.js';
import { durationText, gainText, numberText, objectiveText } from './quantity-text.js';
import { type Standing, standingsOf } from './standing.js';

export interface ExperimentTableRow {
  nodeId: string;
  name: string;
  kind: ExperimentKind;
  status: ExperimentStatus['status'];
  isBest: boolean;
  priority: number;
  /** Of several runs their mean. */
  objective: Objective | null;
  /** Times faster than the baseline; null while one of the two is unknown. */
  gain: number | null;
  stepTimeMs: number | null;
  dataReadinessPct: number | null;
  smPct: number | null;
  durationS: number | null;
  failureKind: FailureKind | null;
  /** A proposal that a person said no to, or nobody said yes to in time. */
  isRefused: boolean;
  /** The experiment whose numbers stand for it; null for one of its own. */
  duplicateOf: string | null;
  /** What its result is worth; null while that is open, and in runs without repeats. */
  verdict: Verdict | null;
  /** Its number is above that of the best, which it is not shown to be faster than. */
  isAboveBest: boolean;
  /** Completed ones: its own, and its repeats. */
  runs: number;
  /** How many of them its result is told from: beside other work a run counts only where there are no others. */
  counted: number;
}

/** Rows in the order in which the experiments were added; repeats are counted with what they repeat. */
export function experimentTable(state: EngineState, standing = standingsOf(state)): ExperimentTableRow[] {
  return Object.values(state.experiments)
    .filter((row) => !isRemeasurement(row))
    .sort((a, b) => a.seq - b.seq)
    .map((row) => tableRowOf(state, row, standing(row.nodeId)));
}

/** The row of one experiment, which may be a repeat. */
export function tableRowOf(state: EngineState, row: ExperimentRow, standing: Standing): ExperimentTableRow {
  return {
    ...tableRow(row, row.nodeId === state.best, standing),
    runs: measuredRuns(state, row.nodeId),
    counted: standing.runs,
  };
}

function tableRow(
  row: ExperimentRow,
  isBest: boolean,
  { objective, gain, verdict, isAboveBest }: Standing,
): Omit<ExperimentTableRow, 'runs' | 'counted'> {
  const { state } = row;
  const metrics = state.status === 'completed' ? state.metrics : null;
  return {
    nodeId: row.nodeId,
    name: row.name,
    kind: row.kind,
    status: state.status,
    isBest,
    priority: row.priority,
    objective,
    gain,
    stepTimeMs: metrics?.steady_step_time_ms ?? metrics?.step_time_ms ?? null,
    dataReadinessPct: metrics?.data_readiness_pct ?? null,
    smPct: metrics?.steady_sm_utilization_pct ?? metrics?.sm_utilization_pct ?? null,
    durationS: 'durationS' in state ? state.durationS : null,
    failureKind: 'failure' in state ? state.failure.kind : null,
    isRefused: isRefused(row),
    duplicateOf: originalOf(row),
    verdict,
    isAboveBest,
  };
}

export const EXPERIMENT_COLUMNS = [
  'experiment',
  'status',
  'result',
  'vs baseline',
  'step',
  'data ready',
  'job',
] as const;

/** The cells under EXPERIMENT_COLUMNS; the best one bears a star. */
export function experimentCells(row: ExperimentTableRow): string[] {
  const isReference = row.nodeId === BASELINE_ID;
  return [
    row.isBest ? `${row.nodeId} *` : row.nodeId,
    statusCell(row),
    objectiveText(row.objective),
    isReference ? '-' : gainText(row.gain),
    row.stepTimeMs === null ? '-' : `${numberText(row.stepTimeMs)} ms`,
    row.dataReadinessPct === null ? '-' : `${numberText(row.dataReadinessPct)}%`,
    durationText(row.durationS),
  ];
}

/** Its outcome, and of how many runs. */
export function statusCell(row: ExperimentTableRow): string {
  return row.runs > 1 ? `${outcomeText(row)} (${runsText(row)} runs)` : outcomeText(row);
}

/** `11`, or `2 of 11` where the others do not count. */
export function runsText({ runs, counted }: { runs: number; counted: number }): string {
  return counted > 0 && counted < runs ? `${counted} of ${runs}` : String(runs);
}
