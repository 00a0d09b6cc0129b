/** A result above the run with cached data: that bound is measured again, and the result is held back until then. */
import { describe, expect, it } from 'vitest';
import { confidenceLines } from '../../../../domain/reports/caveats/confidence.js';
import { headspaceSentence } from '../../../../domain/reports/headline.js';
import { runFacts } from '../../../../domain/reports/run-facts.js';
import { rowOf } from '../../../../domain/run/engine-state.js';
import type { Limits } from '../../../../domain/run/limits.js';
import { nextMove } from '../../../../domain/schedule/planned-moves.js';
import { planningVerdict } from '../../../../domain/schedule/planning.js';
import { ConfirmedStory } from '../../confirmed-story.js';

const RULES = { weighsOdds: true, goesOnUndecided: true, measuresCeilingsAgain: true } as const;
const AGAIN = '000_headspace_repeat_1';

/** Two repeats of the baseline say that runs are off by 5%. */
function noisy(headspace: number, limits: Partial<Limits> = {}): ConfirmedStory {
  const story = new ConfirmedStory(limits).setUp([], ConfirmedStory.rules(RULES));
  story.ends('000_baseline', 100).ends('000_headspace', headspace).ends('001_mtp', 90);
  return story.ends('000_baseline_repeat_1', 105).ends('000_baseline_repeat_2', 95);
}

describe('a result far above the only run with cached data', () => {
  const above = () => noisy(127).proposes('002_a').ends('002_a', 176);

  it('is no best, says why, and has that run repeated first', () => {
    const { state } = above();
    expect(rowOf(state, '002_a').judged).toMatchObject({
      verdict: 'repeat',
      reason: 'it is faster than 000_headspace, which loads no data at all, by 39%: that one is measured again first',
    });
    expect(state.best).toBe('000_baseline');
    expect(state.open).toEqual([AGAIN]);
    expect(nextMove(state, 0)).toMatchObject({ do: 'start', nodeId: AGAIN });
  });

  it('is set apart where that shows again', () => {
    const story = above().ends(AGAIN, 128);
    expect([story.verdict('002_a'), story.open()]).toEqual(['repeat', ['002_a_repeat_1']]);
    story.settles({ '002_a': 176, '000_headspace': 128 });
    expect([story.verdict('002_a'), story.state.best, story.open()]).toEqual(['quarantine', '000_baseline', []]);
    expect(confidenceLines(story.state, runFacts(story.state)).join('\n')).toMatch(
      /002_a is quarantined .*: it is faster than 000_headspace, which loads no data at all, by 38%: more than a change/,
    );
  });

  it('goes on where the ceiling was measured badly', () => {
    const story = above().ends(AGAIN, 240);
    expect([story.verdict('002_a'), story.state.best]).toEqual(['provisional', '002_a']);
    expect(story.settles({ '002_a': 176, '000_headspace': 240 }).verdict('002_a')).toBe('keep');
  });

  it('is held back where the ceiling cannot be measured again', () => {
    const story = above().breaks(AGAIN);
    story.settles({ '002_a': 176 });
    expect([story.verdict('002_a'), story.state.best]).toEqual(['quarantine', '000_baseline']);
    const none = noisy(127, { maxJobs: 6 });
    expect(none.proposes('002_a').ends('002_a', 176).state.open).not.toContain(AGAIN);
  });
});

it.each([
  ['a little above it, as replaying takes a little itself', 128],
  ['below it', 120],
])('a result %s is the provisional best', (_, value) => {
  const story = noisy(127).proposes('002_a').ends('002_a', value);
  expect([story.verdict('002_a'), story.open()]).toEqual(['provisional', ['002_a_repeat_1']]);
});

it('a run with cached data beside other work is measured again', () => {
  const story = new ConfirmedStory().setUp([], ConfirmedStory.rules(RULES)).ends('000_baseline', 100);
  story.ends('000_headspace', 80, { contention: 0.5 }).ends('001_mtp', 90);
  story.ends('000_baseline_repeat_1', 101).ends('000_baseline_repeat_2', 99);
  expect([story.open(), planningVerdict(story.state).do]).toEqual([[AGAIN], 'wait']);
  story.ends(AGAIN, 300);
  expect([story.open(), runFacts(story.state).headspace?.objective.value]).toEqual([[], expect.closeTo(300)]);
  expect(planningVerdict(story.state)).toEqual({ do: 'plan' });
});

it('a machine that is never quiet costs one more run with cached data, as long as nothing depends on it', () => {
  const story = new ConfirmedStory().setUp([], ConfirmedStory.rules(RULES)).ends('000_baseline', 100);
  story.ends('000_headspace', 480, { contention: 0.5 }).ends('001_mtp', 90);
  story.ends('000_baseline_repeat_1', 101).ends('000_baseline_repeat_2', 99).ends(AGAIN, 490, { contention: 0.5 });
  expect(story.open()).toEqual([]);
  story.proposes('002_a').ends('002_a', 800);
  expect(story.open()).toEqual(['000_headspace_repeat_2']);
});

it('a run ends by its ceiling once that was measured twice', () => {
  const story = ConfirmedStory.seeded(RULES, {}, 100.5);
  expect([story.open(), planningVerdict(story.state).do]).toEqual([[AGAIN], 'wait']);
  expect(planningVerdict(story.ends(AGAIN, 100).state)).toMatchObject({ do: 'end', reason: 'headspace_reached' });
  const wrong = ConfirmedStory.seeded(RULES, {}, 100.5).ends(AGAIN, 200);
  expect(planningVerdict(wrong.state)).toEqual({ do: 'plan' });
});

it('a best above its ceiling is told as that, and not as one that has reached it', () => {
  const { weighsOdds, goesOnUndecided } = RULES;
  const story = ConfirmedStory.seeded({ weighsOdds, goesOnUndecided }, {}, 90).proposes('002_a').ends('002_a', 130);
  story.tell({ type: 'best_changed', nodeId: '002_a' });
  expect(headspaceSentence({ ...runFacts(story.state), ceilingDoubted: false, ceiling: 1.1, remaining: 0.8 })).toBe(
    'The best is 1.25 times as fast as the job with cached data: either that was measured too low, or the best does less work.',
  );
});
