/** How often luck is kept and a real gain is missed, over many simulated runs. Run: `node bench/believable.mjs`. */
import { type Decider, type Outcome, simulateDecisions, type World } from './simulated-decisions.js';

/**
 * The goal's own world: 5% noise, 100 experiments, 10 of them real gains of 5 to 20%, the others without any effect.
 */
export const GOAL_WORLD: World = {
  experiments: 100,
  realGains: 10,
  gainFrom: 0.05,
  gainTo: 0.2,
  noise: 0.05,
  others: 'equal',
  drift: 0,
};

export interface Rates {
  /** Of what was kept. */
  falseOfKept: number;
  /** Of the experiments without a gain. */
  falseOfOthers: number;
  found: number;
  extraRuns: number;
  /** What a run claims to have gained over what it truly gained: 1 is honest. */
  overstated: number;
}

export function ratesOf(world: World, decider: Decider, seeds: number): Rates {
  const outcomes = Array.from({ length: seeds }, (_, seed) => simulateDecisions(world, decider, seed + 1));
  const sum = (field: keyof Outcome) => outcomes.reduce((total, each) => total + each[field], 0);
  const ratio = outcomes.reduce((total, each) => total + each.claimed / each.true, 0);
  return {
    falseOfKept: sum('falselyKept') / Math.max(1, sum('kept')),
    falseOfOthers: sum('falselyKept') / (seeds * (world.experiments - world.realGains)),
    found: sum('found') / (seeds * Math.max(1, world.realGains)),
    extraRuns: sum('extraRuns') / seeds,
    overstated: ratio / seeds,
  };
}

const SEEDS = 1000;
const WORLDS: readonly [string, World][] = [
  ['the goal: 5% noise, the others without effect', GOAL_WORLD],
  ['5% noise, the others slower', { ...GOAL_WORLD, others: 'slower' }],
  ['5% noise, no real gain at all', { ...GOAL_WORLD, realGains: 0 }],
  ['2% noise', { ...GOAL_WORLD, noise: 0.02 }],
  ['1% noise', { ...GOAL_WORLD, noise: 0.01 }],
  ['0.5% noise', { ...GOAL_WORLD, noise: 0.005 }],
  ['20% noise, gains of 20 to 100%', { ...GOAL_WORLD, noise: 0.2, gainFrom: 0.2, gainTo: 1 }],
  ['5% noise on a machine that wanders by 1% a job', { ...GOAL_WORLD, drift: 0.01 }],
  ['5% noise on a machine that is 15% slower from the middle on', { ...GOAL_WORLD, step: -0.15 }],
  ['1% noise on a machine that is 10% slower from the middle on', { ...GOAL_WORLD, noise: 0.01, step: -0.1 }],
  ['1% noise on a machine that is 10% faster from the middle on', { ...GOAL_WORLD, noise: 0.01, step: 0.1 }],
  ['0.5% noise on a machine that is 3% slower from the middle on', { ...GOAL_WORLD, noise: 0.005, step: -0.03 }],
];

export function believableReport(): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`.padStart(6);
  const row = (decider: Decider, rates: Rates) =>
    [
      `  ${decider.padEnd(22)}`,
      `false of kept ${percent(rates.falseOfKept)}`,
      `false of others ${percent(rates.falseOfOthers)}`,
      `gains found ${percent(rates.found)}`,
      `extra runs ${rates.extraRuns.toFixed(0).padStart(4)}`,
      `claimed / true ${rates.overstated.toFixed(3)}`,
    ].join('   ');
  return WORLDS.flatMap(([name, world]) => [
    `${name} (${world.experiments} experiments, ${world.realGains} real gains, ${SEEDS} runs)`,
    row('odds', ratesOf(world, 'odds', SEEDS)),
    row('odds, usual gains', ratesOf(world, 'odds, usual gains', SEEDS)),
    row('odds, one run ahead', ratesOf(world, 'odds, one run ahead', SEEDS)),
    row('odds, no sentinels', ratesOf(world, 'odds, no sentinels', SEEDS)),
    row('odds of own runs', ratesOf(world, 'odds of own runs', SEEDS)),
    row('repeats', ratesOf(world, 'repeats', SEEDS)),
    row('any better single run', ratesOf(world, 'any better single run', SEEDS)),
  ]).join('\n');
}
