/**
 * The engine's state and the only place where it changes. `applyEvent` updates the state in place (its owner holds the
 * only reference) so that the cost of an event does not grow with the number of experiments.
 */
import { type Confirmation, isCandidate, isRemeasurement, type Judgement, newConfirmation } from './confirmation.js';
import type { EngineEvent, Money } from './events.js';
import type { Ended, ExperimentIdentity, ExperimentRow, ExperimentStatus } from './experiment.js';
import { commitOf, counterOf, isMeasured, isSeed, isTerminal, jobIdOf } from './experiment.js';
import type { Failure, FailureKind } from './failure.js';
import { closeAccounts, emptyLedger, type Ledger, release, reserve, settle } from './ledger.js';
import type { Limits, StopMode, StopReason } from './limits.js';
import { DEFAULT_LIMITS } from './limits.js';

export type RunStatus = 'setup' | 'running' | 'paused' | 'interrupted' | 'draining' | 'stopped';

/** One planning round: how many of its experiments are still open, and whether one of them became the best. */
export interface Round {
  iteration: number;
  open: number;
  /** Proposals that were queued. */
  accepted: number;
  /** It queued nothing because others were still open: a wait, no sign of a plateau. */
  waited: boolean;
  gained: boolean;
  action: 'launch' | 'stop' | 'manual' | 'failed';
}

export interface EngineState {
  stateVersion: 1;
  run: string;
  /** Sequence number of the last event applied; 0 before the first. */
  seq: number;
  status: RunStatus;
  /** Why it stopped, or why it drains. */
  stop: { reason: StopReason; detail: string } | null;
  stopMode: StopMode | null;
  limits: Limits;
  anchorCommit: string | null;
  /** What experiments start from: the instrumented anchor. */
  baseCommit: string | null;
  setupFailures: Failure[];
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
  rounds: Round[];
  /** Which planning round queued an open follow-up. */
  roundOf: Record<string, number>;
  best: string | null;
  /** Absent before setup, and in runs from before there were repeats. */
  confirmation?: Confirmation;
  practicesKnown: string[];
  practicesTried: string[];
  practicesNotApplicable: string[];
  /** Ended attempts for each best-practice tag, successful or not. */
  practiceAttempts: Record<string, number>;
  experiments: Record<string, ExperimentRow>;
  /** Node ids that are not terminal, in the order in which they were added. */
  open: string[];
  /** Terminal experiments for each status, and failed ones for each kind. */
  tally: { completed: number; failed: number; cancelled: number; failedByKind: Partial<Record<FailureKind, number>> };
  /** Results (terminal follow-ups) that no planning round has seen yet. */
  resultsSincePlan: number;
  /** Number of the next follow-up experiment. */
  nextCounter: number;
  /** Notes by people that no plan has carried yet. */
  notes: string[];
  /** How many of them the planning in flight carries. */
  notesInPlan: number;
  ledger: Ledger;
  startedAtMs: number;
  updatedAtMs: number;
  /** Time in which the engine ran until it last stopped or went away, ms; and since when it runs, null when it does not. */
  ranMs: number;
  runsSinceMs: number | null;
}

export function initialState(run: string): EngineState {
  return {
    stateVersion: 1,
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
    ranMs: 0,
    runsSinceMs: null,
  };
}

/** Ended experiments as people are told of them: one that was ended early is no failure. */
export function tallyShown({ tally }: EngineState): Record<'completed' | 'failed' | 'pruned' | 'cancelled', number> {
  const pruned = tally.failedByKind.pruned ?? 0;
  return { completed: tally.completed, failed: tally.failed - pruned, pruned, cancelled: tally.cancelled };
}

export function rowOf(state: EngineState, nodeId: string): ExperimentRow {
  const row = state.experiments[nodeId];
  if (!row) throw new RangeError(`no experiment ${nodeId}`);
  return row;
}

export function openRows(state: EngineState): ExperimentRow[] {
  return state.open.map((id) => rowOf(state, id));
}

/** Applies one event. Events at or below `state.seq` are ignored (a log may be read twice); a gap is a RangeError. */
export function applyEvent(state: EngineState, event: EngineEvent): EngineState {
  if (event.seq <= state.seq) return state;
  if (event.seq !== state.seq + 1) throw new RangeError(`event ${event.seq} follows ${state.seq}: the log has a gap`);
  state.seq = event.seq;
  keepTime(state, event);
  move(state.ledger, event.money ?? {});
  reduce(state, event);
  return state;
}

