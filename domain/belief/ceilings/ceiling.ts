/**
 * The bound that the headspace seed measured: no change of data loading can make the job faster than cached data does.
 * A result above it is more likely a changed timer, a skipped step or a different job than a miracle.
 */
import { gainInterval, KEEP_CONFIDENCE, REPORT_CONFIDENCE } from '../improvement.js';
import { mean, type Noise } from '../noise.js';
import { normalCdf } from '../normal.js';
import { beliefOf } from '../odds.js';

/** Log speeds of repeats. Above the ceiling beyond what noise explains, both sides' noise counted. */
export function isAboveCeiling(repeats: readonly number[], ceiling: readonly number[], noise: Noise): boolean {
  const interval = gainInterval({ candidate: repeats, incumbent: ceiling }, noise, KEEP_CONFIDENCE);
  return interval !== null && interval.low > 0;
}

/** Replaying cached batches takes a little by itself: so far above its ceiling, in log speed, nothing is wrong. */
const REPLAY_TAKES = Math.log(1.03);

/** Probability that the runs of an experiment are faster than those of its ceiling; one of each at least. */
export function chanceAbove(runs: readonly number[], ceiling: readonly number[], noise: Noise): number {
  const [own, bound] = [beliefOf(runs, noise), beliefOf(ceiling, noise)];
  return normalCdf((own.mean - bound.mean - REPLAY_TAKES) / Math.sqrt(own.variance + bound.variance));
}

/** Whether what is left to the ceiling is less than is worth having, as far as can be told. */
export function hasReachedCeiling(
  best: readonly number[],
  ceiling: readonly number[],
  noise: Noise,
  least: number,
): boolean {
  const left = gainInterval({ candidate: ceiling, incumbent: best }, noise, REPORT_CONFIDENCE);
  return left !== null && left.gain < least && left.low <= 0;
}

/** Without known noise, what lies below this share of the baseline's speed is clearly below it. */
const CLEARLY_BELOW = Math.log(0.9);

/**
 * A job that loads nothing cannot be slower than the one that loads: such a run measured something else. Log speeds.
 */
export function isClearlyBelow(ceiling: readonly number[], baseline: readonly number[], noise: Noise | null): boolean {
  if (ceiling.length === 0 || baseline.length === 0) return false;
  if (noise === null) return mean(ceiling) - mean(baseline) < CLEARLY_BELOW;
  const gain = gainInterval({ candidate: ceiling, incumbent: baseline }, noise, REPORT_CONFIDENCE);
  return gain !== null && gain.high < 0;
}

/** The best practice that changes what a step of the model does. */
const CHANGES_THE_STEP = 'batch_size_tuning';

/** Whether the ceiling must be measured again for a change, because a step with another batch does other work. */
export function changesTheStep(tags: readonly string[]): boolean {
  return tags.includes(CHANGES_THE_STEP);
}
