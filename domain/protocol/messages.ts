/**
 * Every message that the engine and its experiments understand. Steering messages exist twice under one name: as an
 * update (the CLI shows its receipt) and as a signal with the same plain JSON (for the Temporal UI, `temporal` and
 * `tctl`).
 */
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import type { Carried } from '../run/carried-format.js';
import type { ExperimentIdentity } from '../run/experiment-record.js';
import type { ExperimentOutcome, ExperimentReport } from './activities.js';
import type {
  AddMessage,
  GivenMessage,
  NodeMessage,
  NoteMessage,
  Receipt,
  RefuseMessage,
  ReprioritizeMessage,
  SetApprovalMessage,
  SetLimitsMessage,
  StopMessage,
} from './steering-messages.js';
import type { ExperimentView, StatusView } from './views.js';

/**
 * What `defineUpdate`, `defineSignal` and `defineQuery` of @temporalio/workflow give, for those who are no workflows.
 */
function update<Result, Args extends unknown[]>(name: string): UpdateDefinition<Result, Args> {
  return { type: 'update', name } as UpdateDefinition<Result, Args>;
}
function signal<Args extends unknown[] = []>(name: string): SignalDefinition<Args> {
  return { type: 'signal', name } as SignalDefinition<Args>;
}
function query<Result, Args extends unknown[] = []>(name: string): QueryDefinition<Result, Args> {
  return { type: 'query', name } as QueryDefinition<Result, Args>;
}

export const stopUpdate = update<Receipt, [StopMessage]>('stop');
export const pauseUpdate = update<Receipt, []>('pause');
export const resumeUpdate = update<Receipt, []>('resume');
export const reprioritizeUpdate = update<Receipt, [ReprioritizeMessage]>('reprioritize');
export const addUpdate = update<Receipt, [AddMessage]>('add');
export const removeUpdate = update<Receipt, [NodeMessage]>('remove');
export const cancelUpdate = update<Receipt, [NodeMessage]>('cancel');
export const setLimitsUpdate = update<Receipt, [SetLimitsMessage]>('set_limits');
export const noteUpdate = update<Receipt, [NoteMessage]>('note');
export const setApprovalUpdate = update<Receipt, [SetApprovalMessage]>('set_approval');
export const approveUpdate = update<Receipt, [NodeMessage]>('approve');
export const refuseUpdate = update<Receipt, [RefuseMessage]>('refuse');

export const stopSignal = signal<[StopMessage]>('stop');
export const pauseSignal = signal('pause');
export const resumeSignal = signal('resume');
export const reprioritizeSignal = signal<[ReprioritizeMessage]>('reprioritize');
export const addSignal = signal<[AddMessage]>('add');
export const removeSignal = signal<[NodeMessage]>('remove');
export const cancelSignal = signal<[NodeMessage]>('cancel');
export const setLimitsSignal = signal<[SetLimitsMessage]>('set_limits');
export const noteSignal = signal<[NoteMessage]>('note');
export const setApprovalSignal = signal<[SetApprovalMessage]>('set_approval');
export const approveSignal = signal<[NodeMessage]>('approve');
export const refuseSignal = signal<[RefuseMessage]>('refuse');

export const statusQuery = query<StatusView>('status');
export const queueQuery = query<ExperimentView[]>('queue');
export const treeQuery = query<ExperimentView[]>('tree');
export const experimentQuery = query<ExperimentView, [string]>('experiment');

/** From experiments: what they have to tell, several at once when they do so at one time. */
export const reportsSignal = signal<[ExperimentReport[]]>('reports');

/**
 * To an engine whose worker was killed, before the new one takes up tasks: it comes before the timers that fired
 * meanwhile.
 */
export const returnedSignal = signal('returned');

/** To an experiment: a job slot is yours. */
export const slotGrantedSignal = signal<[{ slot: number }]>('slot_granted');
/**
 * To an experiment that an earlier run of the engine started: its result reaches nobody, so that it reports its end.
 */
export const reportEndSignal = signal('report_end');
/** To an experiment that has not launched: give up the preparation. */
export const withdrawSignal = signal('withdraw');
/** To an experiment: end, kill the job if there is one; recorded as cancelled. */
export const cancelExperimentSignal = signal<[{ reason: string }]>('cancel_experiment');

/** The type of a refusal of messages that came when the run had stopped. */
export const RUN_STOPPED = 'run_stopped';

/** Every interval is an input, so that tests can shorten it. */
export interface Tuning {
  /** Experiments prepared ahead of a free slot; null: one for each slot, as all jobs may end at once. */
  prepareAhead: number | null;
  /** Least time between two drawings of the charts, ms. */
  chartIntervalMs: number;
  /** Continue as new after this many events even if the server does not suggest it; 0 = only when it does. */
  eventsPerRun: number;
  /** Time between two looks for experiments that ended, or wait, unheard; ms. */
  lookMs: number;
  /** Time after which an experiment that waits for a slot asks whether its engine is still there; ms. */
  askMs: number;
}

export interface EngineInput {
  run: string;
  tuning?: Partial<Tuning>;
  /** Set by continue-as-new only. */
  carried?: Carried;
  /** Limits to start or go on with. */
  limits?: SetLimitsMessage;
  /** What a person wants to be asked about from now on; as before when absent. */
  approval?: SetApprovalMessage;
  /** What was given to the run while nobody served it, oldest first. */
  given?: GivenMessage[];
}

export interface EngineResult {
  run: string;
  reason: string;
  detail: string;
  best: string | null;
}

export interface ExperimentInput {
  run: string;
  experiment: ExperimentIdentity;
  /** A slot that it holds already: it had launched before its workflow was lost. */
  slot: number | null;
  /** As in Tuning; absent in those of earlier versions. */
  askMs?: number;
}

/** The types of the workflows, by the names under which a worker registers them. */
export interface Workflows {
  engineWorkflow(input: EngineInput): Promise<EngineResult>;
  experimentWorkflow(input: ExperimentInput): Promise<ExperimentOutcome>;
}
