/** The engine's state: what it holds, how it begins, and how its rows are found. It changes in apply-event.ts only. */
import type { Confirmation } from '../belief/confirmation-state.js';
import type { ApprovalRules } from './approval-rules.js';
import type { UncheckedAdd } from './event-types.js';
import { type ExperimentRow, isTerminal } from './experiment-record.js';
import type { Failure, FailureKind } from './failure.js';
import { emptyLedger, type Ledger } from './ledger.js';
import { DEFAULT_LIMITS, type Limits, type StopMode, type StopReason } from './limits.js';

export type RunStatus = 'setup' | 'running' | 'paused' | 'interrupted' | 'draining' | 'stopped';

/** One planning round: how many of its experiments are still open, and whether one of them became the best. */
export interface Round {
  iteration: number;
  open: number;
  /** Proposals that were queued. */
  accepted: number;
  /** The round queued nothing because experiments were still open: a wait, no sign of a plateau. */
  waited: boolean;
  gained: boolean;
  action: 'launch' | 'stop' | 'manual' | 'failed';
  /** The provisional best that the planner saw when it stopped: it may lose its place. */
  stoppedOn?: string;
  /** Closed rounds without a gain right before this one that an engine has left behind (carried-state.ts). */
  plainBefore?: number;
}

export interface EngineState {
  /** Grows when a state of before cannot be read as it is; carried-format.ts knows the older ones. */
  stateVersion: 2;
  run: string;
  /** Sequence number of the last event applied; 0 before the first. */
  seq: number;
  status: RunStatus;
  /** Why it stopped, or why it drains. */
  stop: { reason: StopReason; detail: string } | null;
  stopMode: StopMode | null;
  limits: Limits;
  /** What a person is asked about; absent where nobody is. */
  approval?: ApprovalRules;
  anchorCommit: string | null;
  /** What experiments start from: the instrumented anchor. */
  baseCommit: string | null;
  setupFailures: Failure[];
  /** Nothing is launched after a failed baseline; absent in runs from before that rule. */
  needsBaseline?: boolean;
  /** Nor after one that was cancelled or removed, and nothing is best without it; absent in runs from before that. */
  needsMeasuredBaseline?: boolean;
  /** A limit of experiments keeps back what it counts, and no repeat behind it; absent in runs of before. */
  passesOver?: boolean;
  /** The engine that began last, by the first run of its workflow: one that is reset begins again under the same. */
  chain?: string;
  /** Slots granted so far; absent before the first. */
  jobs?: number;
  /** Jobs in the queue of a cluster hold no slot; absent before the first of them. */
  lendsSlots?: boolean;
  /** True once the seeds were queued. */
  seeded: boolean;
  /** Which experiments are repaired after a startup failure, and how often. */
  repair: { retries: number; experiments: string[] };
  /** Planning rounds begun. */
  iteration: number;
  /** When the planning call in flight began (ms), null when there is none. */
  planningSince: number | null;
  /** How long the last planning took. */
  lastPlanningMs: number;
  /** How long the last new experiment took to be prepared: its change, its tree, its build; absent before the first. */
  lastPreparingMs?: number;
  rounds: Round[];
  /** How many of them went before a stopped run was given something to do; absent while it was not. */
  roundsBefore?: number;
  /** Which planning round queued an open follow-up. */
  roundOf: Record<string, number>;
  best: string | null;
  /** Absent before setup, and in runs from before there were repeats. */
  confirmation?: Confirmation;
  practicesKnown: string[];
  practicesTried: string[];
  practicesNotApplicable: string[];
  /** Of which a person removed the last experiment from the queue; absent before the first. */
  practicesLeftOut?: string[];
  /** Ended attempts for each best-practice tag, successful or not. */
  practiceAttempts: Record<string, number>;
  experiments: Record<string, ExperimentRow>;
  /** Node ids that are not terminal, in the order in which they were added. */
  open: string[];
  /** Removed experiments whose workflow still has to end; absent while there are none. */
  withdrawing?: string[];
  /** Terminal experiments for each status, and failed ones for each kind. */
  tally: { completed: number; failed: number; cancelled: number; failedByKind: Partial<Record<FailureKind, number>> };
  /** Failures of kind user_files_changed for which a run was ended; absent before the first. */
  filesChangedTold?: number;
  /** Results (terminal follow-ups) that no planning round has seen yet. */
  resultsSincePlan: number;
  /** Number of the next follow-up experiment. */
  nextCounter: number;
  /** Notes by people that no plan has carried yet. */
  notes: string[];
  /**
   * Requests of the newest of all notes, so that one which comes again is known; absent before the first that has one.
   */
  noteRequests?: string[];
  /** The newest additions that could not be checked since the engine was started; absent while there are none. */
  unchecked?: UncheckedAdd[];
  /** How many of them the planning in flight carries. */
  notesInPlan: number;
  ledger: Ledger;
  startedAtMs: number;
  updatedAtMs: number;
  /** Time of the last event before those at `updatedAtMs`, of which there may be several. */
  earlierMs: number;
  /**
   * Time in which the engine ran until it last stopped or went away, ms; and since when it runs, null when it does not.
   */
  ranMs: number;
  runsSinceMs: number | null;
}

