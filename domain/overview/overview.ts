/**
 * A run in one look, as data: how far it is, what runs and waits, the last results and findings, what is the matter,
 * and what is still to come. The status, the live view, the tools and the supervisor show it; none adds to it.
 */
import type { Objective } from '../belief/compare.js';
import { countRemeasurements, isRemeasurement } from '../belief/confirmation-state.js';
import type { GainInterval } from '../belief/judgement.js';
import { repeatRows } from '../belief/repeats.js';
import { type ExperimentTableRow, experimentTable } from '../reports/experiment-table.js';
import { headspaceSentence } from '../reports/headline.js';
import { heldFindings } from '../reports/held-claims.js';
import { type RunFacts, runFacts } from '../reports/run-facts.js';
import type { RunRecord } from '../reports/run-record.js';
import { unreachedOf } from '../reports/unreached.js';
import { awaitingApproval, awaitsApproval } from '../run/approval.js';
import type { ApprovalStage } from '../run/approval-rules.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { type ExperimentKind, isTerminal } from '../run/experiment-record.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { type Circumstances, type Diagnostic, diagnosticsOf } from './diagnostics.js';
import { type ToCome, toCome } from './to-come.js';
import { type UnderWay, underWay } from './under-way.js';

/** What an experiment is worth, as every table and picture says it. */
export interface Worth {
  node_id: string;
  objective: Objective;
  /** Times the baseline's speed; null without a baseline. */
  gain: number | null;
}

export interface ShownResult {
  node_id: string;
  kind: ExperimentKind;
  /** The changes, in a few words. */
  change: string;
  status: string;
  failure_kind: string | null;
  /** not_better, repeat, keep, reject or quarantine; null while undecided, and in runs without repeats. */
  verdict: string | null;
  is_best: boolean;
  /** A person said no to it, before anything ran. */
  is_refused: boolean;
  objective: Objective | null;
  gain: number | null;
  /** Completed runs, its own included. */
  runs: number;
  duration_s: number | null;
  duplicate_of: string | null;
}

export interface ShownCandidate {
  node_id: string;
  objective: Objective | null;
  against: string | null;
  /** Over that one; null while the noise is not known. */
  gain: GainInterval | null;
  repeats_done: number;
  repeats_open: number;
  why: string;
}

export interface Overview {
  /** The moment of which it tells: of a run that nobody serves that of its last event. */
  at: string;
  started_at: string | null;
  /** Since the start, and of that the time in which an engine ran. */
  elapsed_s: number;
  ran_s: number;
  baseline: Worth | null;
  headspace: Worth | null;
  best: Worth | null;
  /** Of the best over the baseline and of the ceiling over the best, from repeats; null without any. */
  gain: GainInterval | null;
  headspace_left: GainInterval | null;
  /** What faster loading could still give, as a sentence. */
  headspace_text: string;
  plateau: { rounds: number; patience: number };
  rounds: { begun: number; most: number };
  is_planning: boolean;
  under_way: UnderWay[];
  /** What waits for a person's approval, of its plan or of its code. */
  asked: { node_id: string; stage: ApprovalStage; for_s: number; change: string }[];
  /** In the order in which they will run. */
  queue: { node_id: string; kind: string; priority: number; change: string }[];
  /** Of the experiments that the status counts, those that only measure others again. */
  repeats: number;
  /** Of the experiments that have ended, without repeats; the newest first. */
  results: ShownResult[];
  candidates: ShownCandidate[];
  /** The newest first. */
  findings: { node_id: string; texts: string[] }[];
  diagnostics: Diagnostic[];
  /** Null once the run has ended. */
  to_come: ToCome | null;
  /** What the planner would have tried and could not, with the reason of each. */
  unreached: string[];
}

/** As many as anybody looks at; `summary` has all. */
const RESULTS = 20;
const FINDINGS = 4;

