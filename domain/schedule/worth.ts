/**
 * What a waiting job is expected to bring for each second of its time, and why. It decides whether a repeat runs before
 * new experiments or behind them: where a slot would be idle, and before the run ends. What a person says of a place in
 * the queue stands above it.
 */
import { objectiveOfRow } from '../belief/compare.js';
import { isRemeasurement } from '../belief/confirmation-state.js';
import { firstDisturbance } from '../belief/measure-again.js';
import { USUAL_PROMISE } from '../belief/odds.js';
import { goesOn, provisionalOnes } from '../belief/provisional.js';
import { ancestorsOf } from '../belief/repeats.js';
import { percentOf, weigh } from '../belief/weighing.js';
import { expectedTimes, usualDuration } from '../overview/expected-time.js';
import type { EngineState } from '../run/engine-state.js';
import { bundleText, type ExperimentRow, HEADSPACE_ID } from '../run/experiment-record.js';
import { leftOf, timeUpAtMs } from './budget.js';
import { countExperiments, isKeptForRepeats, jobsLeft } from './counted.js';

export interface Worth {
  /** Expected gain in log speed for a second of job time; null of what has its place by other rules. */
  perSecond: number | null;
  /** Its place among priorities: lower runs first. */
  place: number;
  /** Whether it waits for an idle slot, or the end. */
  isBehind: boolean;
  /** In words. */
  reason: string;
}

/** Behind what planners propose, whose priorities are small numbers. */
const BEHIND = 500;
/** One single run in so many is off for reasons that no noise tells (caches, neighbours). */
const GROSSLY_OFF = 0.15;
/** Rounds of repeats that what is not decided may need once the end is near. */
const ROUNDS_BEFORE_THE_END = 3;

