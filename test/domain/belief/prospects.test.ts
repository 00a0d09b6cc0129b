/** Repeats are bought where they may decide, and not for a quiet hour that never comes. */
import { describe, expect, it } from 'vitest';
import { simulateRun } from '../../../bench/believable/whole-runs.js';
import { verdictsAtEnd } from '../../../domain/belief/confirmation.js';
import {
  beliefOf,
  type Expectation,
  gainIfReal,
  LARGE_GAINS,
  leastGain,
  oddsOf,
  USUAL_GAINS,
} from '../../../domain/belief/odds.js';
import { MOST_RUNS_AHEAD, prospectOf, stepByProspect } from '../../../domain/belief/prospects.js';
import { confirmedAtEnd } from '../../../domain/belief/provisional.js';
import { everyRunOf } from '../../../domain/belief/repeats.js';
import { verificationPairs } from '../../../domain/belief/verification/verification-pairs.js';
import { confidenceLines } from '../../../domain/reports/caveats/confidence.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { rowOf } from '../../../domain/run/engine-state.js';
import { limitReached } from '../../../domain/schedule/planned-moves.js';
import { ConfirmedStory } from '../confirmed-story.js';

const noise = { sd: 0.06, degrees: 30 };
const least = leastGain(null, noise);
const times = (count: number, value: number) => Array.from({ length: count }, () => value);

function stepOf(runs: readonly number[], incumbentRuns: number, isFixed = false) {
  const compared = { runs, incumbent: beliefOf(times(incumbentRuns, 0), noise), isFixed, noise, least };
  const odds = oddsOf(runs, compared.incumbent, noise, least);
  return stepByProspect(odds, compared, prospectOf(odds, compared));
}

describe('the next step of a candidate whose further jobs are thought through', () => {
  it.each([
    ['a single run, however good', [0.5], 3, 'measure candidate'],
    ['the same again', [0.5, 0.5], 3, 'keep'],
    ['no different', [0.001, 0.001], 3, 'drop'],
    ['a small gain that a dozen runs did not decide, nor would the next', times(14, 0.025), 14, 'drop'],
    ['never decided', times(MOST_RUNS_AHEAD, 0.04), 3, 'drop'],
  ])('%s: %j after %d runs of the incumbent -> %s', (_, runs, incumbentRuns, expected) => {
    expect(stepOf(runs, incumbentRuns)).toBe(expected);
  });

  it('is the incumbent again where it is known less exactly, and nothing where that alone could decide and cannot be measured', () => {
    expect([stepOf(times(4, 0.1), 1), stepOf(times(4, 0.1), 1, true)]).toEqual(['measure incumbent', 'drop']);
    expect(stepOf(times(2, 0.1), 3, true)).toBe('measure candidate');
  });
});

describe('a candidate at 20% noise', () => {
  const wide = { sd: 0.2, degrees: 30 };
  const compare = (runs: readonly number[], expected: Expectation) => {
    const floor = leastGain(null, wide);
    const compared = {
      runs,
      incumbent: beliefOf(times(3, 0), wide),
      isFixed: false,
      noise: wide,
      least: floor,
      expected,
    };
    const odds = oddsOf(runs, compared.incumbent, wide, floor, expected);
    return { odds, step: stepByProspect(odds, compared, prospectOf(odds, compared)) };
  };
  it.each([1.45, 1.5, 2.1])(
    'that is %d times as fast is measured again, where only usual gains gave it up',
    (times) => {
      const runs = [Math.log(times)];
      expect(compare(runs, LARGE_GAINS).step).toMatch(/^measure/);
      expect(compare(runs, USUAL_GAINS).step).toBe(times < 2 ? 'drop' : 'measure candidate');
    },
  );

  it('is told by what was measured, and not drawn down to usual sizes', () => {
    const runs = times(6, Math.log(1.6));
    const told = (expected: Expectation) => gainIfReal(compare(runs, expected).odds, 0.95).gain;
    expect(told(LARGE_GAINS)).toBeGreaterThan(0.4);
    expect(told(LARGE_GAINS)).toBeGreaterThan(told(USUAL_GAINS));
  });

  it('that shows nothing is given up', () => {
    expect(compare([0.05], LARGE_GAINS).step).toBe('drop');
  });
});

