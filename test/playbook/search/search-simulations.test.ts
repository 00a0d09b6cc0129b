import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ONE_STAGE, TWIN } from '../../../bench/headline/twin.js';
import { bestPossible } from '../../../bench/search/best-possible.js';
import { CASES, COMPUTE_BOUND, randomCase } from '../../../bench/search/cases.js';
import { efficiencyOf, randomEfficiencies } from '../../../bench/search/search-efficiency.js';
import { seeded } from '../../../bench/search/simulated-pipeline.js';
import { BASE_COMMIT, simulateRun, surveyFor } from '../../../bench/search/simulated-run.js';
import { percentile } from '../../../domain/belief/steady-state.js';
import { settingKey, settingsOf } from '../../../playbook/search/settings.js';

describe('the search on simulated pipelines', () => {
  it.each(CASES.map((each) => ({ name: each.pipeline.name, each })))(
    'comes within a tenth of the best: $name',
    ({ each }) => {
      const found = efficiencyOf(each, 1, true, 6);
      expect(found.baselineShare).toBeLessThan(0.85);
      expect(found.reachedShare).toBeGreaterThanOrEqual(0.9);
    },
  );

  it('runs nothing where compute is the limit', () => {
    const run = simulateRun(COMPUTE_BOUND.pipeline, COMPUTE_BOUND.start, seeded(1), { rounds: 5, maxConcurrency: 3 });
    expect(run.bestRates).toEqual([]);
    expect(run.stopped).toContain('compute is the limit');
  });

  it('ends sooner with its model where stages hold each other up, and nearer to the best', () => {
    const { pipeline, start } = TWIN;
    const best = bestPossible(pipeline, start);
    const [model, rules] = [true, false].map((withModel) =>
      simulateRun(pipeline, start, seeded(1), { rounds: 60, maxConcurrency: 1, keepsBatch: true, withModel }),
    );
    expect(model!.stopped).toContain('Nothing untried remains');
    expect(model!.bestRates.at(-1)! / best).toBeGreaterThan(0.97);
    expect(model!.bestRates.at(-1)).toBeGreaterThan(rules!.bestRates.at(-1)!);
    expect(model!.bestRates.length).toBeLessThanOrEqual((2 / 3) * rules!.bestRates.length);
  });

  it('knows after a split what the jobs before it told', () => {
    const best = bestPossible(TWIN.pipeline, TWIN.start);
    const isEnough = (rate: number) => rate >= 0.95 * best;
    const counts = [1, 2, 3, 4, 5, 6].map((seed) => {
      const run = simulateRun(ONE_STAGE.pipeline, ONE_STAGE.start, seeded(seed), {
        rounds: 20,
        maxConcurrency: 1,
        keepsBatch: true,
        withModel: true,
        isEnough,
      });
      expect(run.history.some(({ spec }) => spec.changes.some((change) => change.startsWith('split_stage')))).toBe(
        true,
      );
      return run.bestRates.findIndex(isEnough) + 1;
    });
    expect(percentile(counts, 0.5)).toBeLessThanOrEqual(6);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it.each([
    { noise: 0, statistics: true },
    { noise: 0.03, statistics: true },
    { noise: 0.02, statistics: false },
  ])('needs at most 12 experiments as a median: %j', ({ noise, statistics }) => {
    const counts = randomEfficiencies(16, noise, statistics).map(
      ({ untilWithin5 }) => untilWithin5 ?? Number.POSITIVE_INFINITY,
    );
    expect(percentile(counts, 0.5)!).toBeLessThanOrEqual(12);
  });

  it('never proposes the same setting twice, nor more than four at once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 0.05), fc.boolean(), (seed, noise, statistics) => {
        const random = seeded(seed);
        const { pipeline, start } = randomCase(random, noise);
        const { history, rounds } = simulateRun(pipeline, start, random, { rounds: 6, maxConcurrency: 4, statistics });
        const settings = settingsOf(surveyFor(pipeline, start), history, BASE_COMMIT).byNode;
        const keys = [...settings.values()].map(settingKey);
        expect(new Set(keys).size).toBe(keys.length);
        expect(history.length - 2).toBeLessThanOrEqual(4 * rounds);
        for (const { spec } of history) expect(spec.name).toMatch(/^[a-z0-9_]{1,40}$/);
      }),
      { numRuns: 25 },
    );
  });
});
