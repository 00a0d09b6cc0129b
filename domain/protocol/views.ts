/**
 * What queries answer and `status` shows: small plain JSON made from the state alone, the same with and without a
 * server.
 */

import { type Objective, objectiveOfRow } from '../belief/compare.js';
import type { GainInterval } from '../belief/judgement.js';
import { headspaceLeft, provenGain } from '../belief/proven-gain.js';
import { type Confidence, confidenceOf } from '../belief/repeats.js';
import { uncheckedText } from '../reports/caveats/unchecked-text.js';
import { standingsOf } from '../reports/standing.js';
import { awaitingApproval, awaitsApproval } from '../run/approval.js';
import type { ApprovalStage } from '../run/approval-rules.js';
import { type EngineState, openRows, tallyShown } from '../run/engine-state.js';
import {
  BASELINE_ID,
  commitOf,
  type ExperimentRow,
  HEADSPACE_ID,
  isWaiting,
  jobIdOf,
} from '../run/experiment-record.js';
import { type NamedLimits, namedLimits } from '../run/limits.js';
import { budgetWarnings } from '../schedule/budget.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { type Spending, spendingOf } from '../schedule/spending.js';
import { worths } from '../schedule/worth.js';
import type { SetApprovalMessage } from './steering-messages.js';

export interface ExperimentView {
  node_id: string;
  name: string;
  kind: string;
  parent_id: string | null;
  status: string;
  priority: number;
  commit: string | null;
  job_id: string | null;
  duration_s: number | null;
  /** The compared metric as every table tells it, of its runs that count; null while unknown. */
  objective: Objective | null;
  /** The same of its first run alone, which the repeats may have corrected. */
  first_run: Objective | null;
  failure: { kind: string; message: string } | null;
  /** One of VERDICTS (judgement.ts); null while undecided, and in runs without repeats. */
  verdict: string | null;
  /** Of one that waits for its turn: the reason for its place; absent in all others. */
  why?: string;
  /** Of one that waits for a person's approval: of what, and since when; absent in all others. */
  asked?: { stage: ApprovalStage; since: string };
}

export interface StatusView {
  run: string;
  status: EngineState['status'];
  stop: EngineState['stop'];
  iteration: number;
  planning: boolean;
  plateau_count: number;
  limits: NamedLimits;
  /** Of what is limited or was spent: US dollars and tokens of agent calls, hours of jobs. */
  budget: Spending[];
  /** Agent calls of which nobody knows the price. */
  unpriced_calls: number;
  /** Budgets that are half or nearly spent, and additions that could not be checked, in words. */
  warnings: string[];
  counts: {
    total: number;
    queued: number;
    preparing: number;
    running: number;
    analyzing: number;
    completed: number;
    failed: number;
    /** Ended early, because they could not come near the best; not among the failed. */
    pruned: number;
    /** Experiments with the code and command of others, whose numbers stand for them; not among the failed. */
    duplicates: number;
    cancelled: number;
  };
  baseline: ExperimentView | null;
  headspace: ExperimentView | null;
  best: ExperimentView | null;
  /** How far the numbers can be trusted, relative; null while nothing was repeated. */
  confidence: Confidence | null;
  /** Of the best over the baseline, and of the ceiling over the best, from repeats. */
  gain: GainInterval | null;
  headspace_left: GainInterval | null;
  running: ExperimentView[];
  /** Handed to the platform, where their jobs wait for a slot of the host (or start in a moment). */
  pending: ExperimentView[];
  /** What a person is asked about; null where nobody is. */
  approval: SetApprovalMessage | null;
  /** What waits for the answer, in the order in which it was proposed. */
  asked: ExperimentView[];
  notes: number;
  anchor_commit: string | null;
  base_commit: string | null;
  updated_at: string;
}

export function experimentView(state: EngineState, row: ExperimentRow, standing = standingsOf(state)): ExperimentView {
  const { state: now } = row;
  return {
    node_id: row.nodeId,
    name: row.name,
    kind: row.kind,
    parent_id: row.parentId,
    status: now.status,
    priority: row.priority,
    commit: commitOf(row),
    job_id: jobIdOf(row),
    duration_s: 'durationS' in now ? now.durationS : null,
    objective: now.status === 'completed' ? standing(row.nodeId).objective : null,
    first_run: objectiveOfRow(row),
    failure: 'failure' in now ? { kind: now.failure.kind, message: now.failure.message } : null,
    verdict: row.judged?.verdict ?? null,
    ...(row.asked && awaitsApproval(row)
      ? { asked: { stage: row.asked.stage, since: new Date(row.asked.sinceMs).toISOString() } }
      : {}),
  };
}

function viewsOf(state: EngineState): (row: ExperimentRow) => ExperimentView {
  const standing = standingsOf(state);
  return (row) => experimentView(state, row, standing);
}

export function statusView(state: EngineState): StatusView {
  const open = openRows(state);
  const view = viewsOf(state);
  const viewOf = (nodeId: string | null) => {
    const row = nodeId === null ? undefined : state.experiments[nodeId];
    return row ? view(row) : null;
  };
  const count = (...names: string[]) => open.filter((row) => names.includes(row.state.status)).length;
  const { completed, failed, pruned, duplicates, cancelled } = tallyShown(state);
  return {
    run: state.run,
    status: state.status,
    stop: state.stop,
    iteration: state.iteration,
    planning: state.planningSince !== null,
    plateau_count: plateauCount(state),
    limits: namedLimits(state.limits),
    budget: spendingOf(state),
    unpriced_calls: state.ledger.unpriced,
    warnings: [...budgetWarnings(state), ...(state.unchecked ?? []).map(uncheckedText)],
    counts: {
      total: open.length + completed + failed + pruned + duplicates + cancelled,
      queued: count('queued'),
      preparing: count('preparing', 'ready', 'launching'),
      running: count('running'),
      analyzing: count('analyzing'),
      completed,
      failed,
      pruned,
      duplicates,
      cancelled,
    },
    baseline: viewOf(BASELINE_ID),
    headspace: viewOf(HEADSPACE_ID),
    best: viewOf(state.best),
    confidence: confidenceOf(state),
    gain: provenGain(state),
    headspace_left: headspaceLeft(state),
    running: open.filter((row) => row.state.status === 'running').map(view),
    pending: open.filter((row) => row.state.status === 'launching').map(view),
    approval: state.approval
      ? { approve: state.approval.stage, wait_minutes: state.approval.waitMinutes, silence: state.approval.silence }
      : null,
    asked: awaitingApproval(state).map(view),
    notes: state.notes.length,
    anchor_commit: state.anchorCommit,
    base_commit: state.baseCommit,
    updated_at: new Date(state.updatedAtMs).toISOString(),
  };
}

/** Not yet started experiments in the order in which they will run. */
export function queueView(state: EngineState): ExperimentView[] {
  const view = viewsOf(state);
  const worthOf = worths(state);
  return inRunOrder(state, openRows(state).filter(isWaiting)).map((row) => {
    const { place, reason } = worthOf(row);
    return { ...view(row), priority: place, why: reason };
  });
}

/** All experiments in the order in which they were added; at most `limit`, the newest. */
export function treeView(state: EngineState, limit = 500): ExperimentView[] {
  return Object.values(state.experiments)
    .sort((a, b) => a.seq - b.seq)
    .slice(-limit)
    .map(viewsOf(state));
}
