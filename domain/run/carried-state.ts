/**
 * What an engine takes with it when it continues as new, or goes on from the log: what is open, what the next decisions
 * compare with, and sums of the rest, so that it does not grow with the number of experiments. Rows of ended
 * experiments are left behind; they stand in the event log, from which activities read what concerns all of them
 * (duplicates, the search memory, the history that a planner gets). Within a run of the workflow nothing is left out.
 */

import { changesTheStep } from '../belief/ceilings/ceiling.js';
import type { Confirmation, PastNoise } from '../belief/confirmation-state.js';
import { sumsWithin } from '../belief/noise.js';
import { hasLostPlace, provisionalOnes } from '../belief/provisional.js';
import { ancestorsOf, ceilingOf, repeatRows, runsOf, stepSquaresOf } from '../belief/repeats.js';
import { keptOver } from '../belief/weighing.js';
import { UNKNOWN_METRICS } from '../evidence/metrics.js';
import { partsOf } from '../schedule/bundles.js';
import { isPlain } from '../schedule/planning.js';
import { type EngineState, openRows, type Round } from './engine-state.js';
import { BASELINE_ID, type ExperimentRow, HEADSPACE_ID } from './experiment-record.js';
import { EXPERIMENT_PHASES, type Ledger, ledgerKey } from './ledger.js';
import { newestEnded } from './newest-ended.js';

/** More than any rule counts in a row (planning.ts). */
const NEWEST_ROUNDS = 5;
const MESSAGE_LENGTH = 300;

/** Changes nothing of what it is given. Done again it leaves nothing else out. */
export function carriedState(state: EngineState): EngineState {
  const whole = neededRows(state);
  const newest = newestEnded(state).map(({ nodeId }) => nodeId);
  // With their repeats they tell of what they build on.
  const repeated = new Set(state.confirmation?.rules.heedsChildren ? [...whole, ...newest] : whole);
  const repeats = new Set([...repeated].flatMap((id) => repeatRows(state, id).map(({ nodeId }) => nodeId)));
  const inRounds = membersOfOpenRounds(state);
  const seen = new Set([...newest, ...inRounds]);
  const experiments: Record<string, ExperimentRow> = {};
  for (const [nodeId, row] of Object.entries(state.experiments)) {
    if (whole.has(nodeId)) experiments[nodeId] = row;
    else if (repeats.has(nodeId) || seen.has(nodeId)) experiments[nodeId] = shortened(state, row);
  }
  for (const [nodeId, row] of Object.entries(experiments))
    experiments[nodeId] = withCeilingAbove(state, row, experiments);
  return {
    ...state,
    setupFailures: state.setupFailures.slice(-1),
    ...carriedRounds(state, inRounds),
    roundOf: picked(state.roundOf, inRounds),
    // What a planner tells of others is for prompts, which are made from the log.
    practicesTried: state.practicesTried.filter((tag) => isKnown(state, tag)),
    practicesNotApplicable: state.practicesNotApplicable.filter((tag) => isKnown(state, tag)),
    practiceAttempts: picked(state.practiceAttempts, [...state.practicesKnown, 'mtp']),
    experiments,
    ledger: carriedLedger(state),
    ...(state.confirmation ? { confirmation: carriedConfirmation(state, state.confirmation, whole, repeated) } : {}),
  };
}

