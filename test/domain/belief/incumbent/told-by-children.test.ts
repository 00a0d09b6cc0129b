/** What experiments that build on one tell of its speed. */
import { describe, expect, it } from 'vitest';
import { childrenOf, MOST_CHILDREN, toldByChildren } from '../../../../domain/belief/incumbent/told-by-children.js';
import { beliefOf } from '../../../../domain/belief/odds.js';
import { weigh } from '../../../../domain/belief/weighing.js';
import { carriedState } from '../../../../domain/run/carried-state.js';
import { ConfirmedStory } from '../../confirmed-story.js';

const noise = { sd: 0.05, degrees: 50 };
/** It was kept for lucky runs: they say 6%, and it is 0. */
const lucky = beliefOf([0.06, 0.06], noise);
const equals = [0.03, -0.02, 0.01, -0.04, 0.02, 0, -0.01, 0.03, -0.03, 0.01].map((run) => [run]);

describe('what changes that bring nothing measured', () => {
  it('tells of what they build on: a lucky one is known to be slower, and more exactly', () => {
    const told = toldByChildren(lucky, equals, noise);
    expect(Math.abs(told.mean)).toBeLessThan(0.02);
    expect(Math.sqrt(told.variance)).toBeLessThan(0.6 * Math.sqrt(lucky.variance));
  });

  it('is not mixed with what gains and losses measured', () => {
    const without = toldByChildren(lucky, equals, noise);
    const others = [[0.3], [-0.4], [-0.35, -0.3], [1.4], [-2]];
    const told = toldByChildren(lucky, [...others, ...equals], noise);
    expect(Math.abs(told.mean - without.mean)).toBeLessThan(0.02);
    expect(told.variance).toBeGreaterThan(0);
  });

  it('tells little where a run is exact: what brings nothing differs by a percent', () => {
    const exact = { sd: 0.003, degrees: 50 };
    const own = beliefOf([0, 0, 0], exact);
    const told = toldByChildren(own, [[0.008], [0.006], [-0.01]], exact);
    expect(Math.abs(told.mean)).toBeLessThan(0.001);
  });
});

describe('a run that heeds them', () => {
  const story = (heeds: boolean) => {
    const before = { weighsOdds: true, goesOnUndecided: true } as const;
    const rules = heeds ? ({ ...before, heedsChildren: true } as const) : before;
    const run = ConfirmedStory.seeded(rules, { patience: 1000 });
    for (const [index, value] of [98.6, 98.4, 98.7, 98.5, 98.3, 98.8].entries())
      run.proposes(`00${index + 2}_x`).ends(`00${index + 2}_x`, value);
    return run.proposes('009_y').ends('009_y', 102.5);
  };
  const oddsOf = ({ state }: ConfirmedStory) =>
    weigh(state, '009_y', '000_baseline', 'throughput_samples_per_s').isReal;

  it('gives a gain better odds where all else measured less than the incumbent did', () => {
    expect(oddsOf(story(true))).toBeGreaterThan(1.5 * oddsOf(story(false)));
  });

  it('leaves out what is believed to be a gain, what other work disturbed, and what builds on another', () => {
    const run = story(true).proposes('010_best').ends('010_best', 200).settles({ '010_best': 200 });
    run.proposes('011_z').ends('011_z', 100, { contention: 0.8 });
    run.proposes('012_z', { parentId: '010_best', startCommit: 'c_010_best' }).ends('012_z', 199);
    expect(childrenOf(run.state, '010_best')).toEqual(['012_z']);
    const ofBaseline = childrenOf(run.state, '000_baseline', ['003_x']);
    expect(ofBaseline).toEqual(expect.arrayContaining(['002_x', '009_y']));
    for (const other of ['003_x', '010_best', '011_z', '012_z']) expect(ofBaseline).not.toContain(other);
  });

  it('decides the same after it has continued as new', () => {
    const run = story(true);
    for (let index = 10; index < 60; index += 1) run.proposes(`0${index}_x`).ends(`0${index}_x`, 97);
    run.proposes('060_y').ends('060_y', 103);
    const weighed = (state: ConfirmedStory['state']) =>
      weigh(state, '060_y', '000_baseline', 'throughput_samples_per_s');
    expect(childrenOf(run.state, '000_baseline')).toHaveLength(MOST_CHILDREN);
    expect(weighed(carriedState(run.state))).toEqual(weighed(run.state));
  });
});
