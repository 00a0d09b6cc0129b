/**
 * A run as reports and files need it: the engine's state and the texts of its events that the state does not keep
 * (findings, reasons of plans, the order of ends and of bests). Made by folding the same events as the state.
 */
import { applyEvent } from '../run/apply-event.js';
import { type EngineState, initialState } from '../run/engine-state.js';
import type { EngineEvent } from '../run/event-types.js';
import {
  BASELINE_ID,
  type ExperimentIdentity,
  type ExperimentRow,
  isSeed,
  isTerminal,
} from '../run/experiment-record.js';
import type { Failure } from '../run/failure.js';

export interface PlanRecord {
  iteration: number;
  action: 'launch' | 'stop' | 'manual' | 'failed';
  reasoning: string;
  accepted: string[];
  refused: { name: string; reason: string }[];
  /** What the planner would have tried and could not, with the reason of each. */
  unreached: string[];
  failure: Failure | null;
}

export interface RunRecord {
  state: EngineState;
  /** Findings of completed experiments, by node id. */
  findings: Map<string, string[]>;
  /** Images that experiments were built to, by node id. */
  images: Map<string, string>;
  /** Node ids in the order in which they became the best one. */
  bests: string[];
  /** Terminal experiments in the order in which they ended, with the planning round that they belong to. */
  ended: { nodeId: string; iteration: number }[];
  plans: PlanRecord[];
  /** Children in the hypothesis tree, by node id. */
  children: Map<string, string[]>;
  /** It has stopped, and its engine has not said since that its last reports are made. */
  lacksReports: boolean;
  /** For each event (by `seq - 1`) the nodes whose files it may change. */
  touched: string[][];
}

export function newRunRecord(): RunRecord {
  return {
    state: initialState(''),
    findings: new Map(),
    images: new Map(),
    bests: [],
    ended: [],
    plans: [],
    children: new Map(),
    lacksReports: false,
    touched: [],
  };
}

/** Parent in the hypothesis tree: a follow-up that starts from the anchor hangs under the baseline. */
export function treeParent(experiment: ExperimentIdentity): string | null {
  return experiment.parentId ?? (isSeed(experiment) ? null : BASELINE_ID);
}

/** Applies one event in place; those already applied are ignored, a gap is a RangeError (as in applyEvent). */
export function applyToRecord(record: RunRecord, event: EngineEvent): void {
  if (event.seq <= record.state.seq) return;
  const before = 'nodeId' in event ? record.state.experiments[event.nodeId] : undefined;
  const parentBefore = before ? treeParent(before) : null;
  const wasOpen = before !== undefined && !isTerminal(before);
  applyEvent(record.state, event);
  record.touched.push(touchedBy(record, event, parentBefore));
  keepTexts(record, event);
  if (event.type === 'stopped' || event.type === 'reported') record.lacksReports = event.type === 'stopped';
  else if (record.state.status !== 'stopped') record.lacksReports = false;
  if (wasOpen && isTerminal(before)) keepEnd(record, before);
}

function touchedBy(record: RunRecord, event: EngineEvent, parentBefore: string | null): string[] {
  if (event.type === 'setup_completed') return Object.keys(record.state.experiments);
  if (event.type === 'experiment_added') {
    const parent = treeParent(event.experiment);
    return parent === null ? [event.experiment.nodeId] : [event.experiment.nodeId, parent];
  }
  if (event.type === 'experiment_removed' && parentBefore !== null) return [event.nodeId, parentBefore];
  return 'nodeId' in event ? [event.nodeId] : [];
}

function keepTexts(record: RunRecord, event: EngineEvent): void {
  switch (event.type) {
    case 'experiment_added': {
      const parent = treeParent(event.experiment);
      if (parent !== null) siblingsUnder(record, parent).push(event.experiment.nodeId);
      return;
    }
    case 'experiment_removed':
      for (const siblings of record.children.values()) {
        const at = siblings.indexOf(event.nodeId);
        if (at >= 0) siblings.splice(at, 1);
      }
      return;
    case 'experiment_prepared':
      if (event.image !== undefined) record.images.set(event.nodeId, event.image);
      return;
    case 'experiment_completed':
      record.findings.set(event.nodeId, event.result.findings);
      return;
    case 'best_changed':
      if (event.insteadOf === undefined) record.bests.push(event.nodeId);
      else record.bests = record.bests.filter((nodeId) => nodeId !== event.insteadOf);
      return;
    case 'plan_received': {
      const { iteration, action, reasoning, accepted, refused, unreached = [] } = event;
      record.plans.push({ iteration, action, reasoning, accepted, refused, unreached, failure: null });
      return;
    }
    case 'planning_failed':
      record.plans.push({
        iteration: event.iteration,
        action: 'failed',
        reasoning: '',
        accepted: [],
        refused: [],
        unreached: [],
        failure: event.failure,
      });
      return;
  }
}

function siblingsUnder(record: RunRecord, parent: string): string[] {
  const known = record.children.get(parent);
  if (known) return known;
  const made: string[] = [];
  record.children.set(parent, made);
  return made;
}

function keepEnd(record: RunRecord, row: ExperimentRow): void {
  const iteration = row.origin.from === 'plan' ? row.origin.iteration : record.state.iteration;
  record.ended.push({ nodeId: row.nodeId, iteration });
}