describe('a keep', () => {
  it('asks for higher odds where large gains are expected', () => {
    const compared = { runs: times(4, 0.1), incumbent: beliefOf(times(8, 0), noise), isFixed: false, noise, least };
    const odds = (isReal: number) => ({ isReal, gain: { mean: 0.1, sd: 0.03, least: Math.log1p(least) } });
    const step = (isReal: number, expected?: Expectation) =>
      stepByProspect(odds(isReal), { ...compared, ...(expected && { expected }) }, { gain: 0.1, jobs: 1 });
    expect([step(0.94), step(0.94, LARGE_GAINS), step(0.98, LARGE_GAINS)]).toEqual([
      'keep',
      'measure candidate',
      'keep',
    ]);
  });
});

const RULES = { weighsOdds: true, goesOnUndecided: true, heedsChildren: true, watchesDrift: true } as const;
const NOW = { ...RULES, weighsRepeats: true, verifiesAsNeeded: true } as const;

describe('a whole run at 6% noise', () => {
  const world = { noise: 0.06, slots: 1, planS: 0.1, experiments: 18, gains: 0.2, leaps: 0.12, flukes: 0 };
  const runs = (rules: typeof RULES) =>
    Array.from({ length: 6 }, (_, seed) => simulateRun({ ...world, small: 0.2, patience: 1000 }, rules, seed + 1));
  const sum = (of: readonly number[]) => of.reduce((total, each) => total + each, 0);

  it('measures half as often again, and wins more with each job', () => {
    const [before, now] = [runs(RULES), runs(NOW)];
    expect(sum(now.map(({ repeats }) => repeats))).toBeLessThan(0.65 * sum(before.map(({ repeats }) => repeats)));
    const ofAJob = (all: typeof now) => sum(all.map(({ speed }) => Math.log(speed))) / sum(all.map(({ jobs }) => jobs));
    expect(ofAJob(now)).toBeGreaterThan(1.1 * ofAJob(before));
  });
});

describe('the winner is verified', () => {
  const won = (value: number, rules: Partial<typeof NOW> = NOW) => {
    const run = ConfirmedStory.seeded({ ...rules, verifyRuns: 2 }, { maxIterations: 1 }, 5000);
    return run.proposes('002_a').ends('002_a', value).ends('002_a_repeat_1', value);
  };

  it.each([
    ['not where it is several times as fast', 480, 0],
    ['with one pair where percents are read', 120, 1],
    ['with all pairs where the interval stays wide', 107, 2],
  ])('%s', (_, value, pairs) => {
    const run = won(value);
    expect([run.verdict('002_a'), verificationPairs({ ...run.state, best: '002_a' })]).toEqual(['keep', pairs]);
    expect(run.open('verification')).toHaveLength(2 * pairs);
  });

  /** The one pair that was to be enough differs by far more than the runs before it. */
  const surprised = (rules: Partial<typeof NOW> & { verifiesUntilClose?: true }) => {
    const run = won(120, rules);
    const [baseline, winner] = run.open('verification');
    return run.ends(baseline!, 108).ends(winner!, 116);
  };
  const UNTIL_CLOSE = { ...NOW, verifiesUntilClose: true } as const;

  it('with another pair while the interval is wide, and with no more than the rules say', () => {
    const run = surprised(UNTIL_CLOSE);
    expect([surprised(NOW).open(), run.open('verification').length]).toEqual([[], 2]);
    for (const id of run.open()) run.ends(id, id.startsWith('002_a') ? 130 : 95);
    expect(run.open()).toEqual([]);
  });

  it('with no other pair where one of its runs failed, or was taken away', () => {
    const broken = won(120, UNTIL_CLOSE);
    const [baseline, winner] = broken.open('verification');
    expect(broken.ends(baseline!, 80).breaks(winner!).open()).toEqual([]);
    const removed = surprised(UNTIL_CLOSE);
    const [again, other] = removed.open('verification');
    removed.tell({ type: 'experiment_removed', nodeId: other! }).ends(again!, 80);
    expect(removed.open()).toEqual([]);
  });

  it('also where the number of experiments keeps others back, before that ends the run', () => {
    const ended = (rules: Partial<typeof NOW> & { verifiesAtLimits?: true }) => {
      const run = ConfirmedStory.seeded({ ...rules, verifyRuns: 2 }, { maxExperiments: 4 }, 5000).proposes('002_a');
      return run.add('003_b').ends('002_a', 107).ends('002_a_repeat_1', 107);
    };
    const run = ended({ ...NOW, verifiesAtLimits: true });
    expect([ended(NOW).open(), run.open('verification').length]).toEqual([['003_b'], 4]);
    expect(limitReached(run.state, 0, 1)).toBeNull();
    for (const id of run.open('verification')) run.ends(id, id.startsWith('002_a') ? 107 : 100);
    expect([run.open(), limitReached(run.state, 0, 1)]).toEqual([['003_b'], 'max_experiments']);
  });

  it('with as many pairs as a person says', () => {
    const { verifiesAsNeeded: _, ...given } = NOW;
    expect(won(480, given).open('verification')).toHaveLength(4);
  });
});