export function overviewOf(record: RunRecord, circumstances: Circumstances): Overview {
  const { state } = record;
  const nowMs = circumstances.isServed ? Math.max(circumstances.nowMs, state.updatedAtMs) : state.updatedAtMs;
  const now = { ...circumstances, nowMs };
  const facts = runFacts(state);
  const jobs = underWay(state, nowMs);
  const runsSince = state.runsSinceMs === null ? 0 : nowMs - state.runsSinceMs;
  const endMs = state.status === 'stopped' ? state.updatedAtMs : nowMs;
  return {
    at: new Date(nowMs).toISOString(),
    started_at: state.startedAtMs > 0 ? new Date(state.startedAtMs).toISOString() : null,
    elapsed_s: state.startedAtMs > 0 ? (endMs - state.startedAtMs) / 1000 : 0,
    ran_s: (state.ranMs + runsSince) / 1000,
    ...worths(facts),
    plateau: { rounds: plateauCount(state), patience: state.limits.patience },
    rounds: { begun: state.iteration, most: state.limits.maxIterations },
    is_planning: state.planningSince !== null,
    under_way: jobs,
    asked: askedOf(state, nowMs),
    queue: queueOf(state),
    repeats: countRemeasurements(state.experiments),
    results: resultsOf(record),
    candidates: candidatesOf(state),
    findings: findingsOf(record),
    diagnostics: diagnosticsOf(record, jobs, now),
    to_come: toCome(state, jobs, nowMs),
    unreached: unreachedOf(record),
  };
}

function worths(facts: RunFacts) {
  const { baseline, headspace, best, gain, ceiling, proven, left } = facts;
  const worth = (measured: RunFacts['best'], times: number | null): Worth | null =>
    measured && { node_id: measured.row.nodeId, objective: measured.objective, gain: times };
  return {
    baseline: worth(baseline, 1),
    headspace: worth(headspace, ceiling),
    best: worth(best, gain),
    gain: proven,
    headspace_left: left,
    headspace_text: headspaceSentence(facts),
  };
}

function askedOf(state: EngineState, nowMs: number): Overview['asked'] {
  return awaitingApproval(state).map(({ nodeId, asked, ...row }) => ({
    node_id: nodeId,
    stage: asked?.stage ?? 'plans',
    for_s: Math.max(0, nowMs - (asked?.sinceMs ?? nowMs)) / 1000,
    change: changeOf(row),
  }));
}

function queueOf(state: EngineState): Overview['queue'] {
  const queued = openRows(state).filter((row) => row.state.status === 'queued' && !awaitsApproval(row));
  return inRunOrder(queued).map((row) => ({
    node_id: row.nodeId,
    kind: row.kind,
    priority: row.priority,
    change: changeOf(row),
  }));
}

function resultsOf({ state, ended }: RunRecord): ShownResult[] {
  const rows = new Map(experimentTable(state).map((row) => [row.nodeId, row]));
  const newest = ended.flatMap(({ nodeId }) => rows.get(nodeId) ?? []).slice(-RESULTS);
  return newest.reverse().map((row) => shownResult(row, state));
}

function shownResult(row: ExperimentTableRow, state: EngineState): ShownResult {
  const { nodeId, status, failureKind, verdict, isBest, objective, gain, repeats, durationS, duplicateOf } = row;
  return {
    node_id: nodeId,
    kind: row.kind,
    change: changeOf(state.experiments[nodeId]!),
    status,
    failure_kind: failureKind,
    verdict,
    is_best: isBest,
    is_refused: row.isRefused,
    objective,
    gain,
    runs: repeats + (status === 'completed' ? 1 : 0),
    duration_s: durationS,
    duplicate_of: duplicateOf,
  };
}

function changeOf({ changeSet, name }: { changeSet: readonly string[]; name: string }): string {
  return changeSet.join(', ') || name;
}

function candidatesOf(state: EngineState): ShownCandidate[] {
  const typical = new Map(experimentTable(state).map(({ nodeId, objective }) => [nodeId, objective]));
  return (state.confirmation?.candidates ?? []).map((nodeId) => {
    const repeats = repeatRows(state, nodeId);
    const judged = state.experiments[nodeId]?.judged;
    return {
      node_id: nodeId,
      objective: typical.get(nodeId) ?? null,
      against: judged?.against ?? state.best,
      gain: judged?.gain ?? null,
      repeats_done: repeats.filter((row) => row.state.status === 'completed').length,
      repeats_open: repeats.filter((row) => !isTerminal(row)).length,
      why: judged?.reason ?? 'its first result was not looked at yet',
    };
  });
}

/** What repeats find is how they were disturbed: it stands in findings.md. */
function findingsOf(record: RunRecord): Overview['findings'] {
  const { state, ended, findings } = record;
  const isOwn = (nodeId: string) => {
    const row = state.experiments[nodeId];
    return row !== undefined && !isRemeasurement(row);
  };
  return ended
    .filter(({ nodeId }) => findings.get(nodeId)?.length && isOwn(nodeId))
    .slice(-FINDINGS)
    .reverse()
    .map(({ nodeId }) => ({ node_id: nodeId, texts: heldFindings(record, nodeId) }));
}
