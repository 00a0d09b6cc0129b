/**
 * How long a task of a stage takes with others in flight, as a mixture of curves: every shape of a fixed grid, weighted
 * by how well it explains what was measured. One observation leaves many shapes, and so a wide prediction; each further
 * one at another number of tasks takes some away.
 */

import { type Departures, departureAt, departureProcess } from './departures.js';

/** So many tasks at a time a curve is asked for. */
export const TASKS_MOST = 64;

/** Time of a task against that of one task alone. Of no more than `goodUpTo` tasks none is slowed down. */
export interface Shape {
  /** Tasks that are served at a time; those beyond wait for one of them. Null: all that are in flight. */
  engines: number | null;
  goodUpTo: number;
  /** Slowdown for each task beyond `goodUpTo` (contention), and for each pair of them (coherency). */
  contention: number;
  coherency: number;
}

/** What a task's time depends on: those at work by Little's law, or those that the stage may have under way. */
export type Load = 'in flight' | 'allowed';

export interface TaskTime {
  inFlight: number;
  allowed: number;
  seconds: number;
  /** Standard deviation of its logarithm, where that is not a measurement's: others of such a kind do not lessen it. */
  doubt?: number;
}

export interface Curve {
  shape: Shape;
  load: Load;
  /** Natural logarithm of the seconds of one task alone, and how far off that may be. */
  logBase: number;
  spread: number;
  /** How far the measured times are from the shape, at each number of tasks where there are any. */
  departures: Departures;
  /** Of 1 over all curves of a fit. */
  weight: number;
}

export interface CurveFit {
  /** Most likely first. */
  curves: Curve[];
  /** Natural logarithm of how well all of them together explain the observations. */
  logEvidence: number;
}

/** Relative error of a measured task time; of means over a job's steady part. */
const TIME_ERROR = 0.05;
/** Times at loads that differ by less than this factor are pooled: repeats of an experiment, and what acts alike. */
const ALIKE = 1.03;
/** Degrees of freedom of the error: few, so that one odd job does not rule out what explains all others. */
const FREEDOM = 4;
/** A curve of less weight than this share of the heaviest is left out. */
const WORTH_KEEPING = 1e-3;

export function slowdown({ engines, goodUpTo, contention, coherency }: Shape, tasks: number): number {
  const queueing = engines === null ? 1 : Math.max(1, tasks / engines);
  const beyond = Math.max(0, tasks - goodUpTo);
  return queueing * (1 + contention * beyond + coherency * beyond * (beyond + 1));
}

/** Seconds of a task with 1, 2, … at a time, in their order. `off`: by how many standard deviations a draw is off. */
export function taskTimes(curve: Omit<Curve, 'weight' | 'load'>, off = { base: 0, departure: 0 }): number[] {
  const { shape, logBase, spread, departures } = curve;
  return Array.from({ length: TASKS_MOST }, (_, i) => {
    const { mean, sd } = departureAt(departures, Math.log(i + 1));
    return Math.exp(logBase + spread * off.base + mean + sd * off.departure) * slowdown(shape, i + 1);
  });
}

/** Between whole numbers of tasks in proportion. */
export function taskSeconds(times: readonly number[], tasks: number): number {
  const at = Math.min(Math.max(tasks, 1), times.length) - 1;
  const before = Math.floor(at);
  const seconds = times[before]!;
  return at === before ? seconds : seconds + (times[before + 1]! - seconds) * (at - before);
}

interface Candidate {
  shape: Shape;
  load: Load;
  logPrior: number;
}

/** With `goodUpTo` 1 these are the universal scalability law's. */
const GOOD_UP_TO = [1, 2, 3, 4, 6, 8, 12, 16];
const CONTENTION = [0, 0.05, 0.1, 0.2, 0.4, 1];
const COHERENCY = [0, 0.003, 0.01, 0.03, 0.1, 0.3];
const ENGINES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 32, 48];
const BEYOND_ENGINES = [0, 0.02, 0.05, 0.08, 0.12, 0.2];

/** What is expected before anything is measured. */
const PRIOR = { unlimited: 0.35, crowding: 0.4, engines: 0.25 };
const LOADS = [
  { load: 'in flight', prior: 0.6 },
  { load: 'allowed', prior: 0.4 },
] as const satisfies { load: Load; prior: number }[];

