/**
 * A run in one look, as data: how far it is, what runs and waits, the last results and findings, what is the matter,
 * and what is still to come. The status, the live view, the tools and the supervisor show it; none adds to it.
 */
import type { Objective } from '../belief/compare.js';
import { countRemeasurements, isRemeasurement } from '../belief/confirmation-state.js';
import type { GainInterval, Verdict } from '../belief/judgement.js';
import { repeatRows } from '../belief/repeats.js';
import { untriedPractices } from '../proposals/best-practices.js';
import { unreachedOf } from '../reports/caveats/unreached.js';
import { changesAgainstParents } from '../reports/change-against-parent.js';
import { type ExperimentTableRow, experimentTable } from '../reports/experiment-table.js';
import { headspaceSentence } from '../reports/headline.js';
import { heldFindings } from '../reports/held-claims.js';
import { type RunFacts, runFacts } from '../reports/run-facts.js';
import type { RunRecord } from '../reports/run-record.js';
import { awaitingApproval, countRefused } from '../run/approval.js';
import type { ApprovalStage } from '../run/approval-rules.js';
import { type EngineState, openRows } from '../run/engine-state.js';
import { type ExperimentKind, type ExperimentRow, isTerminal } from '../run/experiment-record.js';
import { plateauCount } from '../schedule/planning.js';
import { inRunOrder } from '../schedule/scheduling.js';
import { worths } from '../schedule/worth.js';
import type { Diagnostic } from './diagnostic.js';
import { type Circumstances, diagnosticsOf } from './diagnostics.js';
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
  /** Against its parent, which it names where that is not the baseline. */
  change: string;
  status: string;
  failure_kind: string | null;
  /** One of VERDICTS (judgement.ts); null while undecided, and in runs without repeats. */
  verdict: Verdict | null;
  is_best: boolean;
  /** A person said no to it, before anything ran. */
  is_refused: boolean;
  objective: Objective | null;
  gain: number | null;
  /** Completed runs, its own included. */
  runs: number;
  /** How many of them the objective is told from. */
  counted: number;
  duration_s: number | null;
  duplicate_of: string | null;
  /** Its number is above that of the best, which it is not shown to be faster than. */
  is_above_best?: true;
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
  /** Whether the best is not confirmed yet. */
  is_provisional: boolean;
  /** Of the best over the baseline and of the ceiling over the best, from repeats; null without any. */
  gain: GainInterval | null;
  headspace_left: GainInterval | null;
  /** What faster loading could still give, as a sentence. */
  headspace_text: string;
  /** `untried`: the best practices that keep the run from ending by it. */
  plateau: { rounds: number; patience: number; untried: string[] };
  rounds: { begun: number; most: number };
  is_planning: boolean;
  under_way: UnderWay[];
  /** What waits for a person's approval, of its plan or of its code. */
  asked: { node_id: string; stage: ApprovalStage; for_s: number; change: string }[];
  /** In the order in which they will run. */
  queue: { node_id: string; kind: string; priority: number; change: string; why: string }[];
  /** Of the experiments that the status counts, those that only measure others again. */
  repeats: number;
  /** Of the cancelled ones that the status counts, those that a person said no to before anything ran. */
  refused: number;
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
  const jobs = underWay(state, nowMs, circumstances.pending);
  const changeOf = changesAgainstParents(state);
  const runsSince = state.runsSinceMs === null ? 0 : nowMs - state.runsSinceMs;
  const endMs = state.status === 'stopped' ? state.updatedAtMs : nowMs;
  return {
    at: new Date(nowMs).toISOString(),
    started_at: state.startedAtMs > 0 ? new Date(state.startedAtMs).toISOString() : null,
    elapsed_s: state.startedAtMs > 0 ? (endMs - state.startedAtMs) / 1000 : 0,
    ran_s: (state.ranMs + runsSince) / 1000,
    ...worthsOf(facts),
    plateau: { rounds: plateauCount(state), patience: state.limits.patience, untried: untriedPractices(state) },
    rounds: { begun: state.iteration, most: state.limits.maxIterations },
    is_planning: state.planningSince !== null,
    under_way: jobs,
    asked: askedOf(state, nowMs, changeOf),
    queue: queueOf(state, changeOf),
    repeats: countRemeasurements(state.experiments),
    refused: countRefused(state.experiments),
    results: resultsOf(record, changeOf),
    candidates: candidatesOf(state),
    findings: findingsOf(record),
    diagnostics: diagnosticsOf(record, jobs, now),
    to_come: toCome(state, jobs, nowMs),
    unreached: unreachedOf(record),
  };
}

function worthsOf(facts: RunFacts) {
  const { baseline, headspace, best, gain, ceiling, proven, left } = facts;
  const worth = (measured: RunFacts['best'], times: number | null): Worth | null =>
    measured && { node_id: measured.row.nodeId, objective: measured.objective, gain: times };
  return {
    baseline: worth(baseline, 1),
    headspace: worth(headspace, ceiling),
    best: worth(best, gain),
    is_provisional: facts.isProvisional,
    gain: proven,
    headspace_left: left,
    headspace_text: headspaceSentence(facts),
  };
}

type ChangeOf = (row: ExperimentRow) => string;

function askedOf(state: EngineState, nowMs: number, changeOf: ChangeOf): Overview['asked'] {
  return awaitingApproval(state).map(({ asked, ...row }) => ({
    node_id: row.nodeId,
    stage: asked?.stage ?? 'plans',
    for_s: Math.max(0, nowMs - (asked?.sinceMs ?? nowMs)) / 1000,
    change: changeOf(row),
  }));
}

function queueOf(state: EngineState, changeOf: ChangeOf): Overview['queue'] {
  const asked = new Set(awaitingApproval(state));
  const queued = openRows(state).filter((row) => row.state.status === 'queued' && !asked.has(row));
  const worthOf = worths(state);
  return inRunOrder(state, queued).map((row) => {
    const { place, reason } = worthOf(row);
    return { node_id: row.nodeId, kind: row.kind, priority: place, change: changeOf(row), why: reason };
  });
}

function resultsOf({ state, ended }: RunRecord, changeOf: ChangeOf): ShownResult[] {
  const rows = new Map(experimentTable(state).map((row) => [row.nodeId, row]));
  const newest = ended.flatMap(({ nodeId }) => rows.get(nodeId) ?? []).slice(-RESULTS);
  return newest.reverse().map((row) => shownResult(row, changeOf(state.experiments[row.nodeId]!)));
}

function shownResult(row: ExperimentTableRow, change: string): ShownResult {
  const { nodeId, status, failureKind, verdict, isBest, objective, gain, durationS, duplicateOf } = row;
  return {
    node_id: nodeId,
    kind: row.kind,
    change,
    status,
    failure_kind: failureKind,
    verdict,
    is_best: isBest,
    is_refused: row.isRefused,
    objective,
    gain,
    runs: row.runs,
    counted: row.counted,
    duration_s: durationS,
    duplicate_of: duplicateOf,
    ...(row.isAboveBest ? { is_above_best: true as const } : {}),
  };
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
