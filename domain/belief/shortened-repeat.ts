/**
 * Whether a repeat has shown what it must before its end. It runs code of which one whole run is known, step by step,
 * so that it is measured by how much faster it is over the same steps (the warm-up left out of both): its number is
 * that of the whole run times this ratio, whatever the rate does from step to step as long as both do it. It ends when
 *
 * - its steady steps are a hundred lines apart from the first look at least, and a quarter of the whole run's;
 * - more steps would tell next to nothing more: the standard error of the ratio, by batch means, is at most half of
 *   what two runs of the same code differ by anyhow;
 * - the whole run was steady: what came after these steps was as fast as they were, within what runs differ by. One
 *   that changes late is repeated to its end, as the repeat might change otherwise;
 * - the ratio is steady: the two halves of the steps agree on it.
 *
 * Where a person says how many seconds of steps are enough (`--measure-seconds`), any job but the baseline's first is
 * held against that whole run instead, as long as that one was steady: its number is the baseline's times the ratio of
 * their steady steps, which must hold the same samples.
 */

import type { Evidence } from '../evidence/evidence.js';
import type { Progress } from './early-abort.js';
import { stepNoise } from './noise.js';
import { warmUpSteps } from './steady-state.js';

type Steps = Progress['steps'];

/** What was measured of a repeat that was ended: plain numbers, as they stand in its run's folder. */
export interface Shortened {
  /** Whose whole run it is held against. */
  of: string;
  steps: number;
  whole_steps: number;
  /** Means over the same steps after the warm-up. */
  step_time_ms: number;
  whole_step_time_ms: number;
  /** Of the whole run's over these steps, 1 = as fast; and its relative standard error. */
  speed_ratio: number;
  standard_error: number;
  /** Of steady steps, where that is what a person asked for. */
  seconds?: number;
}

/** As many steps, so that the warm-up of both is the same number of steps (steady-state.ts). */
const FEWEST_STEPS = 100;
const FEWEST_LINES = 50;
const LEAST_SHARE = 0.25;
/** What is left of it would take less time than to end it. */
const MOST_SHARE = 0.9;
/** Of what runs differ by: the error of one run then grows by an eighth. */
const PRECISE = 0.5;
/** Two standard errors of a difference between two halves, each of which has the error of the whole times root two. */
const HALVES_APART = 4;
const WARM_UP = warmUpSteps(Number.MAX_SAFE_INTEGER);

/** `noise`: by how much two runs differ, as a relative standard deviation. Null: it goes on. */
export function shortened(of: string, steps: Steps, whole: Steps, noise: number): Shortened | null {
  const [done, all] = [lastOf(steps), lastOf(whole)];
  if (done < FEWEST_STEPS || done < all * LEAST_SHARE || done > all * MOST_SHARE) return null;
  const [own, same, rest] = [within(steps, WARM_UP, done), within(whole, WARM_UP, done), within(whole, done, all)];
  if (Math.min(own.length, same.length) < FEWEST_LINES || rest.length === 0) return null;
  if (!isCovered(own, done) || !isCovered(same, done)) return null;
  const error = errorOfRatio(own, same);
  if (error === null || error > PRECISE * noise || !(apart(same, rest) <= noise)) return null;
  const middle = (WARM_UP + done) / 2;
  const half = (isFirst: boolean) => {
    const [a, b] = [own, same].map((lines) => lines.filter(({ last }) => last <= middle === isFirst));
    return a!.length === 0 || b!.length === 0 ? Number.NaN : Math.log(meanMs(b!) / meanMs(a!));
  };
  if (!(Math.abs(half(true) - half(false)) <= HALVES_APART * error)) return null;
  return { of, steps: done, whole_steps: all, ...ratioOf(own, same), standard_error: error };
}

/** The same after so many seconds of steady steps, against a whole run of other code whose steps hold as much. */
export function measuredFor(seconds: number, of: string, steps: Steps, whole: Steps, noise: number): Shortened | null {
  const [done, all] = [lastOf(steps), lastOf(whole)];
  if (Math.min(done, all) < FEWEST_STEPS) return null;
  const [own, base] = [within(steps, WARM_UP, done), within(whole, WARM_UP, all)];
  if (own.length < FEWEST_LINES || !isCovered(own, done) || !isCovered(base, all) || secondsOf(own) < seconds)
    return null;
  // What the first seconds of the baseline say of all of it, those of other code may.
  const [first, rest] = parted(base, ({ passedS }) => passedS <= seconds);
  if (rest.length === 0 || !(apart(first, rest) <= noise)) return null;
  const error = errorOfRatio(own, base);
  const [early, late] = parted(own, ({ passedS }) => passedS <= secondsOf(own) / 2);
  if (error === null || !(apart(early, late) <= Math.max(noise, HALVES_APART * error))) return null;
  return { of, steps: done, whole_steps: all, ...ratioOf(own, base), standard_error: error, seconds };
}

