/**
 * The activities as workflows see them: names, inputs and results. Inputs are names only; what is executed is read
 * from the workdir. Each may run twice and must then have acted once. A failure is thrown as an ApplicationFailure
 * whose type is a FailureKind and whose first detail is the Failure record (see thrown-failure.ts).
 */

import type { ConfirmationRules } from '../belief/confirmation-state.js';
import type { MetricSources, Metrics, Result } from '../evidence/metrics.js';
import type { EngineState } from '../run/engine-state.js';
import type { EngineEvent } from '../run/event-types.js';
import type { ExperimentIdentity } from '../run/experiment-record.js';
import type { Failure } from '../run/failure.js';
import type { PaidCalls, Spent } from '../run/ledger.js';
import type { OutcomeReport } from '../schedule/outcome-events.js';
import type { OwedCalls } from '../schedule/settlement.js';

export interface RunRef {
  run: string;
}
/**
 * `chain`: run id of the first run of the engine's chain; `link`: run id of the engine's own run within it. Both are
 * absent when workflow code of an earlier version asked.
 */
export type EngineRef = RunRef & { chain?: string; link?: string };
export interface NodeRef extends RunRef {
  nodeId: string;
}

/** Names the event that queued a node: where its specification comes from. */
export type ExperimentRef = RunRef & { experiment: ExperimentIdentity };

export interface SetupResult {
  anchorCommit: string;
  /** Seeds with their change sets, in order. */
  seeds: ExperimentIdentity[];
  /** Best practices that apply to this source. */
  practices: string[];
  repair: { retries: number; experiments: string[] };
  confirmation?: ConfirmationRules;
  needsBaseline?: boolean;
  needsMeasuredBaseline?: boolean;
}

/** What an experiment tells the engine as it goes. Each may arrive twice, and after what followed it. */
export type ExperimentReport =
  | { type: 'prepared'; nodeId: string; commit: string; image: string; spent: Spent }
  /**
   * Only when it is greeted: it holds this slot, and its job is being launched or was. `spent` is what its code has
   * cost.
   */
  | { type: 'granted'; nodeId: string; commit: string; slot: number; spent: Spent }
  /** Its job waits in the queue of a cluster, and its slot is for another one meanwhile. */
  | { type: 'pending'; nodeId: string }
  | ({ type: 'launched'; nodeId: string } & LaunchedJob)
  | ({ type: 'job_ended'; nodeId: string; durationS: number } & LaunchedJob)
  /** Only to an engine that was continued as new, or started again: others hear it as the child's result. */
  | { type: 'finished'; nodeId: string; outcome: ExperimentOutcome };

export interface LaunchedJob {
  jobId: string;
  launchedAtMs: number;
}

/**
 * What a child reports, and also returns. `withdrawn`: it was told to give up its preparation; nothing was launched.
 */
export type ExperimentOutcome = OutcomeReport;

export interface PlanResult {
  action: 'launch' | 'stop' | 'manual';
  /** Cut to 2,000 characters. */
  reasoning: string;
  /** Accepted proposals in order; `index` is their place in engine/plans/<iteration>.json. The engine numbers them. */
  proposals: (Omit<ExperimentIdentity, 'nodeId' | 'kind' | 'origin'> & { index: number })[];
  refused: { name: string; reason: string }[];
  notApplicable: string[];
  /** What might help and could not be tried, a sentence each with the reason; absent where there is nothing. */
  unreached?: string[];
  /** How long this took, in ms, by the clock of the worker. */
  tookMs: number;
  spent: Spent;
}

export type AcceptResult =
  | { accepted: true; experiment: Omit<ExperimentIdentity, 'nodeId' | 'origin'> & { request: string } }
  /** The same request was accepted before; the log tells, also of one whose row the engine has left behind. */
  | { accepted: true; known: string }
  | { accepted: false; reason: string };

export interface JobEnd {
  /** When it began to run, ms, after any wait for its host; absent in histories of earlier versions. */
  launchedAtMs?: number;
  durationS: number;
  /** Null when the job ended well. */
  failure: Failure | null;
}

export interface EvidenceSummary {
  metrics: Metrics;
  sources: MetricSources;
}