/** A reader of what waiting experiments are worth, for one state. */
export function worths(state: EngineState): (row: ExperimentRow) => Worth {
  if (!goesOn(state)) return ({ priority, ...row }) => given(priority, givenReason(row));
  const times = once(() => ({ of: expectedTimes(state), usualS: usualDuration(state) ?? 1 }));
  const known = new Map<string, Promised>();
  const provisional = once(() => provisionalOnes(state));
  const promiseIn = (nodeId: string) => {
    const found = known.get(nodeId) ?? promiseOf(state, nodeId, provisional());
    known.set(nodeId, found);
    return found;
  };
  return (row) => {
    const { origin, priority } = row;
    if (row.isPlaced) return given(priority, 'a person gave it this place');
    const isOrdered = origin.from === 'repeat' && origin.purpose === 'confirmation';
    if (!isOrdered) {
      return given(priority, isKeptForRepeats(state, row) ? KEPT : givenReason(row));
    }
    const { gain, reason } = promiseIn(origin.of);
    const { of, usualS } = times();
    const seconds = of(row) ?? usualS;
    const perSecond = gain / seconds;
    const usual = USUAL_PROMISE / usualS;
    const now = perSecond >= usual ? null : endsSoon(state, seconds);
    const isBehind = perSecond < usual && now === null;
    const when = isBehind
      ? 'it waits for an idle slot, or the end'
      : (now ?? 'that is more than a new experiment promises');
    return { perSecond, place: isBehind ? BEHIND : priority, isBehind, reason: `${reason}; ${when}` };
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function given(priority: number, reason: string): Worth {
  return { perSecond: null, place: priority, isBehind: false, reason };
}

interface Promised {
  /** Of one job, in log speed. */
  gain: number;
  reason: string;
}

/** What another run of an experiment may bring: of its own question, or of one that is compared with it. */
function promiseOf(state: EngineState, nodeId: string, provisional: readonly string[]): Promised {
  const own = ownPromise(state, nodeId, provisional);
  const others = (state.confirmation?.candidates ?? []).flatMap((candidate) => {
    const isComparedWithIt = state.experiments[candidate]?.judged?.against === nodeId;
    if (!isComparedWithIt) return [];
    const { gain, reason } = ownPromise(state, candidate, provisional);
    return [{ gain, reason: `${candidate} is compared with it, and is ${reason}` }];
  });
  return [own, ...others].reduce((most, each) => (each.gain > most.gain ? each : most));
}

function ownPromise(state: EngineState, nodeId: string, provisional: readonly string[]): Promised {
  const row = state.experiments[nodeId];
  const judged = row?.judged;
  const metric = objectiveOfRow(row)?.metric;
  const { against = null } = judged ?? {};
  if (!row || metric === undefined || against === null) return NOTHING;
  if (judged?.verdict === 'provisional' && provisional.includes(nodeId)) return ofProvisional(state, nodeId);
  if (judged?.verdict !== 'repeat' || objectiveOfRow(state.experiments[against])?.metric !== metric) return NOTHING;
  const { isReal, promise, gain } = weigh(state, nodeId, against, metric, firstDisturbance(state, row, against));
  const size = percentOf(Math.max(0, gain.gain));
  return {
    gain: promise.gain / promise.jobs,
    reason: `${percentOf(isReal)} likely to bring ${size} over ${against}`,
  };
}

const NOTHING: Promised = { gain: 0, reason: 'nothing depends on it now' };

/** If it is wrong, what was built on it began in the wrong place: those jobs are what its repeat may save. */
function ofProvisional(state: EngineState, nodeId: string): Promised {
  const built = Object.values(state.experiments).filter(
    (row) => !isRemeasurement(row) && row.state.status !== 'queued' && ancestorsOf(state, row.nodeId).includes(nodeId),
  ).length;
  const isTop = nodeId === state.best;
  const many = built === 1 ? '1 experiment builds' : `${built} experiments build`;
  return {
    gain: isTop ? GROSSLY_OFF * built * USUAL_PROMISE : 0,
    reason: isTop ? `the best is provisional, and ${many} on it` : 'it matters if what is better than it is refuted',
  };
}

/** Why nothing but what is undecided should run now, null where the search has time. */
function endsSoon(state: EngineState, jobS: number): string | null {
  const { maxExperiments } = state.limits;
  if (maxExperiments !== null && countExperiments(state, 'begun') >= maxExperiments)
    return 'no more experiments may start';
  if (jobsLeft(state) <= ROUNDS_BEFORE_THE_END) return 'hardly any more jobs may start';
  const neededS = ROUNDS_BEFORE_THE_END * jobS;
  if ((timeUpAtMs(state) - state.updatedAtMs) / 1000 < neededS) return 'the time of the run is nearly over';
  const jobHours = leftOf(state, 'jobHours');
  return jobHours !== null && jobHours * 3600 < neededS ? 'the job hours are nearly spent' : null;
}

const KEPT = 'the last jobs are kept for the repeats of the provisional best';

function givenReason({ origin, kind }: Pick<ExperimentRow, 'origin' | 'kind'>): string {
  if (kind === 'mtp') return 'each run tries it first';
  if (origin.from === 'seed') return 'what follows is compared with it';
  if (kind === 'user') return 'a person added it';
  if (origin.from === 'bundle') return `it ${bundleText(origin.of)}`;
  if (origin.from === 'repair') return `it repairs ${origin.of}`;
  if (origin.from === 'ceiling') return `it bounds what ${origin.of} can reach`;
  if (origin.from === 'repeat' && origin.of === HEADSPACE_ID)
    return 'it tells whether the bound of all others is right';
  if (origin.from === 'repeat') return PURPOSES[origin.purpose];
  return 'a new experiment';
}

const PURPOSES = {
  calibration: 'it tells how much a result varies',
  confirmation: 'it tells whether a result shows again',
  sentinel: 'it tells whether the machine is as fast as it was before',
  verification: 'it measures the winner against the baseline before the end',
} as const;