/** An engine that was killed is known to have run until its last event. */
function keepTime(state: EngineState, event: EngineEvent): void {
  const isBack = event.type === 'returned' && state.runsSinceMs !== null;
  const isStart = event.type === 'run_started' || event.type === 'resumed' || isBack;
  const isEnd = event.type === 'stopped' || (event.type === 'stop_requested' && event.mode === 'interrupt');
  if ((isStart || isEnd) && state.runsSinceMs !== null) {
    state.ranMs += (isEnd ? event.atMs : state.updatedAtMs) - state.runsSinceMs;
    state.runsSinceMs = null;
  }
  if (isStart) state.runsSinceMs = event.atMs;
  state.updatedAtMs = event.atMs;
}

function move(ledger: Ledger, money: Money): void {
  for (const [key, amount] of Object.entries(money.reserve ?? {})) reserve(ledger, key, amount);
  for (const { phase, key, spent, unpriced } of money.settle ?? []) settle(ledger, phase, key, spent, unpriced);
  for (const key of money.release ?? []) release(ledger, key);
}

function reduce(state: EngineState, event: EngineEvent): void {
  switch (event.type) {
    case 'run_started':
      state.run = event.run;
      state.limits = { ...event.limits };
      state.startedAtMs ||= event.atMs;
      state.stop = null;
      state.stopMode = null;
      // A plan that was under way is asked for again under its old number: its reply may be on disk already.
      if (state.planningSince !== null) state.iteration -= 1;
      state.planningSince = null;
      if (state.status !== 'setup') state.status = 'running';
      return;
    case 'setup_completed':
      state.anchorCommit = event.anchorCommit;
      state.baseCommit = event.baseCommit;
      state.practicesKnown = event.practices;
      state.repair = event.repair;
      if (event.confirmation) state.confirmation ??= newConfirmation(event.confirmation);
      if (state.status === 'setup') state.status = 'running';
      return;
    case 'setup_failed':
      state.setupFailures.push(event.failure);
      return;
    case 'experiment_added':
      addExperiment(state, event.experiment, event.seq);
      return;
    case 'experiment_preparing':
      become(state, event.nodeId, { status: 'preparing', sinceMs: event.atMs });
      return;
    case 'experiment_requeued':
      become(state, event.nodeId, { status: 'queued' });
      return;
    case 'experiment_prepared':
      become(state, event.nodeId, { status: 'ready', sinceMs: event.atMs, commit: event.commit });
      return;
    case 'slot_granted': {
      const { state: now } = rowOf(state, event.nodeId);
      if (now.status !== 'ready') return;
      become(state, event.nodeId, { status: 'launching', sinceMs: event.atMs, commit: now.commit, slot: event.slot });
      return;
    }
    case 'job_launched': {
      const { state: now } = rowOf(state, event.nodeId);
      if (now.status !== 'launching') return;
      const { commit, slot } = now;
      become(state, event.nodeId, {
        status: 'running',
        commit,
        slot,
        jobId: event.jobId,
        launchedAtMs: event.launchedAtMs,
      });
      return;
    }
    case 'job_ended': {
      const { state: now } = rowOf(state, event.nodeId);
      if (now.status !== 'running') return;
      const { commit, jobId, launchedAtMs } = now;
      become(state, event.nodeId, { status: 'analyzing', commit, jobId, launchedAtMs, durationS: event.durationS });
      return;
    }
    case 'experiment_completed': {
      const { state: now } = rowOf(state, event.nodeId);
      const job = event.job ?? (now.status === 'analyzing' ? now : null);
      if (!job) return;
      const { commit, jobId, launchedAtMs, durationS } = job;
      const { metrics, sources, doubt, stepNoise, contention } = event.result;
      const trust = {
        ...(doubt === undefined ? {} : { doubt }),
        ...(stepNoise === undefined ? {} : { stepNoise }),
        ...(contention === undefined ? {} : { contention }),
      };
      const facts = { commit, jobId, launchedAtMs, durationS, completedAtMs: event.atMs };
      conclude(state, event.nodeId, { status: 'completed', ...facts, metrics, sources, ...trust });
      return;
    }
    case 'experiment_failed':
    case 'experiment_cancelled': {
      const row = rowOf(state, event.nodeId);
      const status = event.type === 'experiment_failed' ? 'failed' : 'cancelled';
      const ended = { ...endedAt(row, event.atMs), ...event.job };
      conclude(state, event.nodeId, { status, failure: event.failure, ...ended });
      return;
    }
    case 'best_changed': {
      state.best = event.nodeId;
      const round = state.rounds.find((r) => r.iteration === state.roundOf[event.nodeId]) ?? state.rounds.at(-1);
      if (round) round.gained = true;
      return;
    }
    case 'candidate_judged':
      judge(state, event.nodeId, event.judgement);
      return;
    case 'verification_started':
      if (state.confirmation) state.confirmation.verified = event.nodeId;
      return;
    case 'planning_started':
      state.iteration = event.iteration;
      state.planningSince = event.atMs;
      state.notesInPlan = state.notes.length;
      state.resultsSincePlan = 0;
      return;
    case 'plan_received': {
      endPlanning(state, event.atMs, event.tookMs);
      state.notes.splice(0, state.notesInPlan);
      state.practicesNotApplicable = union(state.practicesNotApplicable, event.notApplicable);
      const accepted = event.accepted.length;
      const waited = event.action === 'launch' && accepted === 0 && state.open.length > 0;
      state.rounds.push({
        iteration: event.iteration,
        open: accepted,
        accepted,
        waited,
        gained: false,
        action: event.action,
      });
      for (const id of event.accepted) state.roundOf[id] = event.iteration;
      return;
    }
    case 'planning_failed':
      endPlanning(state, event.atMs);
      state.rounds.push({
        iteration: event.iteration,
        open: 0,
        accepted: 0,
        waited: false,
        gained: false,
        action: 'failed',
      });
      return;
    case 'experiment_reprioritized':
      rowOf(state, event.nodeId).priority = event.priority;
      return;
    case 'experiment_removed':
      giveUpCandidate(state, event.nodeId);
      closeInRound(state, event.nodeId);
      state.open = state.open.filter((id) => id !== event.nodeId);
      delete state.experiments[event.nodeId];
      return;
    case 'limits_set':
      state.limits = { ...state.limits, ...event.limits };
      if (state.status === 'draining' && state.stop?.reason !== 'user') {
        state.status = 'running';
        state.stop = null;
      }
      return;
    case 'reported':
    case 'returned':
    case 'setup_started':
      return;
    case 'note_added':
      state.notes.push(event.text);
      return;
    case 'paused':
      if (state.status === 'running') state.status = 'paused';
      return;
    case 'resumed':
      state.status = state.baseCommit === null ? 'setup' : 'running';
      state.stopMode = null;
      state.stop = null;
      return;
    case 'stop_requested':
      state.stopMode = event.mode;
      state.status = event.mode === 'interrupt' ? 'interrupted' : 'draining';
      if (state.status === 'draining') state.stop = { reason: 'user', detail: 'stopped by a person' };
      return;
    case 'limit_reached':
      state.status = 'draining';
      state.stop = { reason: event.reason, detail: event.detail };
      return;
    case 'stopped':
      state.status = 'stopped';
      state.stop = { reason: event.reason, detail: event.detail };
      return;
    default:
      event satisfies never;
  }
}