/** Rows that a decision may still ask for, with all that they say. */
function neededRows(state: EngineState): Set<string> {
  const { best, confirmation, open } = state;
  const candidates = confirmation?.candidates ?? [];
  const needed = new Set([BASELINE_ID, HEADSPACE_ID, ...(best === null ? [] : [best]), ...open, ...candidates]);
  for (const nodeId of mayBeLookedAtAgain(state)) needed.add(nodeId).add(state.experiments[nodeId]!.judged!.against!);
  // What is known of what others are compared with includes what it was kept over (weighing.ts).
  for (const nodeId of [...needed]) {
    const over = keptOver(state, nodeId);
    if (over !== null) needed.add(over);
  }
  // What they change is put together where it brings little.
  if (confirmation?.rules.bundlesSmallGains) for (const { nodeId } of partsOf(state)) needed.add(nodeId);
  for (const { origin } of openRows(state))
    if ('of' in origin && origin.from !== 'bundle') addOriginals(state, origin.of, needed);
  // What was quarantined is no place to build on.
  for (const [of, ceiling] of Object.entries(confirmation?.ceilings ?? {}))
    if (needed.has(of) || state.experiments[of]?.judged?.verdict !== 'quarantine') needed.add(ceiling);
  // A failed baseline ends the run but where it was repaired (baseline-failure.ts).
  for (const { nodeId, origin } of Object.values(state.experiments))
    if (origin.from === 'repair' && origin.of === BASELINE_ID) needed.add(nodeId);
  // A ceiling may yet be measured for a candidate: what builds on it finds it through its parents.
  for (const nodeId of [...needed]) {
    const ancestors = ancestorsOf(state, nodeId);
    const undecided = ancestors.findLastIndex((ancestor) => candidates.includes(ancestor));
    for (const ancestor of ancestors.slice(0, undecided + 1)) needed.add(ancestor);
  }
  return needed;
}

/** What is provisional, and what was held against such a one: it is looked at again where that is refuted. */
function mayBeLookedAtAgain(state: EngineState): string[] {
  const provisional = provisionalOnes(state);
  return Object.values(state.experiments).flatMap(({ nodeId, judged }) => {
    const against = judged?.against ?? '';
    const row = state.experiments[against];
    const isAbout = provisional.includes(nodeId) || provisional.includes(against);
    return row && (isAbout || hasLostPlace(row)) ? [nodeId] : [];
  });
}

/** What is repeated or repaired, through repairs of repairs. */
function addOriginals(state: EngineState, nodeId: string, needed: Set<string>): void {
  let row = state.experiments[nodeId];
  while (row && !needed.has(row.nodeId)) {
    needed.add(row.nodeId);
    const { origin } = row;
    row = 'of' in origin && origin.from !== 'bundle' ? state.experiments[origin.of] : undefined;
  }
}

/** Of a row that is only looked at: its place, its number and its verdict. */
function shortened(state: EngineState, row: ExperimentRow): ExperimentRow {
  const { state: now } = row;
  const short = { ...row, changeSet: [], tags: row.tags.filter((tag) => isKnown(state, tag) || changesTheStep([tag])) };
  if (now.status === 'completed') {
    const { throughput_samples_per_s, steady_step_time_ms, custom } = now.metrics;
    const compared = { throughput_samples_per_s, steady_step_time_ms, ...(custom ? { custom } : {}) };
    return { ...short, state: { ...now, metrics: { ...UNKNOWN_METRICS, ...compared }, sources: {} } };
  }
  if (now.status !== 'failed' && now.status !== 'cancelled') return row;
  const { failure } = now;
  return {
    ...short,
    state: { ...now, failure: { ...failure, message: failure.message.slice(0, MESSAGE_LENGTH), details: {} } },
  };
}

/** Where its parent is left behind, the row says itself what bounds it. */
function withCeilingAbove(
  state: EngineState,
  row: ExperimentRow,
  kept: Readonly<Record<string, ExperimentRow>>,
): ExperimentRow {
  const { parentId } = row;
  if (parentId === null || kept[parentId] || !state.experiments[parentId]) return row;
  const ceiling = ceilingOf(state, parentId);
  return ceiling === HEADSPACE_ID ? row : { ...row, ceiling };
}

/**
 * All that was queued by the rounds about which something is still open, or may be again: together they say what a
 * round was worth.
 */
function membersOfOpenRounds(state: EngineState): string[] {
  const { open, confirmation, roundOf } = state;
  const askedOf = [...open, ...(confirmation?.candidates ?? []), ...mayBeLookedAtAgain(state)];
  const rounds = new Set(askedOf.map((nodeId) => roundOf[nodeId]));
  return Object.keys(roundOf).filter((nodeId) => rounds.has(roundOf[nodeId]));
}