const CANDIDATES: readonly Candidate[] = LOADS.flatMap(({ load, prior }) =>
  (
    [
      [PRIOR.unlimited, [{ engines: null, goodUpTo: 1, contention: 0, coherency: 0 }]],
      [PRIOR.crowding, crowdingShapes()],
      [PRIOR.engines, engineShapes()],
    ] as const
  ).flatMap(([share, shapes]) =>
    shapes.map((shape) => ({ shape, load, logPrior: Math.log((prior * share) / shapes.length) })),
  ),
);

function crowdingShapes(): Shape[] {
  return GOOD_UP_TO.flatMap((goodUpTo) =>
    CONTENTION.flatMap((contention) =>
      COHERENCY.filter((coherency) => contention + coherency > 0).map((coherency) => ({
        engines: null,
        goodUpTo,
        contention,
        coherency,
      })),
    ),
  );
}

function engineShapes(): Shape[] {
  return ENGINES.flatMap((engines) =>
    BEYOND_ENGINES.map((contention) => ({ engines, goodUpTo: engines, contention, coherency: 0 })),
  );
}

/** At least one observation. */
export function fitCurve(times: readonly TaskTime[]): CurveFit {
  const pooled = new Map(LOADS.map(({ load }) => [load, pooledTimes(times, load)]));
  const weighed = CANDIDATES.map(({ shape, load, logPrior }) => {
    const { tasks, logSeconds, process, scatter } = pooled.get(load)!;
    const offs = logSeconds.map((log, i) => log - Math.log(slowdown(shape, tasks[i]!)));
    const { base, misfit } = process.fit(offs);
    const logWeight = logPrior - ((FREEDOM + times.length - 1) / 2) * Math.log1p((misfit + scatter) / FREEDOM);
    return { shape, load, offs, logBase: base, logWeight };
  });
  const most = Math.max(...weighed.map(({ logWeight }) => logWeight));
  const kept = weighed.filter(({ logWeight }) => logWeight >= most + Math.log(WORTH_KEEPING));
  const total = kept.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - most), 0);
  return {
    curves: kept
      .map(({ logWeight, shape, load, offs, logBase }) => {
        const { process } = pooled.get(load)!;
        const departures = process.departures(offs.map((off) => off - logBase));
        return {
          shape,
          load,
          logBase,
          spread: process.baseError,
          departures,
          weight: Math.exp(logWeight - most) / total,
        };
      })
      .sort((a, b) => b.weight - a.weight),
    logEvidence: most + Math.log(total),
  };
}

function pooledTimes(times: readonly TaskTime[], load: Load) {
  const groups = new Map<
    string,
    { logTasks: number; logSeconds: number; squares: number; count: number; doubt: number }
  >();
  for (const { seconds, inFlight, allowed, doubt = 0 } of times) {
    const logTasks = Math.log(Math.max(1, load === 'in flight' ? inFlight : allowed));
    const key = `${Math.round(logTasks / Math.log(ALIKE))} ${doubt}`;
    const group = groups.get(key) ?? { logTasks: 0, logSeconds: 0, squares: 0, count: 0, doubt };
    group.logTasks += logTasks;
    group.logSeconds += Math.log(seconds);
    group.squares += Math.log(seconds) ** 2;
    group.count += 1;
    groups.set(key, group);
  }
  const means = [...groups.values()].map(({ logTasks, logSeconds, count, doubt }) => ({
    at: logTasks / count,
    logSeconds: logSeconds / count,
    error: Math.hypot(TIME_ERROR / Math.sqrt(count), doubt),
  }));
  const scatter = [...groups.values()].reduce(
    (sum, { logSeconds, squares, count }) => sum + (squares - (logSeconds * logSeconds) / count) / TIME_ERROR ** 2,
    0,
  );
  return {
    scatter,
    tasks: means.map(({ at }) => Math.exp(at)),
    logSeconds: means.map((mean) => mean.logSeconds),
    process: departureProcess(means),
  };
}

/** The curve at a share (0 to 1) of the fit's weight. */
export function curveAt({ curves }: CurveFit, share: number): Curve {
  let left = share;
  for (const curve of curves) {
    left -= curve.weight;
    if (left < 0) return curve;
  }
  return curves.at(-1)!;
}
