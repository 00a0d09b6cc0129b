/**
 * One experiment as the engine's state knows it: a small row. Long texts (description, hypothesis, launch command)
 * stay in the workdir and are found through the row's origin.
 */
import type { Judgement, RepeatPurpose } from '../belief/judgement.js';
import type { MetricSources, Metrics, ResultRemarks } from '../evidence/metrics.js';
import type { Asked } from './approval-rules.js';
import { type Failure, isNoFault } from './failure.js';

export const EXPERIMENT_KINDS = ['baseline', 'headspace', 'mtp', 'planned', 'repair', 'repeat', 'user'] as const;
export type ExperimentKind = (typeof EXPERIMENT_KINDS)[number];

/** Which workdir file holds the specification (see workdir/spec-store). */
export type SpecOrigin =
  | { from: 'seed' }
  | { from: 'plan'; iteration: number; index: number }
  | { from: 'repair'; of: string; attempt: number }
  | { from: 'repeat'; of: string; index: number; purpose: RepeatPurpose }
  /** Cached data on the code of another experiment. */
  | { from: 'ceiling'; of: string }
  /** Small gains of these, put together. */
  | { from: 'bundle'; of: string[] }
  | { from: 'user'; request: string };

/** What is known of an experiment when it is queued. */
export interface ExperimentIdentity {
  nodeId: string;
  name: string;
  kind: ExperimentKind;
  origin: SpecOrigin;
  /** Parent in the hypothesis tree; null for the seeds. */
  parentId: string | null;
  /** The commit it starts from; null means the run's base commit (the instrumented anchor). */
  startCommit: string | null;
  /** Lower runs first; ties keep insertion order. */
  priority: number;
  /** Explicit changes and differing launch flags, lower-cased and sorted: what decides on duplicates. */
  changeSet: string[];
  /** Best-practice tags. */
  tags: string[];
  /**
   * The experiment that bounds what it builds on, where that is not the headspace seed: for an engine that has left the
   * parent behind. Null = nothing was measured on such code yet.
   */
  ceiling?: string | null;
  /** Whether code makes all of its changes, so that they can be made elsewhere; absent where an agent wrote them. */
  byCode?: true;
}

/** Each status owns its fields: a running experiment has a job by type. `ready` waits for a job slot. */
export type ExperimentStatus =
  | { status: 'queued' }
  | { status: 'preparing'; sinceMs: number }
  | { status: 'ready'; sinceMs: number; commit: string }
  /** `isPending`: its job waits in the queue of a cluster and holds no slot. */
  | { status: 'launching'; sinceMs: number; commit: string; slot: number; isPending?: true }
  | { status: 'running'; commit: string; slot: number; jobId: string; launchedAtMs: number }
  | { status: 'analyzing'; commit: string; jobId: string; launchedAtMs: number; durationS: number }
  | ({
      status: 'completed';
      commit: string;
      jobId: string;
      launchedAtMs: number;
      durationS: number;
      completedAtMs: number;
      metrics: Metrics;
      sources: MetricSources;
    } & ResultRemarks)
  | ({ status: 'failed'; failure: Failure } & Ended)
  | ({ status: 'cancelled'; failure: Failure } & Ended);

/** What an experiment ran. */
export interface JobFacts {
  commit: string;
  jobId: string;
  launchedAtMs: number;
  durationS: number;
}

/** What an experiment that ended without a result may have reached before. */
export interface Ended {
  completedAtMs: number;
  commit: string | null;
  jobId: string | null;
  launchedAtMs: number | null;
  durationS: number | null;
}

export type ExperimentRow = ExperimentIdentity & {
  seq: number;
  state: ExperimentStatus;
  /** Whether a person gave it its place in the queue; absent where nobody did. */
  isPlaced?: true;
  /** Number of the event with which it ended. */
  endedSeq?: number;
  /** Whether a person was asked about it; absent where nobody was. */
  asked?: Asked;
  /** What its result is worth; absent while it has none, and in runs without repeats. */
  judged?: Judgement;
  /** Whether it was the best before its repeats had run; absent where it was not. */
  wasProvisional?: true;
};

export type TerminalStatus = 'completed' | 'failed' | 'cancelled';

export function isTerminal(row: ExperimentRow): boolean {
  return row.state.status === 'completed' || row.state.status === 'failed' || row.state.status === 'cancelled';
}

/** Whether a job of it may still be started; a running one that is lost to a full disk runs again. */
export function mayLaunch({ state: { status } }: ExperimentRow): boolean {
  return status === 'preparing' || status === 'ready' || status === 'launching' || status === 'running';
}

/** Whether its job was ended early because it could not come near the best: measured, and slow. */
export function isPruned(row: ExperimentRow): boolean {
  return row.state.status === 'failed' && row.state.failure.kind === 'pruned';
}

/** The experiment whose code and command it has: that one's numbers stand for it, and it had no job of its own. */
export function originalOf(row: ExperimentRow): string | null {
  if (row.state.status !== 'failed' || row.state.failure.kind !== 'duplicate_work') return null;
  return String(row.state.failure.details.copy_of ?? 'another');
}

/** What people are told of as failed. */
export function isBroken(row: ExperimentRow): boolean {
  return row.state.status === 'failed' && !isNoFault(row.state.failure);
}

/** Whether its job told how fast it is. */
export function isMeasured(row: ExperimentRow): boolean {
  return row.state.status === 'completed' || isPruned(row);
}

/** What a bundle is of, in words. */
export function bundleText(of: readonly string[]): string {
  return `puts together the small gains of ${of.slice(0, -1).join(', ')} and ${of.at(-1)}`;
}

export function isSeed(row: ExperimentIdentity): boolean {
  return row.origin.from === 'seed';
}

export function commitOf(row: ExperimentRow): string | null {
  return 'commit' in row.state ? row.state.commit : null;
}

export function jobIdOf(row: ExperimentRow): string | null {
  return 'jobId' in row.state ? row.state.jobId : null;
}

export const BASELINE_ID = '000_baseline';
export const HEADSPACE_ID = '000_headspace';
export const MTP_ID = '001_mtp';

export const SEEDS: readonly Omit<ExperimentIdentity, 'changeSet'>[] = [
  {
    nodeId: BASELINE_ID,
    name: 'baseline',
    kind: 'baseline',
    origin: { from: 'seed' },
    parentId: null,
    startCommit: null,
    priority: -1000,
    tags: [],
  },
  {
    nodeId: HEADSPACE_ID,
    name: 'headspace_cache',
    kind: 'headspace',
    origin: { from: 'seed' },
    parentId: null,
    startCommit: null,
    priority: -999,
    tags: [],
  },
  {
    nodeId: MTP_ID,
    name: 'mtp',
    kind: 'mtp',
    origin: { from: 'seed' },
    parentId: null,
    startCommit: null,
    priority: -998,
    tags: ['mtp'],
  },
];

/** `<counter, 3 digits>_<name>`: how every follow-up is named on disk. */
export function followUpNodeId(counter: number, name: string): string {
  return `${String(counter).padStart(3, '0')}_${name}`;
}

/** The number of a node id; 0 where there is none. */
export function counterOf(nodeId: string): number {
  return Number(/^(\d+)_/.exec(nodeId)?.[1] ?? 0);
}

/** Not launched yet: queued, in preparation, or prepared. */
export function isWaiting({ state: { status } }: Pick<ExperimentRow, 'state'>): boolean {
  return status === 'queued' || status === 'preparing' || status === 'ready';
}