/** Closed rounds without a gain become a number before the round that follows them. */
function carriedRounds(state: EngineState, inRounds: readonly string[]): Pick<EngineState, 'rounds' | 'roundsBefore'> {
  const { rounds, roundOf, roundsBefore } = state;
  const needed = new Set(inRounds.map((nodeId) => roundOf[nodeId]));
  const lastGain = rounds.findLastIndex(({ gained }) => gained);
  // The gain of an undecided round may be taken back.
  const lastSureGain = rounds.findLastIndex(({ gained, iteration }) => gained && !needed.has(iteration));
  const kept: Round[] = [];
  let plain = 0;
  let keptBefore = 0;
  for (const [index, round] of rounds.entries()) {
    // Rounds of before a person asked anew count for nothing.
    if (index === roundsBefore) plain = 0;
    const before = plain + (round.plainBefore ?? 0);
    const isUndecided = round.open > 0 || needed.has(round.iteration);
    const isGain = index === lastGain || index === lastSureGain;
    const isKept = isUndecided || isGain || index >= rounds.length - NEWEST_ROUNDS;
    plain = isKept ? 0 : before + (isPlain(state, round) ? 1 : 0);
    if (!isKept) continue;
    if (index < (roundsBefore ?? 0)) keptBefore += 1;
    const { plainBefore: _, ...rest } = round;
    // The experiments by which a round is known to count for nothing are left behind: the round says so itself.
    const waited = rest.waited || (!isUndecided && !rest.gained && !isPlain(state, round));
    kept.push({ ...rest, waited, ...(before > 0 ? { plainBefore: before } : {}) });
  }
  return { rounds: kept, ...(roundsBefore === undefined ? {} : { roundsBefore: keptBefore }) };
}

/** What was booked under keys that nothing settles any more is in the sum. */
function carriedLedger({ ledger, open, withdrawing, iteration }: EngineState): Ledger {
  const live = new Set([
    ...Object.keys(ledger.reserved),
    ledgerKey('setup'),
    ...[...open, ...(withdrawing ?? [])].flatMap((id) => EXPERIMENT_PHASES.map((phase) => ledgerKey(phase, id))),
    ...[iteration, iteration + 1].map((round) => ledgerKey('plan', String(round))),
  ]);
  const { bookedUnpriced } = ledger;
  return {
    ...ledger,
    booked: picked(ledger.booked, [...live]),
    ...(bookedUnpriced === undefined ? {} : { bookedUnpriced: picked(bookedUnpriced, [...live]) }),
  };
}

function carriedConfirmation(
  state: EngineState,
  confirmation: Confirmation,
  whole: ReadonlySet<string>,
  repeated: ReadonlySet<string>,
): Confirmation {
  // How runs on cached data differ is no noise of the others (repeats.ts).
  const left = Object.keys(confirmation.repeats).filter(
    (nodeId) => !repeated.has(nodeId) && state.experiments[nodeId]?.kind !== 'headspace',
  );
  const past = pastNoise(state, confirmation, left);
  const ceilings = Object.entries(confirmation.ceilings).filter(([of, id]) => whole.has(of) || whole.has(id));
  return {
    ...confirmation,
    repeats: picked(confirmation.repeats, [...repeated]),
    ceilings: Object.fromEntries(ceilings),
    ...(past === null ? {} : { past }),
  };
}

function pastNoise(state: EngineState, { past }: Confirmation, left: readonly string[]): PastNoise | null {
  if (left.length === 0) return past ?? null;
  const { squares, degrees } = sumsWithin(left.map((nodeId) => runsOf(state, nodeId)));
  const steps = stepSquaresOf(state, left);
  return {
    squares: squares + (past?.squares ?? 0),
    degrees: degrees + (past?.degrees ?? 0),
    stepSquares: steps.reduce((sum, square) => sum + square, past?.stepSquares ?? 0),
    stepRuns: steps.length + (past?.stepRuns ?? 0),
  };
}

function isKnown({ practicesKnown }: EngineState, tag: string): boolean {
  return practicesKnown.includes(tag);
}

function picked<T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  const wanted = new Set(keys);
  return Object.fromEntries(Object.entries(record).filter(([key]) => wanted.has(key)));
}
