/**
 * Is a candidate better than the incumbent, or was it lucky? Decided from repeats, in looks: after each round of
 * repeats the candidate is kept, rejected, or repeated once more.
 *
 * The statistic is the difference of mean log speeds, candidate minus incumbent, with standard error sd * sqrt(1/n +
 * 1/m); `sd` is pooled over all that was repeated in the run (noise.ts), and the width of the interval comes from
 * Student's t with the pooled degrees of freedom, so that little knowledge of the noise makes wide intervals.
 *
 * - The run by which a candidate was noticed counts for nothing afterwards: of many candidates the luckiest is noticed,
 *   and
 *   its first result is too good (the winner's curse). Its repeats are as good as it is.
 * - Looking again after each repeat gives luck more chances, which a confidence of 99.5% for keeping pays for.
 * - A candidate goes on while it may be worth having: while its gain plus 2.25 standard errors reaches the least
 *   improvement.
 *
 * `node bench/believable.mjs` shows the error rates and the cost: the numbers below were chosen by it.
 */

import type { GainInterval } from './judgement.js';
import { mean, type Noise } from './noise.js';
import { studentTWidth } from './student-t.js';

/** Log speeds: the candidate's and the incumbent's repeats, without the run by which a candidate was noticed. */
export interface Sides {
  candidate: readonly number[];
  incumbent: readonly number[];
}

export const KEEP_CONFIDENCE = 0.995;
/** Of intervals in reports, where one number is stated and nothing is selected by it. */
export const REPORT_CONFIDENCE = 0.95;
const PLAUSIBLE_ERRORS = 2.25;
/** After so many repeats a gain that does not show is not worth finding. */
export const MOST_REPEATS = 16;
/** The incumbent is in every comparison: from so many of its runs on, more of them make no interval narrower. */
export const ENOUGH_INCUMBENT_RUNS = 8;
/** A machine changes (heat, neighbours, caches): after so many other jobs the incumbent is measured again. */
export const INCUMBENT_AGES_AFTER_JOBS = 12;

/** Below this nobody cares, however exact the measurement. */
const LEAST_IMPROVEMENT = 0.01;
const NOISE_FLOORS = 2;

/** The gain that is worth having: what the user says, or the larger of 1% and twice the noise of a run. */
export function leastImprovement(configured: number | null, noise: Noise): number {
  return configured ?? Math.max(LEAST_IMPROVEMENT, NOISE_FLOORS * noise.sd);
}

/** Null when one of the sides has no runs. */
export function gainInterval(sides: Sides, noise: Noise, confidence: number): GainInterval | null {
  if (sides.candidate.length === 0 || sides.incumbent.length === 0) return null;
  const difference = mean(sides.candidate) - mean(sides.incumbent);
  const width = studentTWidth(confidence, noise.degrees) * standardError(sides, noise);
  return {
    gain: Math.expm1(difference),
    low: Math.expm1(difference - width),
    high: Math.expm1(difference + width),
    confidence,
  };
}

/** Whether a first result deserves repeats: it looks better, and its gain may be the least improvement. */
export function deservesRepeats(first: number, incumbent: readonly number[], noise: Noise, least: number): boolean {
  const sides = { candidate: [first], incumbent };
  return mean(sides.candidate) > mean(incumbent) && mayReach(sides, noise, least);
}

/** What the repeats say so far. */
export function judgeRepeats(sides: Sides, noise: Noise, least: number): 'keep' | 'reject' | 'repeat' {
  const interval = gainInterval(sides, noise, KEEP_CONFIDENCE);
  if (interval && interval.low > 0) return 'keep';
  if (sides.candidate.length >= MOST_REPEATS) return 'reject';
  return mayReach(sides, noise, least) ? 'repeat' : 'reject';
}

/** Whether the incumbent is measured once more beside the candidate. */
export function incumbentIsDue(runs: number, jobsSinceLast: number): boolean {
  return runs < ENOUGH_INCUMBENT_RUNS || jobsSinceLast >= INCUMBENT_AGES_AFTER_JOBS;
}

function mayReach(sides: Sides, noise: Noise, least: number): boolean {
  if (sides.candidate.length === 0 || sides.incumbent.length === 0) return true;
  const difference = mean(sides.candidate) - mean(sides.incumbent);
  return difference + PLAUSIBLE_ERRORS * standardError(sides, noise) >= Math.log1p(least);
}

function standardError({ candidate, incumbent }: Sides, { sd }: Noise): number {
  return sd * Math.sqrt(1 / candidate.length + 1 / incumbent.length);
}
