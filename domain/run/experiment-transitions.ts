/**
 * What happens to one experiment from its queue to its end, and what follows for its round, its candidates and the
 * tallies.
 */

import { isCandidate, isRemeasurement } from '../belief/confirmation-state.js';
import { isUndecided, type Judgement } from '../belief/judgement.js';
import { wasDisturbed } from '../belief/repeats.js';
import { remarksOf } from '../evidence/metrics.js';
import { countPractices, union } from '../memory/practice-tally.js';
import { practicesOnlyIn } from '../proposals/best-practices.js';
import { askNoMore } from './approval.js';
import { type EngineState, rowOf } from './engine-state.js';
import type { EngineEvent } from './event-types.js';
import {
  BASELINE_ID,
  commitOf,
  counterOf,
  type Ended,
  type ExperimentIdentity,
  type ExperimentRow,
  type ExperimentStatus,
  isMeasured,
  isSeed,
  isTerminal,
  jobIdOf,
  type TerminalStatus,
} from './experiment-record.js';
import { closeAccounts } from './ledger.js';

export function addExperiment(
  state: EngineState,
  experiment: ExperimentRow | Omit<ExperimentRow, 'seq' | 'state'>,
  seq: number,
): void {
  if (state.experiments[experiment.nodeId]) return;
  state.experiments[experiment.nodeId] = { ...experiment, seq, state: { status: 'queued' } };
  state.open.push(experiment.nodeId);
  const { origin } = experiment;
  if (origin.from === 'bundle' && state.confirmation)
    state.confirmation.bundled = [...(state.confirmation.bundled ?? []), ...origin.of];
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

export function judge(state: EngineState, nodeId: string, judgement: Judgement): void {
  const { confirmation } = state;
  const row = state.experiments[nodeId];
  if (!confirmation || !row) return;
  row.judged = judgement;
  if (judgement.verdict === 'provisional') row.wasProvisional = true;
  if (!isUndecided(judgement.verdict))
    confirmation.candidates = confirmation.candidates.filter((candidate) => candidate !== nodeId);
  else if (!confirmation.candidates.includes(nodeId)) confirmation.candidates.push(nodeId);
}

/** The round of a provisional best that was not confirmed has gained only what else was kept of it. */
export function takeGainBack({ rounds, roundOf, experiments }: EngineState, nodeId: string): void {
  const iteration = roundOf[nodeId];
  const round = rounds.find((known) => known.iteration === iteration);
  if (!round) return;
  const others = Object.keys(roundOf).filter((id) => id !== nodeId && roundOf[id] === iteration);
  round.gained = others.some((id) => experiments[id]?.judged?.verdict === 'keep');
}

/** A person who removes a repeat does not want its candidate confirmed. */
function giveUpCandidate(state: EngineState, nodeId: string): void {
  const { origin } = rowOf(state, nodeId);
  if (origin.from !== 'repeat' && origin.from !== 'ceiling') return;
  const before = state.experiments[origin.of]?.judged;
  if (before && isUndecided(before.verdict))
    judge(state, origin.of, { ...before, verdict: 'reject', reason: `${nodeId} was removed` });
}

/** An event of one type, with what belongs to it. */
type EventOf<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

export function grantSlot(state: EngineState, { nodeId, slot, atMs }: EventOf<'slot_granted'>): void {
  const row = rowOf(state, nodeId);
  const { state: now } = row;
  if (now.status !== 'ready') return;
  askNoMore(row);
  state.jobs = (state.jobs ?? 0) + 1;
  become(state, nodeId, { status: 'launching', sinceMs: atMs, commit: now.commit, slot });
}

export function wait(state: EngineState, { nodeId }: EventOf<'job_pending'>): void {
  const { state: now } = rowOf(state, nodeId);
  if (now.status !== 'launching') return;
  state.lendsSlots = true;
  become(state, nodeId, { ...now, isPending: true });
}

export function launch(state: EngineState, { nodeId, jobId, launchedAtMs }: EventOf<'job_launched'>): void {
  const { state: now } = rowOf(state, nodeId);
  if (now.status !== 'launching') return;
  const { commit, slot } = now;
  become(state, nodeId, { status: 'running', commit, slot, jobId, launchedAtMs });
}

export function endJob(state: EngineState, { nodeId, durationS }: EventOf<'job_ended'>): void {
  const { state: now } = rowOf(state, nodeId);
  if (now.status !== 'running') return;
  const { commit, jobId, launchedAtMs } = now;
  become(state, nodeId, { status: 'analyzing', commit, jobId, launchedAtMs, durationS });
}

export function complete(state: EngineState, event: EventOf<'experiment_completed'>): void {
  const { state: now } = rowOf(state, event.nodeId);
  const job = event.job ?? (now.status === 'analyzing' ? now : null);
  if (!job) return;
  const { commit, jobId, launchedAtMs, durationS } = job;
  const { metrics, sources } = event.result;
  const facts = { commit, jobId, launchedAtMs, durationS, completedAtMs: event.atMs };
  conclude(state, event.nodeId, { status: 'completed', ...facts, metrics, sources, ...remarksOf(event.result) });
}

export function endWithoutResult(
  state: EngineState,
  event: EventOf<'experiment_failed' | 'experiment_cancelled'>,
): void {
  const row = rowOf(state, event.nodeId);
  const status = event.type === 'experiment_failed' ? 'failed' : 'cancelled';
  const ended = { ...endedAt(row, event.atMs), ...event.job };
  conclude(state, event.nodeId, { status, failure: event.failure, ...ended });
  loseBaseline(state, event.nodeId);
}

/** What was better than nothing before the baseline had ended is no best once there will be none. */
function loseBaseline(state: EngineState, nodeId: string): void {
  if (state.needsMeasuredBaseline && nodeId === BASELINE_ID) state.best = null;
}

export function removeExperiment(state: EngineState, event: EventOf<'experiment_removed'>): void {
  const { nodeId, withdraws, byPerson } = event;
  const unwanted = byPerson ? practicesOnlyIn(state, rowOf(state, nodeId)) : [];
  if (unwanted.length > 0) state.practicesLeftOut = union(state.practicesLeftOut ?? [], unwanted);
  giveUpCandidate(state, nodeId);
  closeInRound(state, nodeId);
  state.open = state.open.filter((id) => id !== nodeId);
  delete state.experiments[nodeId];
  loseBaseline(state, nodeId);
  if (withdraws === true) state.withdrawing = [...(state.withdrawing ?? []), nodeId];
  else if (withdraws === false) closeAccounts(state.ledger, nodeId);
}

export function endWithdrawal(state: EngineState, nodeId: string): void {
  closeAccounts(state.ledger, nodeId);
  const left = state.withdrawing?.filter((id) => id !== nodeId) ?? [];
  if (left.length > 0) state.withdrawing = left;
  else delete state.withdrawing;
}

export function become(state: EngineState, nodeId: string, status: ExperimentStatus): void {
  const row = rowOf(state, nodeId);
  if (!isTerminal(row)) row.state = status;
}

function conclude(
  state: EngineState,
  nodeId: string,
  status: Extract<ExperimentStatus, { status: TerminalStatus }>,
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
    if (isRemeasurement(row)) {
      state.confirmation.ended += 1;
      if (wasDisturbed(row)) state.confirmation.spoiled = (state.confirmation.spoiled ?? 0) + 1;
    }
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