function addExperiment(
  state: EngineState,
  experiment: ExperimentRow | Omit<ExperimentRow, 'seq' | 'state'>,
  seq: number,
): void {
  if (state.experiments[experiment.nodeId]) return;
  state.experiments[experiment.nodeId] = { ...experiment, seq, state: { status: 'queued' } };
  state.open.push(experiment.nodeId);
  if (isSeed(experiment)) state.seeded = true;
  else if (isRemeasurement(experiment)) addRemeasurement(state, experiment);
  // An adopted run may have left numbers out.
  else state.nextCounter = Math.max(state.nextCounter, counterOf(experiment.nodeId)) + 1;
}

/** What a candidate waits for keeps its planning round open. */
function addRemeasurement(
  { confirmation, rounds, roundOf }: EngineState,
  { nodeId, origin }: ExperimentIdentity,
): void {
  if (!confirmation) return;
  if (origin.from === 'repeat') confirmation.repeats[origin.of] = [...(confirmation.repeats[origin.of] ?? []), nodeId];
  else if (origin.from === 'ceiling') confirmation.ceilings[origin.of] = nodeId;
  else return;
  const iteration = roundOf[origin.of];
  const round = rounds.find((known) => known.iteration === iteration);
  if (!round || iteration === undefined || !confirmation.candidates.includes(origin.of)) return;
  roundOf[nodeId] = iteration;
  round.open += 1;
}

