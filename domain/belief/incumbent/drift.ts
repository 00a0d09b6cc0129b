/**
 * Whether the machine is still as fast as it was (heat, neighbours, caches): the incumbent is measured now and then, as
 * a sentinel. Where a run of it departs from what was known of it by more than luck explains, another one follows at
 * once; two that agree have found a drift, and only then are both sides of a comparison measured again.
 *
 * `node bench/believable.mjs` shows what it finds and costs; the numbers below were chosen by it.
 */
import { mean, type Noise } from '../noise.js';
import { type Belief, leastGain, varianceOfARun } from '../odds.js';

/** After so many other jobs the incumbent is measured again, and before another one is kept over it. */
export const SENTINEL_AFTER_JOBS = 24;
/** Standard errors by which one sentinel departs, and by which two have found a drift. */
const ERRORS_OF_ONE = 2.5;
const ERRORS_OF_TWO = 3.5;

/** The sentinels at the end of an experiment's runs, of which the first departed; what they are held against. */
export type Watch = 'steady' | 'measure again' | 'drift';

/**
 * What the last sentinels of an experiment say, against what was known of it before them. One or two, the older first:
 * two where the older one departed.
 */
export function watch(sentinels: readonly number[], before: Belief, noise: Noise): Watch {
  const [first, second] = sentinels;
  if (first === undefined || errorsOf([first], before, noise) < ERRORS_OF_ONE) return 'steady';
  if (second === undefined) return 'measure again';
  const agree = Math.abs(first - second) < ERRORS_OF_TWO * Math.sqrt(2 * varianceOfARun(noise));
  const isLarge = Math.abs(mean(sentinels) - before.mean) > Math.log1p(leastGain(null, noise)) / 2;
  return agree && isLarge && errorsOf(sentinels, before, noise) > ERRORS_OF_TWO ? 'drift' : 'steady';
}

function errorsOf(runs: readonly number[], before: Belief, noise: Noise): number {
  return Math.abs(mean(runs) - before.mean) / Math.sqrt(varianceOfARun(noise) / runs.length + before.variance);
}