export interface ExportAnswer {
  /** Of the last event in the log. */
  seq: number;
  /** Where the log went on otherwise than before: whom the events that it gave up had granted a slot. */
  granted?: string[];
  /** Which slot each of those was granted; absent in answers of earlier versions. */
  slots?: Record<string, number>;
  /** Whom the export told of the slot that it recorded, so that the engine need not; absent: nobody. */
  told?: string[];
}

export interface Released {
  /** What the experiment's agent calls have cost, for one whose last call was ended with its worker and told nobody. */
  paid: PaidCalls;
}

export interface ExperimentLookup {
  nodeId: string;
  /**
   * `running` also when it waits; `missing` when the server knows no such workflow; `killed` when it has no outcome.
   */
  found: 'running' | 'ended' | 'killed' | 'missing';
  outcome: ExperimentOutcome | null;
  /**
   * What its agent calls have cost by phase, where it can tell no more itself; absent in answers of earlier versions.
   */
  paid?: PaidCalls;
}

export interface Activities {
  /** Reads the event log: the state of an earlier engine of this run, or null when there is none. */
  loadState(input: EngineRef): Promise<EngineState | null>;
  /** Anchors the source, copies the script, checks the target's Python. */
  setup(input: RunRef): Promise<SetupResult>;
  /** Adds timing to the pipeline script and commits it; with skip_instrument the anchor itself is the base. */
  instrument(input: RunRef): Promise<{ baseCommit: string; spent: Spent }>;
  /** Makes the experiment's own tree and commit. */
  applyPatch(input: ExperimentRef): Promise<{ commit: string; changed: boolean; spent: Spent }>;
  buildImage(input: NodeRef): Promise<{ image: string; reused: boolean }>;
  /**
   * The job may still wait for others on its host: `launchedAtMs` then tells since when. `again`, from 1: an ended job
   * of that node is set aside for the one that is launched (domain/verdict/runs-again.ts).
   */
  launchJob(input: NodeRef & { slot: number; again?: number }): Promise<LaunchedJob>;
  /**
   * Tells the engine of the launch, and watches in heartbeating windows; throws a BENIGN retryable failure of type
   * `still_running` between them.
   */
  pollMetrics(input: NodeRef): Promise<JobEnd>;
  cancelJob(input: NodeRef): Promise<void>;
  collectEvidence(input: NodeRef): Promise<EvidenceSummary>;
  analyze(input: NodeRef): Promise<{ result: Result; spent: Spent }>;
  /**
   * Removes the experiment's tree (its commit stays, by its ref); keep_trees keeps it, unless it is to be made `anew`.
   */
  releaseTree(input: NodeRef & { anew?: boolean }): Promise<Released | undefined>;
  plan(input: RunRef & { iteration: number; throughSeq: number }): Promise<PlanResult>;
  /**
   * Checks a person's experiment against the policies and writes it to engine/requests/<request>.json. `throughSeq`:
   * the newest event of the engine that asks, which the log has; absent where no engine asks, or one of an earlier
   * version.
   */
  acceptExperiment(
    input: RunRef & { request: string; experiment: unknown; throughSeq?: number },
  ): Promise<AcceptResult>;
  /** Delivers a report to the engine; those of experiments that report at one time travel together. */
  tellEngine(input: RunRef & { report: ExperimentReport }): Promise<boolean>;
  /**
   * `exported`: what the engine exported right before, which the log must still hold. A failure that is not retried
   * says that the log is not, or not any more, the log of this engine. `tells`: experiments are told at once of the
   * slots that the export records; the engine finds those again of which it knows nothing after a kill.
   */
  exportWorkdir(
    input: EngineRef & { events: EngineEvent[]; exported?: EngineEvent[]; tells?: boolean },
  ): Promise<ExportAnswer>;
  drawCharts(input: RunRef): Promise<void>;
  /** Without `synthesis`, final_report.md is made by rules: the agent is not asked. `byRules`: why it was made so. */
  report(input: RunRef & { synthesis: boolean }): Promise<{ spent: Spent; byRules?: string } & OwedCalls>;
  lookupExperiments(input: RunRef & { nodeIds: string[] }): Promise<ExperimentLookup[]>;
}
