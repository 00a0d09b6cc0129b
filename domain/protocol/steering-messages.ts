/**
 * The messages that steer a run, as plain JSON in snake_case (they are also typed by hand in a terminal or the Temporal
 * UI), and their checks. A check returns what is wrong in words, or null; it never throws, so that it may run in a
 * workflow.
 */

import { awaitingApproval, awaitsApproval } from '../run/approval.js';
import {
  APPROVAL_STAGES,
  type ApprovalRules,
  type ApprovalStage,
  SILENCES,
  type Silence,
} from '../run/approval-rules.js';
import { aboutNode, type EngineState, noSuchExperiment, openRows, rowOf } from '../run/engine-state.js';
import { isTerminal, isWaiting } from '../run/experiment-record.js';
import {
  isLimitName,
  LIMIT_NAMES,
  LIMITS,
  type Limits,
  limitProblem,
  MOST_PENDING,
  type NamedLimits,
  STOP_MODES,
  type StopMode,
} from '../run/limits.js';
import { isRequestId, REQUEST_RULE } from '../run/naming.js';

export interface StopMessage {
  mode: StopMode;
}
export interface ReprioritizeMessage {
  node_id: string;
  /** Lower runs first. */
  priority: number;
}
export interface NodeMessage {
  node_id: string;
}
export interface NoteMessage {
  /** Makes a repeated message harmless, also in the run of the workflow that continues the one which had it. */
  request?: string;
  text: string;
}
/**
 * A person's own experiment; checked again, with zod and the policies, by the activity that writes it to the workdir.
 * Its code, if it has any, waits there: no message carries code.
 */
export interface AddMessage {
  /** Makes a repeated message harmless; each message is one of its own when absent. */
  request?: string;
  experiment: {
    name: string;
    description?: string;
    hypothesis?: string;
    changes?: string[];
    change_summary?: string;
    launch_command?: string;
    goto?: string | null;
    best_practices_tags?: string[];
    priority?: number;
  };
}
/** `reason` reaches the planner. */
export type RefuseMessage = NodeMessage & { reason?: string };

/** What a person wants to be asked about; `none`: nothing any more. */
export interface SetApprovalMessage {
  approve: ApprovalStage | 'none';
  /** How long an answer may take; for ever when absent or null. */
  wait_minutes?: number | null;
  /** What is done with a proposal that nobody answers in time; `drop` when absent. */
  silence?: Silence;
}
export type SetLimitsMessage = Partial<NamedLimits>;

/** What may be given to a run that nobody serves: it waits for the next engine. `request` makes it known as one. */
export type GivenMessage = { request: string } & (
  | { do: 'note'; message: NoteMessage }
  | { do: 'set_limits'; message: SetLimitsMessage }
  | { do: 'add'; message: AddMessage }
);

export interface Receipt {
  accepted: boolean;
  /** What changed, or why nothing did. */
  message: string;
  node_id?: string;
}

