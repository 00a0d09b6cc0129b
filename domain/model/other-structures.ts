/**
 * What jobs of another structure tell of this one's stages: what no change touched keeps its times, a merged stage
 * takes what its parts took together, and two halves of a split stage have to take together what the whole took. It is
 * believed less than what was measured, and not where this structure's own jobs speak against it.
 */
import { normalised, pick } from './mixture.js';
import type { OperatingPoint } from './operating-point.js';
import { type CurveFit, fitCurve, type TaskTime, taskSeconds } from './service-curve.js';
import type { Draw, Sharing } from './throughput.js';

/** How a job of another structure was built of this one's stages, by their functions. */
export interface Carried {
  point: OperatingPoint;
  /** Stages of this structure, and what did their work. */
  same: readonly { stage: string; was: readonly string[] }[];
  /** Stages that did the work of two of this structure. */
  wholes: readonly { was: string; halves: readonly [string, string] }[];
}

/** By stage of the other structure. */
type Seen = ReadonlyMap<string, TaskTime>;

/** Standard deviation of the logarithm of a task's time in another structure, against its time in this one. */
const DOUBT = 0.12;
/** Of a whole's time, against what its halves take together. */
const DOUBT_OF_WHOLE = 0.2;
/** Own and carried times are of different curves where that is likelier by so much, as a logarithm. */
const DISAGREE = 3;
/** How likely a whole's time is, against the likeliest, where it tells nothing of its halves. */
const TELLS_NOTHING = 0.05;
/** Tasks in flight that differ by less than this factor load a whole alike. */
const ALIKE = 1.25;
/** Ways to share the whole's tasks between its halves that are looked at. */
const BALANCES = 48;

/** Of a stage of this structure, from what the job's own stages did. */
export function carriedTimes(stage: string, { same }: Carried, seen: Seen): TaskTime[] {
  const was = same.find((each) => each.stage === stage)?.was ?? [];
  const parts = was.flatMap((name) => seen.get(name) ?? []);
  if (parts.length === 0 || parts.length < was.length) return [];
  const [only] = parts;
  if (parts.length === 1) return [{ ...only!, doubt: DOUBT }];
  const inFlight = parts.reduce((sum, part) => sum + part.inFlight, 0);
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  return [{ inFlight, allowed: inFlight, seconds, doubt: DOUBT }];
}

/**
 * The fit over both, or over the own ones alone where the others are of another curve. Its evidence is of both either
 * way, so that fits by different sharings compare.
 */
export function withCarried(own: readonly TaskTime[], carried: readonly TaskTime[]): CurveFit {
  const fit = fitCurve(own);
  if (carried.length === 0) return fit;
  const together = fitCurve([...own, ...carried]);
  const apart = fit.logEvidence + fitCurve(carried).logEvidence - DISAGREE;
  return together.logEvidence >= apart ? together : { ...fit, logEvidence: apart };
}

interface WholeTime {
  time: TaskTime;
  halves: readonly [string, string];
}

export function wholeTimes({ wholes }: Carried, seen: Seen): WholeTime[] {
  return wholes.flatMap(({ was, halves }) => {
    const time = seen.get(was);
    return time ? [{ time, halves }] : [];
  });
}

/** Of many draws as many as are wanted, each the more often the better its halves explain what the wholes took. */
export function heldAgainstWholes(draws: readonly Draw[], wholesOf: (by: Sharing) => WholeTime[], wanted: number) {
  const weighed = normalised(
    draws.map((draw) => {
      // Jobs that are loaded alike tell the same: the one that is explained least counts.
      const alike = new Map<string, number>();
      for (const { time, halves } of wholesOf(draw)) {
        const [first, second] = halves.map((half) => draw.times[half]);
        const off = offBalance(time, first, second) / DOUBT_OF_WHOLE;
        const key = `${halves} ${Math.round(Math.log(time.inFlight) / Math.log(ALIKE))}`;
        alike.set(key, Math.min(alike.get(key) ?? 0, Math.log(TELLS_NOTHING + Math.exp((-off * off) / 2))));
      }
      return { draw, logWeight: [...alike.values()].reduce((sum, log) => sum + log, 0) };
    }),
  );
  return Array.from({ length: wanted }, (_, k) => pick(weighed, (k + 0.5) / wanted).draw);
}

/**
 * By how much, as a logarithm, two halves differ from the whole's time: the least over all ways to share its tasks in
 * which both halves do as many in a second. There may be several, as more tasks that hold each other up do fewer.
 */
function offBalance(
  { inFlight, seconds }: TaskTime,
  first: readonly number[] | undefined,
  second: readonly number[] | undefined,
): number {
  if (!first || !second) return Number.POSITIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  let wasAhead = false;
  for (let i = 1; i <= BALANCES; i += 1) {
    const at = (inFlight * i) / BALANCES;
    const [a, b] = [taskSeconds(first, at), taskSeconds(second, inFlight - at)];
    const isAhead = at / a >= (inFlight - at) / b;
    if (isAhead !== wasAhead) least = Math.min(least, Math.abs(Math.log((a + b) / seconds)));
    wasAhead = isAhead;
  }
  return least;
}