export function initialState(run: string): EngineState {
  return {
    stateVersion: 2,
    run,
    seq: 0,
    status: 'setup',
    stop: null,
    stopMode: null,
    limits: { ...DEFAULT_LIMITS },
    anchorCommit: null,
    baseCommit: null,
    setupFailures: [],
    seeded: false,
    repair: { retries: 0, experiments: [] },
    iteration: 0,
    planningSince: null,
    lastPlanningMs: 0,
    rounds: [],
    roundOf: {},
    best: null,
    practicesKnown: [],
    practicesTried: [],
    practicesNotApplicable: [],
    practiceAttempts: {},
    experiments: {},
    open: [],
    tally: { completed: 0, failed: 0, cancelled: 0, failedByKind: {} },
    resultsSincePlan: 0,
    nextCounter: 2,
    notes: [],
    notesInPlan: 0,
    ledger: emptyLedger(),
    startedAtMs: 0,
    updatedAtMs: 0,
    earlierMs: 0,
    ranMs: 0,
    runsSinceMs: null,
  };
}

export type TallyShown = Record<'completed' | 'failed' | 'pruned' | 'duplicates' | 'cancelled', number>;

/**
 * Ended experiments as people are told of them: one that was ended early is no failure, nor is one that another stands
 * for.
 */
export function tallyShown({ tally }: EngineState): TallyShown {
  const { pruned = 0, duplicate_work: duplicates = 0 } = tally.failedByKind;
  const failed = tally.failed - pruned - duplicates;
  return { completed: tally.completed, failed, pruned, duplicates, cancelled: tally.cancelled };
}

export function rowOf(state: EngineState, nodeId: string): ExperimentRow {
  const row = state.experiments[nodeId];
  if (!row) throw new RangeError(`no experiment ${nodeId}`);
  return row;
}

/** Why there is no row of that name: there never was one, or it has ended and this engine has left it behind. */
export function noSuchExperiment({ experiments, tally }: EngineState, nodeId: unknown): string {
  const ended = Object.values(experiments).filter((row) => isTerminal(row)).length;
  const isAll = ended >= tally.completed + tally.failed + tally.cancelled;
  return aboutNode(
    nodeId,
    isAll
      ? 'there is no such experiment; `autoresearch summary` lists those of this run'
      : 'there is no such experiment, or it has ended long ago: `autoresearch status` and engine/nodes in the workdir tell of those',
  );
}

/** What is wrong with the experiment that a message names, for who sent the message by hand. */
export function aboutNode(nodeId: unknown, advice: string): string {
  return `node_id ${JSON.stringify(nodeId)}: ${advice}`;
}

/** The same for who names the experiment already. */
export function withoutNode(problem: string): string {
  return problem.replace(/^node_id "(?:[^"\\]|\\.)*": /, '');
}

export function openRows(state: EngineState): ExperimentRow[] {
  return state.open.map((id) => rowOf(state, id));
}
