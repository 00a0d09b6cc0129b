/**
 * What a person wants to be asked before it is done: the planner's proposals, or the code that was made of them. An
 * experiment that waits for the answer holds no slot and keeps nothing else from running.
 */
import type { ApprovalRules, Silence } from './approval-rules.js';
import { type EngineState, openRows, rowOf } from './engine-state.js';
import type { ExperimentRow } from './experiment-record.js';

/** Only what a planner thought of is asked about, put together or not: the program's own measurements are not. */
function isProposal({ origin }: ExperimentRow): boolean {
  return origin.from === 'plan' || origin.from === 'bundle';
}

export function awaitsApproval({ asked }: ExperimentRow): boolean {
  return asked !== undefined && asked.approved === undefined;
}

/** A person said no to it, or nobody said yes in time: nothing of it was ever run. */
export function isRefused(row: ExperimentRow): boolean {
  return row.state.status === 'cancelled' && awaitsApproval(row);
}

/** Only where all rows are there: an engine leaves ended ones behind. */
export function countRefused(experiments: Readonly<Record<string, ExperimentRow>>): number {
  return Object.values(experiments).filter(isRefused).length;
}

/** In the order in which they were added; nobody is asked about a run that has ended. */
export function awaitingApproval(state: EngineState): ExperimentRow[] {
  return state.status === 'stopped' ? [] : openRows(state).filter(awaitsApproval);
}

/** Asks where the rules in force say so and nobody has answered yet; `row` has just come to where it stands. */
export function askWhereDue({ approval }: Pick<EngineState, 'approval'>, row: ExperimentRow, atMs: number): void {
  if (approval === undefined || !isProposal(row)) return;
  const { status } = row.state;
  const isThere = approval.stage === 'plans' ? status === 'queued' || status === 'preparing' : status === 'ready';
  if (isThere && row.asked?.stage !== approval.stage) row.asked = { stage: approval.stage, sinceMs: atMs };
}

/** Null: nobody is asked any more. What waits for an answer that is not wanted any more goes on. */
export function setApproval(state: EngineState, rules: ApprovalRules | null, atMs: number): void {
  if (rules === null) delete state.approval;
  else state.approval = rules;
  for (const row of openRows(state)) {
    // Code that waits goes on waiting where plans are asked for: nobody has said yes to it.
    const isUnwanted = rules === null || (row.asked?.stage === 'plans' && rules.stage === 'edits');
    if (awaitsApproval(row) && isUnwanted) delete row.asked;
    askWhereDue(state, row, atMs);
  }
}

export function approve(state: EngineState, nodeId: string, by: 'person' | 'silence'): void {
  const row = rowOf(state, nodeId);
  if (row.asked !== undefined) row.asked = { ...row.asked, approved: by };
}

/** For one that holds a slot: an engine that was put back to before the yes learns of the yes by that. */
export function askNoMore(row: ExperimentRow): void {
  if (awaitsApproval(row)) delete row.asked;
}

export interface Overdue {
  nodeId: string;
  /** When its time is over, in ms. */
  atMs: number;
  silence: Silence;
}

/** The proposal whose time is over first; null where answers may take for ever, and while the run does not run. */
export function nextOverdue(state: EngineState): Overdue | null {
  const { approval, status } = state;
  if (approval === undefined || approval.waitMinutes === null || status !== 'running') return null;
  const waitMs = approval.waitMinutes * 60_000;
  const [first] = awaitingApproval(state).sort((a, b) => (a.asked?.sinceMs ?? 0) - (b.asked?.sinceMs ?? 0));
  if (first?.asked === undefined) return null;
  return { nodeId: first.nodeId, atMs: first.asked.sinceMs + waitMs, silence: approval.silence };
}
