/**
 * The comparison with Optuna, without Optuna: how experiments are counted, what the goal asks for, the yardstick, the
 * protocol's ranges.
 */
import { describe, expect, it } from 'vitest';
import { bestPossible } from '../../bench/search/best-possible.js';
import { CASES, type Case } from '../../bench/search/cases.js';
import { comparisonTable, missedGoals, type Row } from '../../bench/search/comparison.js';
import type { OptunaSearch } from '../../bench/search/optuna-search.js';
import { BUDGET, optuna, playbook } from '../../bench/search/searchers.js';
import { operate } from '../../bench/search/simulated-pipeline.js';
import { knobValuesOf, rangesOf, settingOfKnobs } from '../../bench/search/space.js';

const caseOf = (name: string) => CASES.find(({ pipeline }) => pipeline.name === name)!;

/** Answers with these settings, one after the other, the last one again and again. */
function scripted(settings: Record<string, number>[]): OptunaSearch & { told: number[] } {
  let at = 0;
  const told: number[] = [];
  const next = async () => settings[Math.min(at++, settings.length - 1)]!;
  return {
    told,
    begin: next,
    next: (value) => {
      told.push(value);
      return next();
    },
    close: () => {},
  };
}

describe('the comparison of searches', () => {
  const { pipeline, start }: Case = caseOf('starved');
  const good = { ...knobValuesOf(start), 'concurrency of fetch': 20, 'concurrency of decode': 6, threads: 27 };
  const target = 0.9 * operate(pipeline, settingOfKnobs(good, start)).rate;

  it('counts the experiments of Optuna after the baseline', async () => {
    const search = scripted([knobValuesOf(start), knobValuesOf(start), good]);
    expect(await optuna(search, 'tpe')({ pipeline, start }, 1, target)).toBe(2);
    expect(search.told.length).toBe(2);
  });

  it('gives up after the budget', async () => {
    const search = scripted([knobValuesOf(start)]);
    expect(await optuna(search, 'tpe')({ pipeline, start }, 1, target)).toBeNull();
    expect(search.told.length).toBe(BUDGET);
  });

  it("counts headspace among the playbook's experiments", async () => {
    const none = 0.01 * target;
    expect(await playbook()({ pipeline, start }, 1, none)).toBe(2);
    expect(await playbook()({ pipeline, start }, 1, 1e9)).toBeNull();
  });

  it('gives every searcher the ranges of the knobs, and takes a setting to knobs and back', () => {
    expect(rangesOf(pipeline)).toEqual({
      'concurrency of fetch': { least: 1, most: 64 },
      'concurrency of decode': { least: 1, most: 64 },
      'concurrency of augment': { least: 1, most: 64 },
      threads: { least: 1, most: 32 },
      buffer: { least: 1, most: 64 },
    });
    expect(settingOfKnobs(knobValuesOf(start), start)).toEqual(start);
    expect(() => settingOfKnobs({}, start)).toThrow('no value for the knob "concurrency of fetch"');
  });

  it.each(['gil_bound', 'uneven'])('measures against what no setting of a grid exceeds: %s', (name) => {
    const { pipeline, start } = caseOf(name);
    const values = [1, 2, 4, 6, 8, 12, 16, 24, 32, 64];
    let settings = [1, 2, 4, 8, 16, 24, 32].map((threads) => ({ ...start, threads, buffer: 64 }));
    for (const stage of pipeline.stages) {
      settings = settings.flatMap((setting) =>
        values.map((value) => ({ ...setting, concurrency: { ...setting.concurrency, [stage.name]: value } })),
      );
    }
    const best = Math.max(...settings.map((setting) => operate(pipeline, setting).rate));
    expect(bestPossible(pipeline, start)).toBeGreaterThanOrEqual(0.99 * best);
  });
});

describe('the goal', () => {
  const row = (own: (number | null)[], tpe: (number | null)[], rules = tpe): Row => ({
    name: 'a pipeline',
    experiments: { playbook: own, rules, tpe, random: tpe },
  });

  it('is met by a third of the experiments', () => {
    expect(missedGoals([row([4, 5, 6], [12, 15, 18])])).toEqual([]);
  });

  it('is missed by more than a third', () => {
    expect(missedGoals([row([5, 6, 7], [12, 15, 18])])).toEqual([
      "the playbook needs 0.40 of TPE's experiments, not a third",
    ]);
  });

  it('is missed by a model that saves less than a third', () => {
    expect(missedGoals([row([4, 5, 6], [12, 15, 18], [5, 6, 7])])).toEqual([
      'with its model the playbook needs 0.83 of what its rules need',
    ]);
  });

  it('is missed when one pipeline takes longer than with TPE, in the median or at worst', () => {
    const easy = row([1, 1, 1], [60, 60, 60]);
    expect(missedGoals([easy, row([9, 9, 9], [8, 8, 9])])).toEqual(["a pipeline: the playbook's median is 9, TPE's 8"]);
    expect(missedGoals([easy, row([3, 3, 20], [8, 8, 9])])).toEqual([
      "a pipeline: the playbook's worst is 20, TPE's 9",
    ]);
  });

  it('is missed when a search of the playbook never comes near', () => {
    expect(missedGoals([row([2, 2, null], [null, null, null])])).toContain(
      'a pipeline: 1 of 3 searches of the playbook never came near',
    );
  });

  it('is shown with what never came near, and with the searches in which TPE was ahead', () => {
    const table = comparisonTable([row([4, 5, 6], [3, null, 18])]);
    expect(table).toContain('5 / 6');
    expect(table).toContain('18 / 100 (1 never)');
    expect(table).toContain('TPE was ahead in 1 of 3 single searches');
  });
});
