/** Odds against exact values and simulated truth, and what a run decides by them. */
import { describe, expect, it } from 'vitest';
import { GOAL_WORLD, ratesOf } from '../../../bench/believable/believable-report.js';
import { withPrior } from '../../../domain/belief/noise.js';
import { normalCdf, normalQuantile } from '../../../domain/belief/normal.js';
import {
  beliefOf,
  beliefOfKept,
  gainIfReal,
  leastGain,
  MOST_RUNS,
  nextStep,
  oddsOf,
} from '../../../domain/belief/odds.js';
import { rowOf } from '../../../domain/run/engine-state.js';
import { ConfirmedStory } from '../confirmed-story.js';

const noise = { sd: 0.01, degrees: 20 };
const incumbent = beliefOf([0, 0, 0], noise);
const least = leastGain(null, noise);
const times = (count: number, value: number) => Array.from({ length: count }, () => value);

describe('the normal distribution', () => {
  // Values of any statistics textbook.
  it.each([
    [0, 0.5],
    [1.959964, 0.975],
    [-1.281552, 0.1],
    [-6, 9.8659e-10],
  ])('below %d lies %d', (x, share) => {
    expect(normalCdf(x) / share).toBeCloseTo(1, 5);
    expect(normalQuantile(share)).toBeCloseTo(x, 4);
  });
});

describe('noise before anything is repeated', () => {
  it('is guessed from the steps of a job, else as usual, and measured differences outweigh the guess', () => {
    expect(withPrior(null, 0.01)).toEqual({ sd: expect.closeTo(0.018), degrees: 2 });
    expect(withPrior(null, 0)).toEqual({ sd: expect.closeTo(0.02), degrees: 2 });
    expect(withPrior({ sd: 0.05, degrees: 98 }, 0.01).sd).toBeCloseTo(0.0496, 4);
    expect(withPrior({ sd: 0.001, degrees: 98 }, 0.01).sd).toBe(0.01);
  });
});

describe('odds', () => {
  it('are those of the prior before anything is told, rise with the gain, and never leave 0 to 1', () => {
    const untold = oddsOf([0.03], { mean: 0, variance: 100 }, noise, least);
    expect(untold.isReal).toBeCloseTo(0.18, 2);
    const rising = [-50, -0.1, 0, 0.02, 0.05, 0.1, 50].map((run) => oddsOf([run], incumbent, noise, least).isReal);
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    expect([rising[0]! >= 0, rising.at(-1)]).toEqual([true, 1]);
  });

  it('tell a gain with an interval that narrows with the runs and holds what was measured', () => {
    const [few, many] = [2, 8].map((runs) => gainIfReal(oddsOf(times(runs, 0.1), incumbent, noise, least), 0.95));
    expect(many!.high - many!.low).toBeLessThan(few!.high - few!.low);
    expect([many!.low < Math.expm1(0.1), Math.expm1(0.1) < many!.high]).toEqual([true, true]);
    expect(few!.low).toBeGreaterThan(0);
  });

  it.each([-0.3, -1.4, -3])('tell of a hopeless one (%s) that a gain would be the least there is', (speed) => {
    const { gain, low, high } = gainIfReal(oddsOf([speed, speed], incumbent, noise, least), 0.95);
    expect([low, gain, high].map((each) => each / least).every((share) => share >= 0.999 && share < 1.1)).toBe(true);
    expect(low <= gain && gain <= high).toBe(true);
  });

  it('do not tell a kept one larger than it is: its lucky run is drawn towards what gains usually are', () => {
    const kept = beliefOfKept([0.3, 0.2], incumbent, { sd: 0.1, degrees: 20 }, least);
    expect(kept.mean).toBeLessThan(0.25);
    const exact = beliefOfKept(times(1000, 0.3), incumbent, noise, least);
    expect(exact.mean).toBeCloseTo(0.3, 3);
    expect(exact.variance).toBeLessThan(1e-6);
  });

  it.each([
    [2, 0.02],
    [2, 0.05],
    [3.4, 0.05],
    [3.4, 0.15],
  ])('believe a gain of %d times with noise of %d, and keep nothing that is no better than it', (times, sd) => {
    const noisy = { sd, degrees: 6 };
    const [baseline, floor] = [beliefOf([0, 0, 0], noisy), leastGain(null, noisy)];
    const runs = [Math.log(times), Math.log(times)];
    const told = gainIfReal(oddsOf(runs, baseline, noisy, floor), 0.95);
    expect(1 + told.gain).toBeGreaterThan(0.95 * times);
    expect([1 + told.low < times, times < 1 + told.high]).toEqual([true, true]);
    const kept = beliefOfKept(runs, baseline, noisy, floor);
    expect(Math.exp(kept.mean) / times).toBeCloseTo(1, 1);
    for (const slower of [0, 0.1, 0.4]) {
      const next = runs.map((run) => run - slower);
      expect(oddsOf(next, kept, noisy, floor).isReal).toBeLessThan(0.2);
    }
  });
});

describe('the next step', () => {
  const step = (runs: readonly number[], against = incumbent) =>
    nextStep(oddsOf(runs, against, noise, least), runs.length, against, noise);
  it.each([
    ['a single run, however good', [0.3], 'measure candidate'],
    ['the same again', [0.3, 0.3], 'keep'],
    ['worse', [-0.01], 'drop'],
    ['no different', [0.001], 'drop'],
    ['good, then not', [0.05, 0, 0], 'drop'],
    ['never decided', times(MOST_RUNS, 0.012), 'drop'],
  ])('%s: %j -> %s', (_, runs, expected) => {
    expect(step(runs)).toBe(expected);
  });

  it('is the incumbent again where it is the less exact one', () => {
    expect(step([0.06, 0.06], { mean: 0, variance: 5e-4 })).toBe('measure incumbent');
  });
});

