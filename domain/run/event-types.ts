/**
 * Everything that can happen in a run, as data. The list of a run's events explains it whole: the engine's state is
 * their fold (apply-event.ts), and every projection in the workdir can be rebuilt from engine/events.jsonl.
 */
import type { ConfirmationRules, Drift } from '../belief/confirmation-state.js';
import type { Judgement } from '../belief/judgement.js';
import type { Result } from '../evidence/metrics.js';
import type { ApprovalRules } from './approval-rules.js';
import type { ExperimentIdentity, JobFacts } from './experiment-record.js';
import type { Failure } from './failure.js';
import type { Amount, SpendingPhase } from './ledger.js';
import type { Limits, StopMode, StopReason } from './limits.js';

export type EventBody =
  /**
   * `anew`: a run that had stopped was given something to do; the rounds before do not count against it. `passesOver`:
   * what a limit of experiments keeps back stands in no repeat's way; absent in logs from before that rule. `chain`:
   * which engine began, by the first run of its workflow.
   */
  | {
      type: 'run_started';
      run: string;
      limits: Limits;
      anew?: boolean;
      taken?: string[];
      passesOver?: boolean;
      chain?: string;
    }
  | { type: 'setup_started' }
  | {
      type: 'setup_completed';
      anchorCommit: string;
      baseCommit: string;
      practices: string[];
      repair: { retries: number; experiments: string[] };
      /** Absent in logs from before there were repeats. */
      confirmation?: ConfirmationRules;
      /** Nothing is launched after a failed baseline; absent in logs from before that rule. */
      needsBaseline?: boolean;
      /** Nor after one that was cancelled or removed, and nothing is best without it; absent in logs from before. */
      needsMeasuredBaseline?: boolean;
    }
  | { type: 'setup_failed'; failure: Failure }
  | { type: 'experiment_added'; experiment: ExperimentIdentity }
  | { type: 'experiment_preparing'; nodeId: string }
  /** The experiment's preparation was given up before its job was launched: it waits in the queue again. */
  | { type: 'experiment_requeued'; nodeId: string }
  | { type: 'experiment_prepared'; nodeId: string; commit: string; image?: string }
  | { type: 'slot_granted'; nodeId: string; slot: number }
  /** Its job waits in the queue of a cluster: until it runs, another one may have its slot. */
  | { type: 'job_pending'; nodeId: string }
  | { type: 'job_launched'; nodeId: string; jobId: string; launchedAtMs: number }
  | { type: 'job_ended'; nodeId: string; durationS: number }
  /** `job` says what was run, for an experiment whose earlier reports were lost. */
  | { type: 'experiment_completed'; nodeId: string; result: Result; job?: JobFacts }
  | { type: 'experiment_failed'; nodeId: string; failure: Failure; job?: Partial<JobFacts> }
  | { type: 'experiment_cancelled'; nodeId: string; failure: Failure; job?: Partial<JobFacts> }
  /** `insteadOf`: the provisional best that was not confirmed, and gives its place back. */
  | { type: 'best_changed'; nodeId: string; insteadOf?: string }
  /** What the result of an experiment is worth, after its own run and after each round of its repeats. */
  | { type: 'candidate_judged'; nodeId: string; judgement: Judgement }
  /** Sentinels show that the machine is faster or slower than it was, by so much in log speed (drift.ts). */
  | ({ type: 'drift_found' } & Drift)
  /** The winner is measured against the baseline once more, and then the run ends. */
  | { type: 'verification_started'; nodeId: string }
  | { type: 'planning_started'; iteration: number }
  | {
      type: 'plan_received';
      iteration: number;
      action: 'launch' | 'stop' | 'manual';
      reasoning: string;
      accepted: string[];
      refused: { name: string; reason: string }[];
      /** Best practices that the planner says cannot apply to this pipeline. */
      notApplicable: string[];
      /** What might help and could not be tried, a sentence each with the reason; absent where there is nothing. */
      unreached?: string[];
      /** How long the planning took, in ms; absent in the logs of older versions. */
      tookMs?: number;
    }
  | { type: 'planning_failed'; iteration: number; failure: Failure }
  /** Null: nobody is asked any more. */
  | { type: 'approval_set'; approval: ApprovalRules | null }
  /** `silence`: nobody answered in time, and the rules let it run then. */
  | { type: 'experiment_approved'; nodeId: string; by: 'person' | 'silence' }
  | { type: 'experiment_reprioritized'; nodeId: string; priority: number }
  /**
   * `withdraws`: its workflow still has to end and tell what it has cost, which a `withdrawal_ended` follows. Absent in
   * logs of older versions, which kept the reservations of what was removed. `byPerson`: what it alone would have tried
   * is not wanted, and keeps the run from ending no more; absent where the engine removed it, and in older logs.
   */
  | { type: 'experiment_removed'; nodeId: string; withdraws?: boolean; byPerson?: true }
  /** A removed experiment costs nothing more: what it had cost is booked. */
  | { type: 'withdrawal_ended'; nodeId: string }
  | { type: 'limits_set'; limits: Partial<Limits> }
  | { type: 'note_added'; text: string; request?: string }
  /** What was given while nobody served the run, and broke a rule. `given` is what it was called there. */
  | { type: 'given_refused'; request: string; given: string; reason: string }
  /**
   * What nobody could hold against the rules (a full disk, say). `waits`: it lies in the workdir for the next engine.
   */
  | ({ type: 'add_unchecked' } & UncheckedAdd)
  /** The last steps of a run are over: its charts and reports were made, but for those that `skipped` names. */
  | { type: 'reported'; skipped?: SkippedStep[] }
  | { type: 'paused' }
  | { type: 'resumed' }
  /** An engine that was killed is there again: the time in between is not the run's. */
  | { type: 'returned' }
  | { type: 'stop_requested'; mode: StopMode }
  /** A limit ends the run once what is under way has finished; raising the limit meanwhile revokes it. */
  | { type: 'limit_reached'; reason: StopReason; detail: string }
  | { type: 'stopped'; reason: StopReason; detail: string };

/** What a person added, and could not be checked. */
export interface UncheckedAdd {
  /** '' where its sender gave none. */
  request: string;
  /** What it is called where it is told of. */
  given: string;
  reason: string;
  waits: boolean;
}

/** A last step of a run that failed for good. */
export interface SkippedStep {
  step: 'charts' | 'reports';
  reason: string;
}

/** `seq` counts from 1 without gaps; `atMs` is the engine's clock (Unix milliseconds). */
export type EngineEvent = { seq: number; atMs: number; money?: Money } & EventBody;

/** What an event reserves, books and lets go in the ledger, by key (ledger.ts). */
export interface Money {
  reserve?: Record<string, Amount>;
  settle?: { phase: SpendingPhase; key: string; spent: Amount; unpriced: number }[];
  release?: string[];
}
