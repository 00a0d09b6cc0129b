import { describe, expect, it } from 'vitest';
import { isBetter, type Objective, objectiveOf, speedup } from '../../../domain/belief/compare.js';
import { DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { duplicateOf } from '../../../domain/proposals/change-set.js';
import { planningVerdict, plateauCount } from '../../../domain/schedule/planning.js';
import { nextGrants, nextStarts } from '../../../domain/schedule/scheduling.js';
import { consequencesOf } from '../../../domain/verdict/consequences.js';
import { Story } from '../run-story.js';

const throughput = (value: number): Objective => ({ metric: 'throughput_samples_per_s', value });
const step = (value: number): Objective => ({ metric: 'steady_step_time_ms', value });
const duration = (value: number): Objective => ({ metric: 'duration_s', value });

describe('isBetter', () => {
  it.each([
    [throughput(2), throughput(1), true],
    [throughput(1), throughput(1), false],
    [step(1), step(2), true],
    [duration(3), duration(2), false],
    [throughput(1), step(0.001), true],
    [duration(1), step(100), false],
    [null, null, false],
    [throughput(1), null, true],
  ])('%j against %j is %j', (candidate, incumbent, expected) => {
    expect(isBetter(candidate, incumbent)).toBe(expected);
  });

  it.each([
    [{ throughput_samples_per_s: 5 }, throughput(5)],
    [{ throughput_samples_per_s: 0, steady_step_time_ms: 4 }, step(4)],
    [{ throughput_samples_per_s: Number.NaN }, duration(7)],
  ])('objective of %j', (metrics, expected) => {
    expect(objectiveOf({ ...UNKNOWN_METRICS, ...metrics }, 7)).toEqual(expected);
  });

  it('speedup is above 1 when better, and null across metrics', () => {
    expect(speedup(step(5), step(10))).toBe(2);
    expect(speedup(throughput(30), throughput(10))).toBe(3);
    expect(speedup(throughput(30), step(10))).toBeNull();
  });
});

/** MTP goes from the queue, and a round brings no gain. */
function removed(story: Story, byPerson?: true): Story {
  story.completed('000_baseline', 100).tell({ type: 'best_changed', nodeId: '000_baseline' });
  story.completed('000_headspace', 500);
  story.tell({ type: 'experiment_removed', nodeId: '001_mtp', ...(byPerson ? { byPerson } : {}) });
  return story.planned(1, ['a']).completed('a', 50);
}

const GOES_ON = { weighsOdds: true, goesOnUndecided: true } as const;

describe('planningVerdict', () => {
  const wait = { do: 'wait' };
  const plan = { do: 'plan' };
  const ends = (reason: string) => expect.objectContaining({ do: 'end', reason });
  it.each([
    ['before the seeds', () => new Story(), wait],
    ['while a seed runs', () => new Story().setUp().completed('000_baseline', 1), wait],
    ['after the seeds', () => new Story().setUp().seedsDone(), plan],
    [
      'when only headspace was measured',
      () => new Story().setUp().failed('000_baseline').completed('000_headspace', 5).failed('001_mtp'),
      ends('failure_rate'),
    ],
    ['while it plans', () => new Story().setUp().seedsDone().tell({ type: 'planning_started', iteration: 1 }), wait],
    ['with a full queue', () => new Story({ maxConcurrency: 1 }).setUp().seedsDone().planned(1, ['a', 'b']), wait],
    ['when paused', () => new Story().setUp().seedsDone().tell({ type: 'paused' }), wait],
    [
      'after the last round',
      () => new Story({ maxIterations: 1 }).setUp().seedsDone().planned(1, []),
      ends('max_iterations'),
    ],
    [
      'after rounds without a gain',
      () =>
        new Story({ patience: 2 })
          .setUp()
          .seedsDone()
          .planned(1, ['a'])
          .completed('a', 50)
          .planned(2, ['b'])
          .completed('b', 50),
      ends('plateau'),
    ],
    [
      'as long as a best practice is untried',
      () =>
        new Story({ patience: 1 }).setUp(['mtp', 'batch_size_tuning']).seedsDone().planned(1, ['a']).completed('a', 50),
      plan,
    ],
    [
      'once a person has removed the one experiment of a practice',
      () => removed(new Story({ patience: 1 }).setUp(['mtp']), true),
      ends('plateau'),
    ],
    [
      'in the log of an older version, which does not say who removed it',
      () => removed(new Story({ patience: 1 }).setUp(['mtp'])),
      plan,
    ],
    [
      'as long as another experiment may still try what was removed',
      () => removed(new Story({ patience: 1, maxConcurrency: 3 }).setUp(['mtp']).add('t', { tags: ['mtp'] }), true),
      plan,
    ],
    ['when the planner stops', () => new Story().setUp().seedsDone().planned(1, [], 'stop'), ends('planner_stopped')],
    [
      'when it stops with practices untried',
      () => new Story().setUp(['batch_size_tuning']).seedsDone().planned(1, [], 'stop'),
      plan,
    ],
    [
      'when it stops so twice',
      () => new Story().setUp(['batch_size_tuning']).seedsDone().planned(1, [], 'stop').planned(2, [], 'stop'),
      ends('planner_stopped'),
    ],
    [
      'without news behind a slow planner',
      () => new Story({ maxConcurrency: 2 }).setUp().seedsDone().planned(1, ['a', 'b']).running('a').running('b', 1),
      plan,
    ],
    [
      'with too much in flight',
      () => new Story({ maxConcurrency: 1 }).setUp().seedsDone().planned(1, ['a', 'b']).running('a'),
      wait,
    ],
  ])('%s', (_, story, expected) => {
    expect(planningVerdict(story().state)).toEqual(expected);
  });

  it('waits for results where the planner takes little of a job, in runs with that rule', () => {
    const verdict = (
      planningMs: number,
      jobS: number,
      more: { plansBetweenJobs?: true } = { plansBetweenJobs: true },
    ) => {
      const story = new Story({ maxConcurrency: 2 });
      story.setUp([], { ...DEFAULT_CONFIRMATION, ...GOES_ON, ...more }).seedsDone();
      for (const { state } of Object.values(story.planned(1, ['a', 'b']).state.experiments))
        if (state.status === 'completed') state.durationS = jobS;
      story.state.lastPlanningMs = planningMs;
      return planningVerdict(story.running('a').running('b', 1).state);
    };
    expect(verdict(9_900, 100)).toEqual(wait);
    expect(verdict(10_100, 100)).toEqual(plan);
    expect(verdict(2_900, 2)).toEqual(wait);
    expect(verdict(3_100, 2)).toEqual(plan);
    expect(verdict(2_900, 100, {})).toEqual(plan);
  });

  it('counts concluded rounds since the last gain', () => {
    const story = new Story()
      .setUp()
      .seedsDone()
      .planned(1, ['a'])
      .completed('a', 200)
      .tell({ type: 'best_changed', nodeId: 'a' });
    expect(plateauCount(story.state)).toBe(0);
    story.planned(2, ['b']);
    expect(plateauCount(story.state)).toBe(0);
    story.failed('b');
    expect(plateauCount(story.state)).toBe(1);
  });
});

it('does not count a round that only waited for open experiments', () => {
  const story = new Story().setUp().seedsDone().planned(1, ['a']).planned(2, []);
  expect(plateauCount(story.state)).toBe(0);
  story.completed('a', 50).planned(3, []);
  expect(plateauCount(story.state)).toBe(2);
});

describe('scheduling', () => {
  it('prepares the lowest priority number first, ties in insertion order', () => {
    const story = new Story({ maxConcurrency: 1 }).setUp().seedsDone().add('x').add('y').add('z', { priority: -5 });
    expect(nextStarts(story.state, 1)).toEqual(['z', 'x']);
  });

  it('prepares what was moved to the front although enough is prepared already', () => {
    const story = new Story({ maxConcurrency: 1 }).setUp().seedsDone().add('x').add('y').add('z').running('x');
    story.tell({ type: 'experiment_preparing', nodeId: 'y' });
    expect(nextStarts(story.state, 1)).toEqual([]);
    story.tell({ type: 'experiment_reprioritized', nodeId: 'z', priority: -1 });
    expect(nextStarts(story.state, 1)).toEqual(['z']);
  });

  it('grants a free slot to what is prepared, and none that is used', () => {
    const story = new Story({ maxConcurrency: 2 }).setUp().seedsDone().add('x').add('y').add('z').running('x', 1);
    for (const nodeId of ['y', 'z']) {
      story.tell({ type: 'experiment_preparing', nodeId }, { type: 'experiment_prepared', nodeId, commit: 'c' });
    }
    expect(nextGrants(story.state)).toEqual([{ nodeId: 'y', slot: 0 }]);
  });

  it('starts nothing while paused', () => {
    const story = new Story().setUp().tell({ type: 'paused' });
    expect(nextStarts(story.state, 5)).toEqual([]);
  });
});

describe('consequencesOf', () => {
  it('makes a better run the best one, but never headspace', () => {
    const story = new Story().setUp().completed('000_headspace', 900);
    expect(consequencesOf(story.state, '000_headspace')).toEqual([]);
    story.completed('000_baseline', 100);
    expect(consequencesOf(story.state, '000_baseline')).toEqual([{ type: 'best_changed', nodeId: '000_baseline' }]);
  });

  it('repairs a startup failure of mtp twice, from the failed commit, just before its equals', () => {
    const story = new Story().setUp().running('001_mtp').failed('001_mtp', 'job_startup_failed');
    const [first] = consequencesOf(story.state, '001_mtp');
    expect(first).toMatchObject({
      type: 'experiment_added',
      experiment: { nodeId: '002_mtp_startup_retry_1', priority: -998.01, startCommit: 'c_001_mtp', tags: ['mtp'] },
    });
    story.tell(first!).running('002_mtp_startup_retry_1').failed('002_mtp_startup_retry_1', 'job_startup_failed');
    const [second] = consequencesOf(story.state, '002_mtp_startup_retry_1');
    expect(second).toMatchObject({ experiment: { nodeId: '003_mtp_startup_retry_2' } });
    story.tell(second!).running('003_mtp_startup_retry_2').failed('003_mtp_startup_retry_2', 'job_startup_failed');
    expect(consequencesOf(story.state, '003_mtp_startup_retry_2')).toEqual([]);
    expect(story.state.practicesTried).toContain('mtp');
  });

  it('does not repair what failed while running, nor other experiments', () => {
    const story = new Story().setUp().running('001_mtp').failed('001_mtp', 'job_runtime_failed');
    story.running('000_baseline').failed('000_baseline', 'job_startup_failed');
    expect([...consequencesOf(story.state, '001_mtp'), ...consequencesOf(story.state, '000_baseline')]).toEqual([]);
  });
});

describe('duplicateOf', () => {
  const candidate = { startCommit: null, changeSet: ['x'] };
  it.each([
    ['equal sets on the same commit', () => new Story().setUp().add('x'), candidate, 'x'],
    ['the base commit by its name', () => new Story().setUp().add('x', { startCommit: 'b0' }), candidate, 'x'],
    ['another commit', () => new Story().setUp().add('x', { startCommit: 'c1' }), candidate, null],
    ['another set', () => new Story().setUp().add('y'), candidate, null],
    ['an earlier failure', () => new Story().setUp().add('x').failed('x'), candidate, null],
    ['a declared repeat', () => new Story().setUp().add('x'), { ...candidate, kind: 'repeat' as const }, null],
    ['nothing changed', () => new Story().setUp(), { startCommit: null, changeSet: [] }, '000_baseline'],
  ])('%s', (_, story, proposal, expected) => {
    expect(duplicateOf(story().state, proposal)).toBe(expected);
  });
});
