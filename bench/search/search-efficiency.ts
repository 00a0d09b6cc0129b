/** How many experiments the playbook's search needs on simulated pipelines. Run: `node bench/search.mjs`. */
import { percentile } from '../../domain/belief/steady-state.js';
import { bestPossible } from './best-possible.js';
import { CASES, type Case, randomCase } from './cases.js';
import { seeded } from './simulated-pipeline.js';
import { simulateRun } from './simulated-run.js';

export interface Efficiency {
  name: string;
  baselineShare: number;
  reachedShare: number;
  /** Follow-up experiments until within 5% of the best possible; null when never. */
  untilWithin5: number | null;
  experiments: number;
  rounds: number;
}

export function efficiencyOf({ pipeline, start }: Case, seed: number, statistics = true, rounds = 10): Efficiency {
  const best = bestPossible(pipeline, start);
  const run = simulateRun(pipeline, start, seeded(seed), { rounds, maxConcurrency: 3, statistics });
  const within = run.bestRates.findIndex((rate) => rate >= 0.95 * best);
  const isAtStart = run.baselineRate >= 0.95 * best;
  return {
    name: pipeline.name,
    baselineShare: run.baselineRate / best,
    reachedShare: Math.max(run.bestRates.at(-1) ?? run.baselineRate, 0) / best,
    untilWithin5: isAtStart ? 0 : within < 0 ? null : within + 1,
    experiments: run.bestRates.length,
    rounds: run.rounds,
  };
}

/** Pipelines that leave something to gain: at the start at least a tenth below their best. */
export function randomEfficiencies(count: number, noise: number, statistics = true): Efficiency[] {
  const random = seeded(7);
  const found: Efficiency[] = [];
  while (found.length < count) {
    const each = efficiencyOf(randomCase(random, noise), found.length + 1, statistics);
    if (each.baselineShare < 0.9) found.push(each);
  }
  return found;
}

export function efficiencyReport(): string {
  const row = (e: Efficiency) =>
    `${e.name.padEnd(18)} start ${e.baselineShare.toFixed(2)}  reached ${e.reachedShare.toFixed(2)}  within 5% after ${e.untilWithin5 ?? '-'}  of ${e.experiments} in ${e.rounds} rounds`;
  const lines = CASES.map((each) => row(efficiencyOf(each, 1)));
  const settings = [
    { noise: 0, statistics: true },
    { noise: 0.02, statistics: true },
    { noise: 0.04, statistics: true },
    { noise: 0.02, statistics: false },
  ];
  for (const { noise, statistics } of settings) {
    const all = randomEfficiencies(60, noise, statistics);
    const counts = all.map(({ untilWithin5 }) => untilWithin5 ?? 999);
    const never = counts.filter((count) => count === 999).length;
    lines.push(
      `random, noise ${noise}${statistics ? '' : ', without stage statistics'}: median ${percentile(counts, 0.5)}, p75 ${percentile(counts, 0.75)}, never ${never} of ${all.length}, reached (median) ${percentile(
        all.map((e) => e.reachedShare),
        0.5,
      )!.toFixed(3)}, worst ${Math.min(...all.map((e) => e.reachedShare)).toFixed(2)}`,
    );
  }
  return lines.join('\n');
}