describe('a machine that other work shares', () => {
  const busy = { contention: 0.8 };
  const quietAtFirst = () => ConfirmedStory.seeded(NOW, {}, 5000).proposes('002_a').ends('002_a', 130);

  it('spoils no more than three repeats of an experiment: then its runs are taken as they are', () => {
    const run = quietAtFirst();
    let repeated = 0;
    for (let [id] = run.open(); id !== undefined && repeated < 20; [id] = run.open(), repeated += 1)
      run.ends(id, 90, busy);
    expect([repeated <= 4, run.state.best, run.open()]).toEqual([true, '000_baseline', []]);
    expect(everyRunOf(run.state, '002_a', 'throughput_samples_per_s')).toHaveLength(1 + repeated);
    expect(confidenceLines(run.state, runFacts(run.state)).join()).toMatch(/not (bought|measured) again/);
  });

  it('is not waited for where it was busy from the start', () => {
    const run = new ConfirmedStory().setUp([], ConfirmedStory.rules(NOW));
    run.ends('000_baseline', 100, busy).ends('000_headspace', 5000, busy).ends('001_mtp', 90, busy);
    for (const id of run.open('calibration')) run.ends(id, 100, busy);
    expect([run.open(), run.verdict('001_mtp')]).toEqual([[], 'not_better']);
    run.proposes('002_a').ends('002_a', 95, busy);
    expect([run.open(), run.verdict('002_a')]).toEqual([[], 'not_better']);
    run.proposes('003_b').ends('003_b', 300, busy).settles({ '003_b': 290 });
    expect([run.verdict('003_b'), run.state.best]).toEqual(['keep', '003_b']);
  });

  it('buys no quiet repeat of what could not win in one', () => {
    const run = ConfirmedStory.seeded(NOW, {}, 5000).proposes('002_a').ends('002_a', 95, { contention: 0.25 });
    expect(run.open()).toEqual(['002_a_repeat_1']);
    run.ends('002_a_repeat_1', 50, { contention: 0.25 });
    expect([run.open(), run.verdict('002_a')]).toEqual([[], 'reject']);
  });
});

describe('a verdict against a provisional best that has fallen', () => {
  const judgedOf = (run: ConfirmedStory, nodeId: string) => {
    const { verdict, against } = rowOf(run.state, nodeId).judged!;
    return [verdict, against];
  };
  const provisional = () => ConfirmedStory.seeded(NOW, {}, 5000).proposes('002_a').ends('002_a', 130);
  const ended = (run: ConfirmedStory) => {
    run.tell(...confirmedAtEnd(run.state));
    for (let told = verdictsAtEnd(run.state); told.length > 0; told = verdictsAtEnd(run.state)) run.tell(...told);
    return run;
  };

  it('is told anew while repeats of the candidate wait', () => {
    const run = provisional().proposes('003_b').ends('003_b', 134);
    expect(judgedOf(run, '003_b')).toEqual(['repeat', '002_a']);
    run.ends('002_a_repeat_1', 90);
    expect([run.state.best, run.open()]).toEqual(['000_baseline', expect.arrayContaining(['003_b_repeat_1'])]);
    expect(judgedOf(run, '003_b')).toEqual(['repeat', '000_baseline']);
  });

  it('is told anew at the end, where nothing is measured any more', () => {
    const run = ended(provisional().proposes('003_b').ends('003_b', 125));
    expect([run.state.best, judgedOf(run, '003_b')]).toEqual(['000_baseline', ['repeat', '000_baseline']]);
    expect(run.open()).toEqual(['002_a_repeat_1']);
  });

  it('gives its place at the end to what its own repeats confirm', () => {
    const run = provisional().proposes('003_b').ends('003_b', 134).ends('003_b_repeat_1', 122);
    expect(judgedOf(run, '003_b')).toEqual(['reject', '002_a']);
    ended(run);
    expect([run.state.best, judgedOf(run, '003_b')]).toEqual(['003_b', ['keep', '000_baseline']]);
  });
});