describe('a run that weighs odds', () => {
  const story = () => ConfirmedStory.seeded({ weighsOdds: true });

  it('keeps a clear gain after one repeat, and says how likely it is', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    expect([run.verdict('002_a'), run.open()]).toEqual(['repeat', ['002_a_repeat_1']]);
    expect(rowOf(run.state, '002_a').judged?.reason).toBe('99% likely to be better than 000_baseline after one run');
    run.settles({ '002_a': 129 });
    expect([run.verdict('002_a'), run.state.best]).toEqual(['keep', '002_a']);
    const { judged } = rowOf(run.state, '002_a');
    expect(judged?.reason).toBe('99% likely to be better than 000_baseline after 2 runs');
    expect(judged?.gain?.low).toBeGreaterThan(0.2);
  });

  it('tells no odds of what a disturbed run may be, and measures it on a quieter machine', () => {
    const run = story().proposes('002_a').ends('002_a', 60, { contention: 0.8 });
    const { judged } = rowOf(run.state, '002_a');
    expect(judged).toMatchObject({
      verdict: 'repeat',
      gain: null,
      reason: 'it ran beside other work, and may be faster than it shows',
    });
    run.settles({ '002_a': 60 });
    expect([run.verdict('002_a'), run.state.best]).toEqual(['reject', '000_baseline']);
  });

  it('gives up where other work disturbs every repeat of a run that was not', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    let repeated = 0;
    for (let [id] = run.open(); id !== undefined && repeated < 2 * MOST_RUNS; [id] = run.open(), repeated += 1)
      run.ends(id, 90, { contention: 0.8 });
    expect([repeated, run.verdict('002_a'), run.state.best]).toEqual([MOST_RUNS, 'reject', '000_baseline']);
    expect(rowOf(run.state, '002_a').judged?.reason).toMatch(/^not decided in 24 repeats, .*: \d+% likely/);
  });

  it('drops luck, and what is not better at once', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    run.settles({ '002_a': 100 });
    expect([run.verdict('002_a'), run.state.best, run.open()]).toEqual(['reject', '000_baseline', []]);
    run.proposes('003_b').ends('003_b', 100.4);
    expect([run.verdict('003_b'), run.open()]).toEqual(['not_better', []]);
  });

  it('rejects what a repeat could not show', () => {
    const run = story().proposes('002_a').ends('002_a', 130).breaks('002_a_repeat_1');
    expect([run.verdict('002_a'), run.state.best]).toEqual(['reject', '000_baseline']);
  });

  it('judges what follows against the one that was kept', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    run.settles({ '002_a': 130 }).proposes('003_b').ends('003_b', 131);
    expect([run.verdict('003_b'), rowOf(run.state, '003_b').judged?.against]).toEqual(['not_better', '002_a']);
    run.proposes('004_c').ends('004_c', 170).settles({ '004_c': 170 });
    expect(run.state.best).toBe('004_c');
  });

  it('keeps nothing slower after a gain of several times on a noisy machine', () => {
    const run = story().proposes('002_a').ends('002_a', 420);
    run.settles({ '002_a': 480 }).proposes('003_b').ends('003_b', 355);
    run.settles({ '003_b': 410 });
    expect([run.verdict('003_b'), run.state.best]).toEqual(['not_better', '002_a']);
    expect(rowOf(run.state, '002_a').judged?.gain?.gain).toBeGreaterThan(3);
  });

  describe('where the incumbent is known less exactly', () => {
    const unsure = () => {
      const run = ConfirmedStory.seeded({ weighsOdds: true, calibrationRuns: 0 });
      return run.proposes('002_a').ends('002_a', 111);
    };

    it('measures it again, and nothing else meanwhile', () => {
      const run = unsure();
      expect(run.open()).toEqual(['002_a_repeat_1']);
      run.ends('002_a_repeat_1', 107);
      expect(run.open()).toEqual(['000_baseline_repeat_1']);
      run.settles({ '002_a': 109 });
      expect([run.verdict('002_a'), run.state.best]).toEqual(['keep', '002_a']);
    });

    it('does without where that fails, or other work disturbs it', () => {
      const failing = unsure().ends('002_a_repeat_1', 107).breaks('000_baseline_repeat_1');
      expect(failing.open()).toEqual(['002_a_repeat_2']);
      const disturbed = unsure().ends('002_a_repeat_1', 107).ends('000_baseline_repeat_1', 60, { contention: 0.5 });
      expect(disturbed.open()).toEqual(['002_a_repeat_2']);
    });
  });

  it('measures as many repeats at a time as a person says, at the least', () => {
    const run = ConfirmedStory.seeded({ weighsOdds: true, confirmRuns: 3 }).proposes('002_a').ends('002_a', 130);
    expect(run.open()).toEqual(['002_a_repeat_1', '002_a_repeat_2', '002_a_repeat_3']);
  });
});

describe('at 5% noise, with 10 real gains of 5 to 20% among 100 experiments', () => {
  it('odds keep few lucky ones, find most gains, and tell them as large as they are', () => {
    const rates = ratesOf(GOAL_WORLD, 'odds', 300);
    expect(rates.falseOfKept).toBeLessThan(0.05);
    expect(rates.found).toBeGreaterThan(0.8);
    expect(rates.extraRuns).toBeLessThan(80);
    expect(Math.abs(rates.overstated - 1)).toBeLessThan(0.02);
  });

  it('odds spend next to nothing where a run is exact', () => {
    const rates = ratesOf({ ...GOAL_WORLD, noise: 0.005 }, 'odds', 100);
    expect([rates.found > 0.99, rates.falseOfKept < 0.01, rates.extraRuns <= 15]).toEqual([true, true, true]);
  });
});