export function accepted(message: string, nodeId?: string): Receipt {
  return { accepted: true, message, ...(nodeId === undefined ? {} : { node_id: nodeId }) };
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

export function stopProblem(message: unknown): string | null {
  const mode = asObject(message)?.mode;
  return STOP_MODES.includes(mode as StopMode)
    ? null
    : `mode must be one of ${STOP_MODES.join(', ')}, not ${show(mode)}`;
}

export function noteProblem(message: unknown): string | null {
  const text = asObject(message)?.text;
  if (typeof text !== 'string' || text.trim() === '') return `text must be a non-empty string, not ${show(text)}`;
  const problem = requestProblem(message);
  if (problem !== null) return problem;
  const { noteLength } = MOST_PENDING;
  return text.length > noteLength ? `text has ${text.length} characters; at most ${noteLength} fit` : null;
}

/** Why one more note has no room, or null. */
export function noteRoomProblem({ notes }: Pick<EngineState, 'notes'>): string | null {
  if (notes.length < MOST_PENDING.notes) return null;
  return `${notes.length} notes wait for the next plan, and no more than ${MOST_PENDING.notes} may: say it again after that`;
}

/** Why one more experiment by a person has no room, or null. */
export function addRoomProblem(state: EngineState): string | null {
  const waiting = openRows(state).filter((row) => row.origin.from === 'user' && isWaiting(row)).length;
  if (waiting < MOST_PENDING.ownExperiments) return null;
  const most = `no more than ${MOST_PENDING.ownExperiments} may`;
  return `${waiting} added experiments wait to be launched, and ${most}: remove one, or add it again when some have run`;
}

export function setLimitsProblem(message: unknown): string | null {
  const fields = asObject(message);
  const known = LIMIT_NAMES.join(', ');
  if (!fields || Object.keys(fields).length === 0) return `name at least one of ${known}`;
  for (const [name, value] of Object.entries(fields)) {
    if (!isLimitName(name)) return `${name} is not a limit; the limits are ${known}`;
    const problem = limitProblem(name, value);
    if (problem) return `${name} ${problem}`;
  }
  return null;
}

/** Of a message that was checked. */
export function limitsFrom(message: SetLimitsMessage): Partial<Limits> {
  const entries = Object.entries(message).flatMap(([name, value]) =>
    isLimitName(name) ? [[LIMITS[name].field, value]] : [],
  );
  return Object.fromEntries(entries) as Partial<Limits>;
}

export function setApprovalProblem(message: unknown): string | null {
  const { approve, wait_minutes: wait = null, silence = 'drop' } = asObject(message) ?? {};
  const stages = [...APPROVAL_STAGES, 'none'];
  if (!stages.includes(approve as ApprovalStage))
    return `approve must be one of ${stages.join(', ')}, not ${show(approve)}`;
  if (wait !== null && !(typeof wait === 'number' && Number.isFinite(wait) && wait > 0))
    return `wait_minutes must be a number above 0, or null, not ${show(wait)}`;
  if (SILENCES.includes(silence as Silence)) return null;
  return `silence must be one of ${SILENCES.join(', ')}, not ${show(silence)}`;
}

/** Of a message that was checked; null = nobody is asked. */
export function approvalFrom({ approve, wait_minutes, silence }: SetApprovalMessage): ApprovalRules | null {
  if (approve === 'none') return null;
  return { stage: approve, waitMinutes: wait_minutes ?? null, silence: silence ?? 'drop' };
}

/** Only a proposal that waits for the answer can be approved or refused. */
export function askedProblem(state: EngineState, message: unknown): string | null {
  const reason = asObject(message)?.reason;
  const most = MOST_PENDING.noteLength;
  if (reason !== undefined && (typeof reason !== 'string' || reason.length > most))
    return `reason must be a text of at most ${most} characters, not ${show(reason).slice(0, 80)}`;
  const problem = nodeProblem(state, message, 'open');
  if (problem !== null) return problem;
  const row = rowOf(state, String(asObject(message)?.node_id));
  if (awaitsApproval(row)) return null;
  const waiting = awaitingApproval(state).map(({ nodeId }) => nodeId);
  const those = waiting.length === 0 ? 'none does' : `these do: ${waiting.join(', ')}`;
  return aboutNode(row.nodeId, `it does not wait for an approval; ${those}`);
}

/** The node must be there; `where` says in which state it must be. */
export function nodeProblem(state: EngineState, message: unknown, where: 'queued' | 'open'): string | null {
  const id = asObject(message)?.node_id;
  if (typeof id !== 'string') return `node_id must be a string, not ${show(id)}`;
  const row = Object.hasOwn(state.experiments, id) ? state.experiments[id] : undefined;
  if (!row) return noSuchExperiment(state, id);
  if (isTerminal(row))
    return aboutNode(id, `it has already ${row.state.status === 'completed' ? 'completed' : 'ended'}`);
  if (where === 'queued' && !isWaiting(row)) {
    const advice = `it is ${row.state.status}; only a queued experiment can be changed (cancel ends a running one)`;
    return aboutNode(id, advice);
  }
  return null;
}

export function reprioritizeProblem(state: EngineState, message: unknown): string | null {
  const priority = asObject(message)?.priority;
  if (typeof priority !== 'number' || !Number.isFinite(priority))
    return `priority must be a number, not ${show(priority)}`;
  return nodeProblem(state, message, 'queued');
}

export function addProblem(message: unknown): string | null {
  const experiment = asObject(asObject(message)?.experiment);
  if (!experiment) return 'experiment must be an object with at least a name';
  if (typeof experiment.name !== 'string' || experiment.name === '') {
    return `experiment.name must be a non-empty string, not ${show(experiment.name)}`;
  }
  return requestProblem(message);
}

function requestProblem(message: unknown): string | null {
  const request = asObject(message)?.request;
  if (request === undefined || isRequestId(request)) return null;
  return `request must be ${REQUEST_RULE}, not ${show(request)}`;
}
