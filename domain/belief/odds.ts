/**
 * How likely is it that a candidate is a gain worth having, after all its runs, the first one included?
 *
 * Most changes bring nothing, some bring something: before anything is measured, a candidate is the incumbent's equal
 * with four chances in five, and else a gain of the size that such gains have. Bayes' rule turns this prior and the
 * runs into the odds that the gain is real, and into its size if it is. Two things follow that intervals around means
 * cannot give:
 *
 * - A lucky run needs no rule of its own. That candidates are noticed for looking good is in the prior, so that every
 *   run counts, and what is kept is not told larger than it is.
 * - Measuring stops where it no longer pays: what is left to win by a keep, shared among the jobs that it still needs,
 *   is held against what a job brings elsewhere.
 *
 * `node bench/believable.mjs` shows error rates and cost on runs with known truth; the numbers below were chosen by it.
 */

import type { GainInterval } from './judgement.js';
import { mean, type Noise } from './noise.js';
import { normalCdf, normalDensity, normalQuantile } from './normal.js';

/** What is known of a log speed: a normal distribution. */
export interface Belief {
  mean: number;
  variance: number;
}

export interface Odds {
  /** Probability that the candidate is a gain worth having, 0 to 1. */
  isReal: number;
  /** The gain in log speed if it is: a normal distribution (`mean`, `sd`) cut off below `least`. */
  gain: { mean: number; sd: number; least: number };
}

/** Before anything was measured. */
export const SHARE_OF_GAINS = 0.18;
/** Of gains in log speed: their typical size, and how much sizes differ. */
export const TYPICAL_GAIN = 0.11;
export const GAINS_DIFFER_BY = 0.05;
/** Gains below this are not asked for one by one; and none is much smaller than what a run is off by. */
const LEAST_GAIN = 0.018;
const NOISE_SHARE = 0.13;

/** A candidate is kept when it is real with this probability, and after one repeat at least. */
export const KEPT_FROM = 0.92;

/** What is expected of changes, and asked of one that is kept: the rules of a run say which. */
export interface Expectation {
  /** For each gain of usual size, those whose size is hardly known: a starved stage may be fed. */
  largeShare: number;
  /** A candidate is kept from this probability on. */
  keptFrom: number;
}
export const USUAL_GAINS: Expectation = { largeShare: 0, keptFrom: KEPT_FROM };
/** More chances of a gain are more chances of luck as well, which the higher odds pay for. */
export const LARGE_GAINS: Expectation = { largeShare: 0.15, keptFrom: 0.945 };
/** In log speed: how much the sizes of such gains differ. */
const LARGE_GAINS_DIFFER_BY = 0.35;
/** Below this nothing is measured again. */
const DROPPED_BELOW = 0.11;
/** What a job must promise to bring, in log speed: a constant part, and a share of what a run is off by. */
const WORTH_OF_A_JOB = 0.0006;
const WORTH_BY_NOISE = 0.017;
/** Standard errors by which a gain stands out once it is kept, and the candidate's part of the variance by then. */
const ERRORS_TO_STAND_OUT = 1.1;
const OWN_SHARE = 0.85;
/** The incumbent is measured again once it is known this many times less exactly than the candidate. */
const LESS_EXACT = 1;
/** After so many runs a gain that does not show is not worth finding. */
export const MOST_RUNS = 24;

/** The gain from which on a candidate counts as real: what the user says, else by the noise; relative. */
export function leastGain(configured: number | null, { sd }: Noise): number {
  return configured ?? Math.expm1(Math.max(LEAST_GAIN, NOISE_SHARE * sd));
}

/** What runs of the same code tell of its speed; one at least. */
export function beliefOf(runs: readonly number[], noise: Noise): Belief {
  return { mean: mean(runs), variance: varianceOfARun(noise) / runs.length };
}

/** What is known of an experiment that was kept over another: its runs, and that it is a gain over what was known. */
export function beliefOfKept(runs: readonly number[], before: Belief, noise: Noise, least: number): Belief {
  const own = beliefOf(runs, noise);
  const spread = spreadOfGains(own.mean - before.mean, own.variance + before.variance);
  const expected = before.variance + spread;
  const total = own.variance + expected;
  const speed = (own.mean * expected + (before.mean + TYPICAL_GAIN) * own.variance) / total;
  const sd = Math.sqrt((own.variance * expected) / total);
  const gain = momentsOf({ mean: speed - before.mean, sd, least: Math.log1p(least) });
  return { mean: before.mean + gain.mean, variance: gain.variance };
}

/**
 * The variance of gains, for a difference that was measured with this variance. A starved stage that is fed makes a
 * pipeline several times as fast. Usual sizes would pull such a gain down to theirs, and whatever came next would look
 * better than it: beyond them the prior is as wide as the difference shows.
 */
function spreadOfGains(difference: number, variance: number): number {
  const beyond = Math.max(0, difference - TYPICAL_GAIN - 2 * GAINS_DIFFER_BY);
  return Math.max(GAINS_DIFFER_BY ** 2, beyond ** 2 - variance);
}

/** The odds after the candidate's runs, against what is known of the incumbent; `least` is relative. */
export function oddsOf(
  runs: readonly number[],
  incumbent: Belief,
  noise: Noise,
  least: number,
  expected: Expectation = USUAL_GAINS,
): Odds {
  return oddsBetween(beliefOf(runs, noise), incumbent, least, expected);
}

