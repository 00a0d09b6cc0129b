/**
 * How much a result varies when nothing changes. Everything is on the scale of log(speed), where a standard deviation
 * of 0.05 means that a single run is off by about 5%, whatever its speed, and where noise multiplies as it does in
 * practice.
 */
import { directionOf, type Objective } from './compare.js';

/** The noise of one run: its relative standard deviation, and how many independent differences it was learnt from. */
export interface Noise {
  sd: number;
  degrees: number;
}

/** Repeats that agree to the last digit show a coarse clock, not a perfect machine. */
const LEAST_SD = 0.001;

/** log(speed): a difference of 0.01 is 1% faster. */
export function logSpeed(objective: Objective): number {
  return directionOf(objective) === 'higher' ? Math.log(objective.value) : -Math.log(objective.value);
}

/** The same metric at another speed. */
export function withLogSpeed(like: Objective, speed: number): Objective {
  return { ...like, value: directionOf(like) === 'higher' ? Math.exp(speed) : Math.exp(-speed) };
}

/**
 * The pooled standard deviation within groups of repeats of the same code (each an array of log speeds): sums of
 * squares and degrees of freedom add up over all that were repeated in the run, so that three repeats here and two
 * there are together worth what five in one place are. Null while nothing was repeated. A run that was chosen because
 * it looked good does not belong into a group: it would make the noise look larger. `atLeast` is what steps within a
 * job show (stepNoise): runs cannot agree better than that but by luck. `past` are sums over groups that are not given
 * any more.
 */
export function pooledNoise(
  groups: readonly (readonly number[])[],
  atLeast = 0,
  past: Sums = { squares: 0, degrees: 0 },
): Noise | null {
  const now = sumsWithin(groups);
  const [squares, degrees] = [past.squares + now.squares, past.degrees + now.degrees];
  if (degrees === 0) return null;
  return { sd: Math.max(Math.sqrt(squares / degrees), atLeast, LEAST_SD), degrees };
}

/**
 * Jobs differ by more than their steps show, by nearly twice as much as a rule; where no steps tell, a machine that
 * other work shares is off by 2%. The guess is worth as much as three runs of the same code.
 */
const RUNS_DIFFER_BY = 1.8;
const USUAL_SD = 0.02;
const GUESS_DEGREES = 2;

/** The pooled noise together with what is expected before anything is repeated; `steps` is 0 where none tells. */
export function withPrior(pooled: Noise | null, steps: number): Noise {
  const guess = steps > 0 ? RUNS_DIFFER_BY * steps : USUAL_SD;
  const { sd, degrees } = pooled ?? { sd: 0, degrees: 0 };
  const squares = sd ** 2 * degrees + guess ** 2 * GUESS_DEGREES;
  return { sd: Math.max(Math.sqrt(squares / (degrees + GUESS_DEGREES)), steps), degrees: degrees + GUESS_DEGREES };
}

/** Whether a few runs of the same code (log speeds) agree as well as is usual, so that another tells little. */
export function agree(runs: readonly number[]): boolean {
  const noise = pooledNoise([runs]);
  return noise !== null && noise.sd <= USUAL_SD;
}

interface Sums {
  squares: number;
  degrees: number;
}

/** Sums of squares around the groups' means, and their degrees of freedom: what groups add to the pooled noise. */
export function sumsWithin(groups: readonly (readonly number[])[]): Sums {
  let squares = 0;
  let degrees = 0;
  for (const group of groups) {
    if (group.length < 2) continue;
    const centre = mean(group);
    squares += group.reduce((sum, value) => sum + (value - centre) ** 2, 0);
    degrees += group.length - 1;
  }
  return { squares, degrees };
}

/** Enough batches for a variance, each long enough to outlast what slows down neighbouring steps together. */
const BATCHES = 10;
const STEPS_FOR_BATCHES = 20;
/** A change of speed for good, in the middle of a job: its batches at least, by what factor, and what it explains. */
const BATCHES_OF_A_PART = 3;
const PARTS_DIFFER_BY = 1.5;
const SQUARES_EXPLAINED = 10;

/**
 * Relative standard error of the mean step time of one job, by batch means: the steps are cut into ten batches of
 * neighbours, and the means of these are taken as independent, which single steps are not (a slow disk slows down many
 * in a row; with the formula for independent steps the error would come out several times too small). It misses what
 * differs from job to job, so that it is a lower bound of the noise. Null for fewer than twenty steps.
 *
 * A job that goes over from one speed to another and stays there (from the second epoch on a stage's cache is full)
 * does so in each run: only what varies before and after it is noise.
 */
export function stepNoise(stepTimesMs: readonly number[]): number | null {
  if (stepTimesMs.length < STEPS_FOR_BATCHES) return null;
  const size = Math.floor(stepTimesMs.length / BATCHES);
  const used = stepTimesMs.slice(stepTimesMs.length - size * BATCHES);
  const means = Array.from({ length: BATCHES }, (_, i) => mean(used.slice(i * size, (i + 1) * size)));
  const centre = mean(means);
  const { squares, degrees } = partsOf(means) ?? sumsWithin([means]);
  return centre > 0 ? Math.sqrt(squares / degrees / BATCHES) / centre : null;
}

/** The sums within the two parts of a job that changed its speed for good; null of one that did not. */
function partsOf(means: readonly number[]): Sums | null {
  const splits = means.flatMap((between, at) => {
    const [before, after, later] = [means.slice(0, at), means.slice(at), means.slice(at + 1)];
    // The batch in which it happened belongs to neither.
    const isBetween = (between - mean(before)) * (between - mean(later)) < 0;
    return [[before, after], ...(isBetween ? [[before, later]] : [])];
  });
  const sums = splits.filter(([before, after]) => isChange(before!, after!)).map(sumsWithin);
  const [least] = sums.sort((a, b) => a.squares - b.squares);
  return least && SQUARES_EXPLAINED * least.squares < sumsWithin([means]).squares ? least : null;
}

function isChange(before: readonly number[], after: readonly number[]): boolean {
  if (Math.min(before.length, after.length) < BATCHES_OF_A_PART) return false;
  return Math.abs(Math.log(mean(before) / mean(after))) > Math.log(PARTS_DIFFER_BY);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
