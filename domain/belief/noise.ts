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

/**
 * Relative standard error of the mean step time of one job, by batch means: the steps are cut into ten batches of
 * neighbours, and the means of these are taken as independent, which single steps are not (a slow disk slows down many
 * in a row; with the formula for independent steps the error would come out several times too small). It misses what
 * differs from job to job, so that it is a lower bound of the noise. Null for fewer than twenty steps.
 */
export function stepNoise(stepTimesMs: readonly number[]): number | null {
  if (stepTimesMs.length < STEPS_FOR_BATCHES) return null;
  const size = Math.floor(stepTimesMs.length / BATCHES);
  const used = stepTimesMs.slice(stepTimesMs.length - size * BATCHES);
  const means = Array.from({ length: BATCHES }, (_, i) => mean(used.slice(i * size, (i + 1) * size)));
  const centre = mean(means);
  const variance = means.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (BATCHES - 1);
  return centre > 0 ? Math.sqrt(variance / BATCHES) / centre : null;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