export function shortenedText(measured: Shortened): string {
  const { steps, whole_steps: all, speed_ratio: ratio, standard_error: error, of, seconds } = measured;
  if (seconds !== undefined)
    return (
      `ended early after ${steps} steps, ${seconds} s of them steady, as --measure-seconds asks: they were ${ratio.toPrecision(4)} ` +
      `times as fast as those of ${of} (standard error ${(100 * error).toPrecision(2)}%), and its throughput is that one's times this`
    );
  return (
    `ended early after ${steps} of ${all} steps, as its rate was steady: over these steps it was ${ratio.toPrecision(4)} times ` +
    `as fast as the whole run of ${of} (standard error ${(100 * error).toPrecision(2)}%), and its throughput is that one's times this`
  );
}

/** What its lines measured, told on the scale of whole runs. `whole` is the evidence of the one it is held against. */
export function onScaleOfWhole(evidence: Evidence, measured: Shortened, whole: Evidence | null): Evidence {
  const { throughput_samples_per_s: _, ...sources } = evidence.sources;
  const samplesPerS = whole?.metrics.throughput_samples_per_s ?? null;
  const throughput = samplesPerS === null ? null : samplesPerS * measured.speed_ratio;
  const text = shortenedText(measured);
  const { noise, ...steps } = evidence.steps;
  // Fewer steps err by more; what steps say of the noise of runs is asked of whole ones.
  const share = Math.min(1, measured.steps / measured.whole_steps);
  return {
    ...evidence,
    steps: noise === undefined ? steps : { ...steps, noise: noise * Math.sqrt(share) },
    metrics: { ...evidence.metrics, throughput_samples_per_s: throughput },
    sources: throughput === null ? sources : { ...sources, throughput_samples_per_s: 'derived' },
    shortened: text,
    findings: [text, ...evidence.findings],
  };
}

type Line = Steps[number] & { stepMs: number };

function within(lines: Steps, from: number, to: number): Line[] {
  return lines.filter(({ first, last }) => first > from && last <= to).flatMap(known);
}

function errorOfRatio(own: readonly Line[], same: readonly Line[]): number | null {
  const [a, b] = [own, same].map((lines) => stepNoise(lines.map(({ stepMs }) => stepMs)));
  return a == null || b == null ? null : Math.hypot(a, b);
}

function apart(some: readonly Line[], others: readonly Line[]): number {
  return some.length === 0 || others.length === 0 ? Number.NaN : Math.abs(Math.log(meanMs(some) / meanMs(others)));
}

function ratioOf(own: readonly Line[], same: readonly Line[]) {
  const [ms, sameMs] = [meanMs(own), meanMs(same)];
  return { step_time_ms: ms, whole_step_time_ms: sameMs, speed_ratio: sameMs / ms };
}

function secondsOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { first, last, stepMs }) => sum + (stepMs * (last - first + 1)) / 1000, 0);
}

/** In two by how many seconds of steps had passed at the end of each. */
function parted(lines: readonly Line[], isFirst: (at: { passedS: number }) => boolean): [Line[], Line[]] {
  let passedS = 0;
  const [first, rest]: [Line[], Line[]] = [[], []];
  for (const line of lines) {
    passedS += secondsOf([line]);
    (isFirst({ passedS }) ? first : rest).push(line);
  }
  return [first, rest];
}

function lastOf(lines: Steps): number {
  return lines.reduce((most, { last }) => Math.max(most, last), 0);
}

function known(line: Steps[number]): Line[] {
  return line.stepMs === null || !(line.stepMs > 0) ? [] : [{ ...line, stepMs: line.stepMs }];
}

/** Of a long log only the end may have been read, and lines may be lost. */
function isCovered(lines: readonly Line[], to: number): boolean {
  const steps = lines.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return steps >= COVERED * (to - WARM_UP);
}

const COVERED = 0.9;

function meanMs(lines: readonly Line[]): number {
  const weights = lines.map(({ first, last }) => Math.max(1, last - first + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return lines.reduce((sum, { stepMs }, i) => sum + stepMs * weights[i]!, 0) / total;
}
