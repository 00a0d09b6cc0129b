/**
 * Every message that the engine and its experiments understand. Steering messages exist twice under one name: as an
 * update (the CLI shows its receipt) and as a signal with the same plain JSON (for the Temporal UI, `temporal` and `tctl`).
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ExperimentReport } from '../activities/contract.js';
import type { Carried } from '../domain/carried-format.js';
import type { ExperimentIdentity } from '../domain/experiment.js';
import type {
  AddMessage,
  GivenMessage,
  NodeMessage,
  NoteMessage,
  Receipt,
  ReprioritizeMessage,
  SetLimitsMessage,
  StopMessage,
} from '../domain/steering.js';
import type { ExperimentView, StatusView } from '../domain/views.js';

export const stopUpdate = defineUpdate<Receipt, [StopMessage]>('stop');
export const pauseUpdate = defineUpdate<Receipt, []>('pause');
export const resumeUpdate = defineUpdate<Receipt, []>('resume');
export const reprioritizeUpdate = defineUpdate<Receipt, [ReprioritizeMessage]>('reprioritize');
export const addUpdate = defineUpdate<Receipt, [AddMessage]>('add');
export const removeUpdate = defineUpdate<Receipt, [NodeMessage]>('remove');
export const cancelUpdate = defineUpdate<Receipt, [NodeMessage]>('cancel');
export const setLimitsUpdate = defineUpdate<Receipt, [SetLimitsMessage]>('set_limits');
export const noteUpdate = defineUpdate<Receipt, [NoteMessage]>('note');

export const stopSignal = defineSignal<[StopMessage]>('stop');
export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const reprioritizeSignal = defineSignal<[ReprioritizeMessage]>('reprioritize');
export const addSignal = defineSignal<[AddMessage]>('add');
export const removeSignal = defineSignal<[NodeMessage]>('remove');
export const cancelSignal = defineSignal<[NodeMessage]>('cancel');
export const setLimitsSignal = defineSignal<[SetLimitsMessage]>('set_limits');
export const noteSignal = defineSignal<[NoteMessage]>('note');

export const statusQuery = defineQuery<StatusView>('status');
export const queueQuery = defineQuery<ExperimentView[]>('queue');
export const treeQuery = defineQuery<ExperimentView[]>('tree');
export const experimentQuery = defineQuery<ExperimentView, [string]>('experiment');

/** From experiments: what they have to tell, several at once when they do so at one time. */
export const reportsSignal = defineSignal<[ExperimentReport[]]>('reports');

/** To an experiment: a job slot is yours. */
export const slotGrantedSignal = defineSignal<[{ slot: number }]>('slot_granted');
/** To an experiment that an earlier run of the engine started: its result reaches nobody, so that it reports its end. */
export const reportEndSignal = defineSignal('report_end');
/** To an experiment that has not launched: give up the preparation. */
export const withdrawSignal = defineSignal('withdraw');
/** To an experiment: end, kill the job if there is one; recorded as cancelled. */
export const cancelExperimentSignal = defineSignal<[{ reason: string }]>('cancel_experiment');

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
