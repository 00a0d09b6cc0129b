/**
 * The one interface to coding agents. A task is data; an answer is text in the reply formats of formats.md.
 * Model-backed agents answer from the prompt, the playbook from the task itself; both replies go through the same
 * parsers and checks.
 */

import type { Objective } from '../domain/belief/compare.js';
import type { Judgement } from '../domain/belief/judgement.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import type { Metrics, Result } from '../domain/evidence/metrics.js';
import type { Spec } from '../domain/formats/spec.js';
import type { SearchMemory } from '../domain/memory/search-memory.js';
import type { OperatingPoint } from '../domain/model/operating-point.js';
import type { OfferedMove } from '../domain/proposals/moves.js';
import type { EngineState } from '../domain/run/engine-state.js';
import type { ExperimentKind, TerminalStatus } from '../domain/run/experiment-record.js';
import type { Failure } from '../domain/run/failure.js';
import type { SourceView } from '../source/experiment-source.js';
import type { PromptParts } from './prompts/prompt-parts.js';

interface TaskBase {
  /** Names the log files and makes the call repeatable: `apply_003_x`, `plan_002`. */
  key: string;
  nodeId: string | null;
  source: SourceView;
  /** With the placeholders ($IMAGE) and the user's paths, as configured. */
  baseLaunchCommand: string;
  /** Why the agent's previous answer to this very task was refused; null at the first try. */
  refusal: string | null;
  /** Free text by the user: `--notes` and note messages. */
  notes: string[];
}

export type RewriteTask = TaskBase & {
  phase: 'instrument' | 'headspace' | 'apply' | 'repair';
  /** Null for instrument. */
  spec: Spec | null;
  /** What the repaired experiment died of. */
  failure: { failure: Failure; logs: string } | null;
};

export type AnalyzeTask = TaskBase & {
  phase: 'analyze';
  spec: Spec;
  kind: ExperimentKind;
  evidence: Evidence;
  /** Tail of the job's output. */
  logs: string;
  baseline: Metrics | null;
  headspace: Metrics | null;
  best: { nodeId: string; metrics: Metrics } | null;
  /** What it builds on, as far as that was measured. */
  start: { nodeId: string; metrics: Metrics } | null;
};

/** One experiment of the past, for planners: what it was and what came out. */
export interface HistoryEntry {
  nodeId: string;
  kind: ExperimentKind;
  status: TerminalStatus | 'open';
  spec: Spec;
  /** The commit it ran (open ones: null until prepared). */
  commit: string | null;
  parentId: string | null;
  result: Result | null;
  /**
   * What it typically measures: the mean over its repeats, where its own run is one of luck; left out, its own run says
   * it.
   */
  objective?: Objective | null;
  /** What its result is worth; left out while that is open, and in runs without repeats. */
  judged?: Judgement;
  failure: Failure | null;
  /** Of its job, in seconds; null when it did not run to its end. */
  durationS: number | null;
  isBest: boolean;
}

export type PlanTask = TaskBase & {
  phase: 'plan';
  iteration: number;
  limits: EngineState['limits'];
  /** In the order in which they were added, open ones included. */
  history: HistoryEntry[];
  /** Measurements of the baseline, the best and the newest completed experiments, by node id. */
  evidence: Record<string, Evidence>;
  /** What the jobs told of the pipeline, of all experiments, by node id; absent where nothing is known. */
  points?: Record<string, OperatingPoint>;
  /** Fully resolved commit to stack on for the best, and the run's base. */
  baseCommit: string;
  bestNodeId: string | null;
  /** Curves of value against result, dimensions without effect, and gains that were never tried together. */
  memory: SearchMemory;
  practices: { known: string[]; tried: string[]; notApplicable: string[] };
  plateauCount: number;
  /**
   * Parts of the best that did not help by themselves, in words why, and what each stands on; only those without which
   * the best was not tried yet, and absent where there are none.
   */
  doubted?: { nodeId: string; onto: string; text: string }[];
  /** What the owner lets run besides the same work; absent for nothing. */
  allow?: readonly string[];
  /** Moves that code makes by itself of the best's source, and its knobs with values; absent where nobody looked. */
  moves?: OfferedMove[];
  knobs?: string[];
};

export type ReportTask = TaskBase & {
  phase: 'report';
  history: HistoryEntry[];
  analyses: Record<string, string>;
  bestNodeId: string | null;
};

export type AgentTask = RewriteTask | AnalyzeTask | PlanTask | ReportTask;

export interface AgentAnswer {
  text: string;
  /** Null when the agent does not say. */
  costUsd: number | null;
  usage: Record<string, number>;
  /** As it came, for the raw log. */
  raw: unknown;
}

export interface CodingAgent {
  readonly name: string;
  /**
   * Makes one request, or takes what an earlier engine's request left in its reply file. Throws an ApplicationFailure
   * (agent_failed, retryable when it may pass) or a CutReply; aborts with `signal`. `parts` is the prompt once more,
   * cut where a provider's cache can make use of it; `cuts` counts the replies that ended early so far.
   */
  answer(
    task: AgentTask,
    prompt: string,
    signal: AbortSignal,
    parts?: PromptParts,
    cuts?: number,
  ): Promise<AgentAnswer>;
}
