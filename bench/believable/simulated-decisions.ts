/**
 * A run with known truth: experiments of which some are real gains over the incumbent of their time and the others
 * change nothing (or make it worse), measured with noise and decided by the policies that the engine uses, or by the
 * luckiest run.
 */
import { deservesRepeats, incumbentIsDue, judgeRepeats, leastImprovement } from '../../domain/belief/improvement.js';
import { mean, pooledNoise } from '../../domain/belief/noise.js';
import { type Random, seeded } from '../search/simulated-pipeline.js';
import type { Decide, Job } from './decide.js';
import { oddsDecider } from './odds-decider.js';

export interface World {
  experiments: number;
  realGains: number;
  /** Relative: 0.05 to 0.2 is 5 to 20% faster. */
  gainFrom: number;
  gainTo: number;
  /** Relative standard deviation of one run. */
  noise: number;
  /** Without an effect, or slower by a share whose typical size is 5%. */
  others: 'equal' | 'slower';
  /** Standard deviation of the steps by which the machine's speed wanders between two jobs; it returns by a tenth. */
  drift: number;
  /** By how much the machine is faster from the middle of the experiments on, in log speed. */
  step?: number;
}

/**
 * `odds`: as runs decide; `odds, usual gains`: as they did before large gains were expected; `odds, one run ahead`:
 * before what several further jobs may show was thought through; `odds, no sentinels` and `odds of own runs`: as they
 * did before there were sentinels, and before the experiments that build on the incumbent told of its speed; `repeats`:
 * before odds were weighed.
 */
export type Decider =
  | 'odds'
  | 'odds, usual gains'
  | 'odds, one run ahead'
  | 'odds, no sentinels'
  | 'odds of own runs'
  | 'repeats'
  | 'any better single run';

export interface Outcome {
  kept: number;
  falselyKept: number;
  found: number;
  /** Jobs beyond one for each experiment and one for the baseline. */
  extraRuns: number;
  /** How much faster the last incumbent seems to be by what it was kept for, and is, times the baseline. */
  claimed: number;
  true: number;
}

const CALIBRATION_RUNS = 2;
/** What the steps of a job show of the noise between jobs: it differs from pipeline to pipeline, and is never all. */
const STEPS_SHOW_FROM = 0.2;
const STEPS_SHOW_TO = 0.9;
const TYPICAL_LOSS = 0.05;
const DRIFT_RETURNS = 0.9;

export function simulateDecisions(world: World, decider: Decider, seed: number): Outcome {
  const random = seeded(seed * 7919 + 13);
  let jobs = 0;
  let drift = 0;
  let shift = 0;
  const measure = (speed: number) => {
    jobs += 1;
    drift = DRIFT_RETURNS * drift + world.drift * normal(random);
    return speed + drift + shift + world.noise * normal(random);
  };
  const job: Job = { measure, count: () => jobs };
  const odds = (heedsChildren: boolean, watchesDrift: boolean, weighsRepeats: boolean, expectsLargeGains = false) =>
    oddsDecider(job, steps, CALIBRATION_RUNS, {
      ...{ heedsChildren, watchesDrift, weighsRepeats, expectsLargeGains },
      calibratesAsNeeded: expectsLargeGains,
    });
  const gains = gainsOf(world, random);
  const steps = world.noise * (STEPS_SHOW_FROM + (STEPS_SHOW_TO - STEPS_SHOW_FROM) * random());
  const decide = {
    odds: () => odds(true, true, true, true),
    'odds, usual gains': () => odds(true, true, true),
    'odds, one run ahead': () => odds(true, true, false),
    'odds, no sentinels': () => odds(true, false, false),
    'odds of own runs': () => odds(false, false, false),
    repeats: () => byRepeats(measure, () => jobs),
    'any better single run': () => byLuck(measure),
  }[decider]();
  const outcome: Outcome = { kept: 0, falselyKept: 0, found: 0, extraRuns: 0, claimed: 1, true: 1 };
  let incumbent = 0;
  const take = (gain: number, isReopened: boolean) => {
    if (!decide(incumbent + gain, isReopened)) return;
    outcome.kept += 1;
    if (gain > 0) outcome.found += 1;
    else outcome.falselyKept += 1;
    incumbent += gain;
  };
  for (const [index, gain] of gains.entries()) {
    if (index === world.experiments / 2) shift = world.step ?? 0;
    take(gain, false);
    for (let again = decide.again?.() ?? []; again.length > 0; again = decide.again?.() ?? [])
      for (const each of again) take(each, true);
  }
  outcome.true = Math.exp(incumbent);
  outcome.claimed = Math.exp(decide.claimed());
  outcome.extraRuns = jobs - world.experiments - 1;
  return outcome;
}

function byLuck(measure: (speed: number) => number): Decide {
  const first = measure(0);
  let best = first;
  const decide = (speed: number) => {
    const result = measure(speed);
    if (result <= best) return false;
    best = result;
    return true;
  };
  return Object.assign(decide, { claimed: () => best - first });
}

function byRepeats(measure: (speed: number) => number, jobs: () => number): Decide {
  const baseline = Array.from({ length: 1 + CALIBRATION_RUNS }, () => measure(0));
  const groups = [baseline];
  let incumbent = { speed: 0, runs: baseline, lastJob: jobs() };
  const noise = () => pooledNoise(groups)!;
  const decide = (speed: number) => {
    const first = measure(speed);
    if (!deservesRepeats(first, incumbent.runs, noise(), leastImprovement(null, noise()))) return false;
    const runs: number[] = [];
    groups.push(runs);
    for (;;) {
      if (incumbentIsDue(incumbent.runs.length, jobs() - incumbent.lastJob)) {
        incumbent.runs.push(measure(incumbent.speed));
        incumbent.lastJob = jobs();
      }
      runs.push(measure(speed));
      const sides = { candidate: runs, incumbent: incumbent.runs };
      const verdict = judgeRepeats(sides, noise(), leastImprovement(null, noise()));
      if (verdict === 'reject') return false;
      if (verdict === 'repeat') continue;
      incumbent = { speed, runs, lastJob: jobs() };
      return true;
    }
  };
  return Object.assign(decide, { claimed: () => mean(incumbent.runs) - mean(baseline) });
}

/** True gains in log speed, in the order of the experiments; the real ones stand anywhere. */
function gainsOf(world: World, random: Random): number[] {
  const real = new Set<number>();
  while (real.size < world.realGains) real.add(Math.floor(random() * world.experiments));
  return Array.from({ length: world.experiments }, (_, i) => {
    if (real.has(i)) return Math.log1p(world.gainFrom + (world.gainTo - world.gainFrom) * random());
    return world.others === 'equal' ? 0 : -Math.abs(TYPICAL_LOSS * normal(random));
  });
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