function judge(state: EngineState, nodeId: string, judgement: Judgement): void {
  const { confirmation } = state;
  const row = state.experiments[nodeId];
  if (!confirmation || !row) return;
  row.judged = judgement;
  if (judgement.verdict !== 'repeat')
    confirmation.candidates = confirmation.candidates.filter((candidate) => candidate !== nodeId);
}

/** A person who removes a repeat does not want its candidate confirmed. */
function giveUpCandidate(state: EngineState, nodeId: string): void {
  const { origin } = rowOf(state, nodeId);
  if (origin.from !== 'repeat' && origin.from !== 'ceiling') return;
  const before = state.experiments[origin.of]?.judged;
  if (before?.verdict === 'repeat')
    judge(state, origin.of, { ...before, verdict: 'reject', reason: `${nodeId} was removed` });
}

/**
 * The time between two events is no measure: after a worker was killed, an engine that decides again may read another
 * time than it did at first.
 */
function endPlanning(state: EngineState, atMs: number, tookMs?: number): void {
  if (state.planningSince !== null) state.lastPlanningMs = tookMs ?? atMs - state.planningSince;
  state.planningSince = null;
}

function become(state: EngineState, nodeId: string, status: ExperimentStatus): void {
  const row = rowOf(state, nodeId);
  if (!isTerminal(row)) row.state = status;
}

function conclude(
  state: EngineState,
  nodeId: string,
  status: Extract<ExperimentStatus, { status: 'completed' | 'failed' | 'cancelled' }>,
): void {
  const row = rowOf(state, nodeId);
  if (isTerminal(row)) return;
  row.state = status;
  row.endedSeq = state.seq;
  closeAccounts(state.ledger, nodeId);
  state.open = state.open.filter((id) => id !== nodeId);
  state.tally[status.status] += 1;
  if (status.status === 'failed') {
    const { kind } = status.failure;
    state.tally.failedByKind[kind] = (state.tally.failedByKind[kind] ?? 0) + 1;
  }
  if (!isSeed(row) && !isRemeasurement(row)) state.resultsSincePlan += 1;
  if (state.confirmation) {
    if (isRemeasurement(row)) state.confirmation.ended += 1;
    if (state.confirmation.rules.confirmRuns > 0 && isCandidate(row)) state.confirmation.candidates.push(nodeId);
  }
  closeInRound(state, nodeId);
  if (isRemeasurement(row)) return;
  if ('jobId' in status && status.jobId !== null) countPractices(state, row, isMeasured(row));
}

function closeInRound(state: EngineState, nodeId: string): void {
  const round = state.rounds.find((r) => r.iteration === state.roundOf[nodeId]);
  if (round && round.open > 0) round.open -= 1;
}

/** A tag counts as tried when an experiment with it ran; mtp only when it produced metrics, or after 3 attempts. */
function countPractices(state: EngineState, row: ExperimentRow, measured: boolean): void {
  for (const tag of row.tags) {
    const attempts = (state.practiceAttempts[tag] ?? 0) + 1;
    state.practiceAttempts[tag] = attempts;
    if (tag !== 'mtp' || measured || attempts >= MTP_ATTEMPTS)
      state.practicesTried = union(state.practicesTried, [tag]);
  }
}

const MTP_ATTEMPTS = 3;

function endedAt(row: ExperimentRow, atMs: number): Ended {
  const { state: now } = row;
  return {
    completedAtMs: atMs,
    commit: commitOf(row),
    jobId: jobIdOf(row),
    launchedAtMs: 'launchedAtMs' in now ? now.launchedAtMs : null,
    durationS: 'durationS' in now ? now.durationS : null,
  };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort();
}
