/** Candidates of a run, weighed by the odds (odds.ts) of all that was measured of them and of the incumbent. */
import type { EngineState } from '../run/engine-state.js';
import type { Objective } from './compare.js';
import { childrenOf, toldByChildren } from './incumbent/told-by-children.js';
import type { GainInterval } from './judgement.js';
import { isMeasurable } from './measure-again.js';
import type { Noise } from './noise.js';
import {
  type Belief,
  beliefOf,
  beliefOfKept,
  type Expectation,
  gainIfReal,
  LARGE_GAINS,
  leastGain,
  MOST_RUNS,
  nextStep,
  oddsOf,
  promiseOf,
  type Step,
  USUAL_GAINS,
} from './odds.js';
import { MOST_RUNS_AHEAD, prospectOf, stepByProspect } from './prospects.js';
import { currentRuns, everyRunOf, expectedNoise, hasOpenRepeats, weighsRepeats } from './repeats.js';

/** Of the gain that a verdict states. */
const STATED_CONFIDENCE = 0.95;

const APART = '; the machine has drifted since then';

export interface Weighed {
  step: Step;
  /** Probability that it is a gain worth having. */
  isReal: number;
  /** Expected gain in log speed, and the jobs that it takes to know. */
  promise: { gain: number; jobs: number };
  /** If it is one. */
  gain: GainInterval;
  reason: string;
  /** Whether one of the two was measured before the machine drifted and the other one since then. */
  isApart: boolean;
}

/**
 * What to do about a candidate against an incumbent, both measured by the metric. `disturbance`: by how much its first
 * run may be faster than it shows, in log speed.
 */
export function weigh(
  state: EngineState,
  nodeId: string,
  against: string,
  metric: Objective['metric'],
  disturbance = 0,
): Weighed {
  const noise = expectedNoise(state, nodeId);
  const least = leastGain(state.confirmation?.rules.minImprovement ?? null, noise);
  const incumbent = speedOf(state, against, metric, { noise, least }, nodeId);
  const own = currentRuns(state, nodeId, metric);
  const runs = own.runs.map((run) => run + disturbance);
  const expected = expectationOf(state);
  const odds = oddsOf(runs, incumbent, noise, least, expected);
  const isApart = own.isOld !== currentRuns(state, against, metric).isOld;
  const again = own.isOld ? 'measure candidate' : 'measure incumbent';
  const compared = { runs, incumbent, isFixed: isFixed(state, against), noise, least, expected };
  const isAhead = weighsRepeats(state);
  const promise = isAhead ? prospectOf(odds, compared) : promiseOf(odds, runs.length, incumbent, noise);
  const says = isAhead ? stepByProspect(odds, compared, promise) : nextStep(odds, runs.length, incumbent, noise);
  const step = isApart && says !== 'drop' ? again : says;
  return {
    step,
    isReal: odds.isReal,
    promise,
    gain: gainIfReal(odds, STATED_CONFIDENCE),
    reason:
      reasonOf(step, odds.isReal, runs.length, against, isAhead ? MOST_RUNS_AHEAD : MOST_RUNS) +
      (isApart && says !== 'drop' ? APART : ''),
    isApart,
  };
}

/** Only where further jobs are thought through: older runs go on as they were. */
function expectationOf(state: EngineState): Expectation {
  return weighsRepeats(state) && state.confirmation?.rules.expectsLargeGains ? LARGE_GAINS : USUAL_GAINS;
}

/** What is being measured again tells more yet, and may be measured once more. */
function isFixed(state: EngineState, against: string): boolean {
  return !hasOpenRepeats(state, against) && !isMeasurable(state, against);
}

interface By {
  noise: Noise;
  least: number;
}

/**
 * What is known of an experiment's speed, without one that is compared with it: by its own runs, by what it was kept
 * over, and by what was built on both.
 */
export function speedOf(
  state: EngineState,
  nodeId: string,
  metric: Objective['metric'],
  by: By,
  candidate: string | null = null,
): Belief {
  const { noise, least } = by;
  const without = candidate === null ? [] : [candidate];
  const { runs, isOld } = currentRuns(state, nodeId, metric);
  const over = keptOver(state, nodeId);
  const measured = over === null ? null : currentRuns(state, over, metric);
  const before = measured === null || measured.isOld !== isOld ? [] : measured.runs;
  const below = () => withChildren(state, over!, [nodeId, ...without], metric, noise, beliefOf(before, noise));
  const own = before.length === 0 ? beliefOf(runs, noise) : beliefOfKept(runs, below(), noise, least);
  return withChildren(state, nodeId, without, metric, noise, own);
}

function withChildren(
  state: EngineState,
  nodeId: string,
  without: readonly string[],
  metric: Objective['metric'],
  noise: Noise,
  own: Belief,
): Belief {
  if (!state.confirmation?.rules.heedsChildren) return own;
  const runs = childrenOf(state, nodeId, without).map((child) => everyRunOf(state, child, metric));
  return toldByChildren(
    own,
    runs.filter(({ length }) => length > 0),
    noise,
  );
}

/** Whose place an experiment took when it was kept, or is to take provisionally; null of every other. */
export function keptOver(state: EngineState, nodeId: string): string | null {
  const judged = state.experiments[nodeId]?.judged;
  return judged?.verdict === 'keep' || judged?.verdict === 'provisional' ? judged.against : null;
}

function reasonOf(step: Step, isReal: number, runs: number, against: string, most: number): string {
  const odds = `${percentOf(isReal)} likely to be better than ${against} after ${runs === 1 ? 'one run' : `${runs} runs`}`;
  switch (step) {
    case 'keep':
      return odds;
    case 'drop':
      return runs >= most ? `not decided in ${most} runs: ${odds}` : `${odds}, which is not worth another job`;
    default:
      return odds;
  }
}

/** Never certain: 1% and 99% are the ends. */
export function percentOf(share: number): string {
  return `${Math.min(99, Math.max(1, Math.round(100 * share)))}%`;
}
