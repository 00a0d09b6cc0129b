/** The whole run as the page shows it: overview, table, what runs, queue and plans. */

import { improvedNodes, outcomeOf } from '../charts/outcome.js';
import type { Spec } from '../formats/spec.js';
import type { Overview } from '../overview/overview.js';
import { changesAgainstParents } from '../reports/change-against-parent.js';
import { experimentTable, statusCell } from '../reports/experiment-table.js';
import { gainText, numberText, objectiveText } from '../reports/quantity-text.js';
import { treeParent } from '../reports/run-record.js';
import { standingsOf } from '../reports/standing.js';
import { awaitingApproval } from '../run/approval.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { BASELINE_ID, type ExperimentRow, isWaiting } from '../run/experiment-record.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { worths } from '../schedule/worth.js';
import { boardFacts } from './board-facts.js';
import type { BoardRecord } from './board-record.js';
import type { AskedRow, Board, BoardRow, PlanRow, QueueRow, RunningRow } from './board-types.js';

/** Reasons of plans may be long, and all of them travel with each change of the run. */
const PLANS_SHOWN = 20;

/** `specs` are those of waiting experiments; `overview` is of the same moment, and `toCome` says its end in words. */
export function boardOf(
  board: BoardRecord,
  specs: ReadonlyMap<string, Spec>,
  overview: Overview,
  toCome: string,
): Board {
  const { state } = board;
  const worthOf = worths(state);
  const changeOf = changesAgainstParents(state);
  return {
    run: state.run,
    seq: state.seq,
    facts: boardFacts(board, toCome, overview),
    rows: tableRows(board),
    diagnostics: overview.diagnostics.map(({ level, what, why, advice }) => ({ level, what, why, advice })),
    running: runningRows(overview.under_way),
    asked: awaitingApproval(state).map((row) => askedRow(row, specs.get(row.nodeId), changeOf(row))),
    queue: queuedRows(state).map((row) => queueRow(row, changeOf(row), worthOf(row).reason)),
    plans: board.plans.slice(-PLANS_SHOWN).reverse().map(planRow),
  };
}

function tableRows(board: BoardRecord): BoardRow[] {
  const { state } = board;
  const improved = improvedNodes(board);
  const standing = standingsOf(state);
  return experimentTable(state, standing).map((row) => {
    const experiment = state.experiments[row.nodeId]!;
    const isReference = row.nodeId === BASELINE_ID;
    return {
      nodeId: row.nodeId,
      kind: row.kind,
      look: outcomeOf(experiment, improved, standing(row.nodeId)),
      status: statusCell(row),
      isBest: row.isBest,
      parentId: treeParent(experiment),
      value: row.objective?.value ?? null,
      valueText: objectiveText(row.objective),
      numberText: numberText(row.objective?.value),
      gain: isReference ? null : row.gain,
      gainText: isReference ? '-' : gainText(row.gain),
      stepMs: row.stepTimeMs,
      readyPct: row.dataReadinessPct,
      smPct: row.smPct,
      durationS: row.durationS,
      endedS: endedS(experiment, state.startedAtMs),
    };
  });
}

function endedS({ state }: ExperimentRow, startedAtMs: number): number | null {
  return 'completedAtMs' in state ? Math.max(0, (state.completedAtMs - startedAtMs) / 1000) : null;
}

function runningRows(underWay: Overview['under_way']): RunningRow[] {
  return underWay.map(({ node_id, step, job_id, since, expected_s, progress, waits }) => ({
    nodeId: node_id,
    step: waits === null ? step : `waits in the queue: ${waits.reason}`,
    jobId: job_id,
    sinceMs: Date.parse(since),
    expectedMs: progress === null || expected_s === null ? null : 1000 * expected_s,
  }));
}

function askedRow({ nodeId, asked }: ExperimentRow, spec: Spec | undefined, change: string): AskedRow {
  const { stage = 'plans', sinceMs = 0 } = asked ?? {};
  const { description = '', hypothesis = '' } = spec ?? {};
  return { nodeId, stage, sinceMs, description, hypothesis, change };
}

/** What has not been launched and waits for nobody's answer, in run order: what a person can move. */
export function queuedRows(state: EngineState): ExperimentRow[] {
  const worthOf = worths(state);
  const asked = new Set(awaitingApproval(state));
  const waiting = openRows(state).filter((row) => isWaiting(row) && !asked.has(row));
  return inRunOrder(state, waiting).map((row) => ({ ...row, priority: worthOf(row).place }));
}

function queueRow(row: ExperimentRow, change: string, why: string): QueueRow {
  const { nodeId, kind, priority, state } = row;
  return { nodeId, status: state.status, kind, priority, change, why };
}

function planRow({ iteration, action, reasoning, accepted, refused, failure }: BoardRecord['plans'][number]): PlanRow {
  return { iteration, action, reasoning, accepted, refused, failure: failure?.message ?? null };
}