/** The same where the candidate's speed is known as `own`. */
export function oddsBetween(own: Belief, incumbent: Belief, least: number, { largeShare }: Expectation): Odds {
  const difference = own.mean - incumbent.mean;
  const variance = own.variance + incumbent.variance;
  const from = Math.log1p(least);
  const told = { difference, variance, from };
  const usual = gainOfSpread(told, spreadOfGains(difference, variance), 1);
  const large = largeShare > 0 ? gainOfSpread(told, LARGE_GAINS_DIFFER_BY ** 2, largeShare) : null;
  const ofGain = usual.odds + (large?.odds ?? 0);
  const ofNone = normalDensity(difference / Math.sqrt(variance)) / Math.sqrt(variance);
  const weighed = SHARE_OF_GAINS * ofGain;
  const shareOfNone = 1 - SHARE_OF_GAINS * (1 + largeShare);
  const isReal = weighed === 0 && ofNone === 0 ? Number(difference > from) : weighed / (weighed + shareOfNone * ofNone);
  const { size, sd } = large === null || ofGain === 0 ? usual : asOne(usual, large);
  return { isReal, gain: { mean: size, sd, least: from } };
}

interface Explained {
  /** In log speed, before it is cut off. */
  size: number;
  sd: number;
  /** Density of the difference as it was measured, times the share of such gains. */
  odds: number;
}

/** A real gain of sizes that differ by this, as what was measured. */
function gainOfSpread(
  { difference, variance, from }: { difference: number; variance: number; from: number },
  spread: number,
  share: number,
): Explained {
  const total = variance + spread;
  const size = (difference * spread + TYPICAL_GAIN * variance) / total;
  const sd = Math.sqrt((variance * spread) / total);
  const cutOff = normalCdf((size - from) / sd) / normalCdf((TYPICAL_GAIN - from) / Math.sqrt(spread));
  const density = normalDensity((difference - TYPICAL_GAIN) / Math.sqrt(total)) / Math.sqrt(total);
  return { size, sd, odds: share * (density * cutOff) };
}

/** The normal distribution with the mean and variance of both together. */
function asOne(a: Explained, b: Explained): { size: number; sd: number } {
  const ofB = b.odds / (a.odds + b.odds);
  const size = a.size + ofB * (b.size - a.size);
  const variance = (1 - ofB) * (a.sd ** 2 + (a.size - size) ** 2) + ofB * (b.sd ** 2 + (b.size - size) ** 2);
  return { size, sd: Math.sqrt(variance) };
}

export type Step = 'keep' | 'drop' | 'measure candidate' | 'measure incumbent';

/** What to do about a candidate with these odds, of which there are so many runs. */
export function nextStep(odds: Odds, runs: number, incumbent: Belief, noise: Noise): Step {
  const { isReal } = odds;
  if (runs > 1 && isReal > KEPT_FROM) return 'keep';
  if (isReal < DROPPED_BELOW || runs >= MOST_RUNS) return 'drop';
  const ofARun = varianceOfARun(noise);
  const { gain, jobs } = promiseOf(odds, runs, incumbent, noise);
  if (gain / jobs < WORTH_OF_A_JOB + WORTH_BY_NOISE * Math.sqrt(ofARun)) return 'drop';
  return incumbent.variance > (LESS_EXACT * ofARun) / runs ? 'measure incumbent' : 'measure candidate';
}

/** What measuring on may bring: the expected gain in log speed, and the jobs until it stands out. */
export function promiseOf(odds: Odds, runs: number, incumbent: Belief, noise: Noise): { gain: number; jobs: number } {
  const { mean: size } = momentsOf(odds.gain);
  const ofARun = varianceOfARun(noise);
  const allowed = (size / ERRORS_TO_STAND_OUT) ** 2;
  const own = ofARun / (OWN_SHARE * allowed) - runs;
  const others = ofARun / ((1 - OWN_SHARE) * allowed) - ofARun / incumbent.variance;
  return { gain: odds.isReal * size, jobs: Math.max(1, own) + Math.max(0, others) };
}

/** What an experiment of which nothing was measured may bring, in log speed. */
export const USUAL_PROMISE = SHARE_OF_GAINS * TYPICAL_GAIN;

/** The size of a gain that is real, relative, with the interval that holds it with this probability. */
export function gainIfReal({ gain: { mean: size, sd, least } }: Odds, confidence: number): GainInterval {
  const from = (least - size) / sd;
  const above = normalCdf(-from);
  // By what lies above, which keeps its digits where hardly anything does; where those end, it falls off exponentially.
  const exceededBy = (share: number) =>
    above > LEAST_TAIL ? size - sd * normalQuantile(above * share) : least - (sd / from) * Math.log(share);
  const [low, high] = [exceededBy((1 + confidence) / 2), exceededBy((1 - confidence) / 2)];
  const { mean: middle } = momentsOf({ mean: size, sd, least });
  return { gain: Math.expm1(middle), low: Math.expm1(low), high: Math.expm1(high), confidence };
}

/** Below it a quantile is rounding. */
const LEAST_TAIL = 1e-200;

/** Mean and variance of a normal distribution that is cut off below. */
export function momentsOf({ mean: size, sd, least }: Odds['gain']): Belief {
  const from = (least - size) / sd;
  // The Mills ratio, and what it tends to where nearly all is cut off.
  const above = normalCdf(-from);
  const ratio = above > LEAST_TAIL ? normalDensity(from) / above : from + 1 / from;
  return { mean: size + sd * ratio, variance: sd ** 2 * Math.max(LEAST_VARIANCE, 1 + from * ratio - ratio ** 2) };
}

/** Of what cutting off leaves of a variance; rounding would make it nothing. */
const LEAST_VARIANCE = 0.05;

/** Few repeats know their noise badly: the variance of Student's t, where it has one. */
export function varianceOfARun({ sd, degrees }: Noise): number {
  return sd ** 2 * (degrees > 2 ? degrees / (degrees - 1) : 2);
}
