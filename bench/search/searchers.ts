/**
 * The searchers that are compared, each on the same simulated pipelines with the same noise: experiments until near the
 * best.
 */
import type { Case } from './cases.js';
import type { OptunaSearch } from './optuna-search.js';
import { operate, runSimulation, seeded } from './simulated-pipeline.js';
import { simulateRun } from './simulated-run.js';
import { knobValuesOf, rangesOf, settingOfKnobs } from './space.js';

/** As many experiments a search may run; more than TPE is expected to need. */
export const BUDGET = 100;

/**
 * Experiments after the baseline (which none of them has to find) until the true rate of the best measured setting is
 * `target` or more; null when it never is within the budget. What counts is what a user would be given: a lucky
 * measurement misleads.
 */
export type Searcher = (each: Case, seed: number, target: number) => Promise<number | null>;

/** One experiment at a time, as the others, so that each plan may learn from the experiment before it. */
export function playbook({ withModel = true } = {}): Searcher {
  return async ({ pipeline, start }, seed, target) => untilEnough({ pipeline, start }, seed, target, withModel);
}

function untilEnough({ pipeline, start }: Case, seed: number, target: number, withModel: boolean): number | null {
  const isEnough = (rate: number) => rate >= target;
  const run = simulateRun(pipeline, start, seeded(seed), {
    rounds: BUDGET,
    maxConcurrency: 1,
    isEnough,
    repeats: 2,
    keepsBatch: true,
    withModel,
  });
  const found = run.bestRates.findIndex(isEnough);
  // Headspace is an experiment, too: the playbook reads it, the others have no use for it.
  const experiments = found + 1 + 1;
  return found < 0 || experiments > BUDGET ? null : experiments;
}

export function optuna(search: OptunaSearch, sampler: 'tpe' | 'random'): Searcher {
  return async ({ pipeline, start }, seed, target) => {
    const random = seeded(seed);
    let values = await search.begin({ sampler, seed, ranges: rangesOf(pipeline), start: knobValuesOf(start) });
    let best = Number.NEGATIVE_INFINITY;
    // The first is the baseline: Optuna is told what the user runs now.
    for (let experiments = 0; experiments <= BUDGET; experiments += 1) {
      const setting = settingOfKnobs(values, start);
      const measured = runSimulation('', pipeline, setting, random).metrics.throughput_samples_per_s!;
      if (measured > best) {
        best = measured;
        if (operate(pipeline, setting).rate >= target) return experiments;
      }
      if (experiments < BUDGET) values = await search.next(measured);
    }
    return null;
  };
}
