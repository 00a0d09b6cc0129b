/** A run from each state in which it may end, given something while nobody serves it: whether it goes on. */
import { describe, expect, it } from 'vitest';
import type { Limits, StopReason } from '../../domain/limits.js';
import { endsAtOnce, givenProblem } from '../../domain/policies/given-more.js';
import type { GivenMessage, SetLimitsMessage } from '../../domain/steering.js';
import { Story } from './run-story.js';

const ADD: GivenMessage = { request: 'a', do: 'add', message: { experiment: { name: 'own' } } };
const NOTE: GivenMessage = { request: 'n', do: 'note', message: { text: 'try more threads' } };
const raise = (message: SetLimitsMessage): GivenMessage => ({ request: 'l', do: 'set_limits', message });
const GOES_ON = 'goes on';

type Fate = typeof GOES_ON | StopReason;

interface Ended {
  reason: StopReason;
  limits?: Partial<Limits>;
  how: (story: Story) => Story;
  raised: SetLimitsMessage;
  /** What becomes of it: given an experiment, a note, and what it ended for raised. */
  fates: [Fate, Fate, Fate];
}

const ready = (story: Story) => story.setUp().seedsDone();
const spent = { usd: 2, inputTokens: 0, outputTokens: 500, cacheReadTokens: 0, cacheWriteTokens: 0, calls: 1 };
const broken = { kind: 'planning_failed', message: 'it broke', details: {} } as never;

const ENDED: readonly Ended[] = [
  {
    reason: 'plateau',
    how: (story) => {
      ready(story);
      for (const round of [1, 2, 3]) story.planned(round, [`00${round + 1}_a`]).completed(`00${round + 1}_a`, 90);
      return story;
    },
    raised: { patience: 9 },
    fates: [GOES_ON, GOES_ON, GOES_ON],
  },
  {
    reason: 'planner_stopped',
    how: (story) => ready(story).planned(1, [], 'stop'),
    raised: { max_iterations: 20 },
    fates: [GOES_ON, GOES_ON, GOES_ON],
  },
  {
    reason: 'max_iterations',
    limits: { maxIterations: 1 },
    how: (story) => ready(story).planned(1, ['002_a']).completed('002_a', 150),
    raised: { max_iterations: 2 },
    fates: [GOES_ON, 'max_iterations', GOES_ON],
  },
  {
    reason: 'max_experiments',
    limits: { maxExperiments: 3 },
    how: ready,
    raised: { max_experiments: 4 },
    fates: ['max_experiments', 'max_experiments', GOES_ON],
  },
  {
    reason: 'wall_clock',
    limits: { maxHours: 1e-9 },
    how: ready,
    raised: { max_hours: null },
    fates: ['wall_clock', 'wall_clock', GOES_ON],
  },
  {
    reason: 'job_hours',
    limits: { budgetJobHours: 0.001 },
    how: (story) => {
      ready(story);
      story.state.ledger.spent.jobHours = 1;
      return story.planned(1, ['002_a']);
    },
    raised: { budget_job_hours: 3 },
    fates: ['job_hours', 'job_hours', GOES_ON],
  },
  {
    reason: 'budget_usd',
    limits: { budgetUsd: 1 },
    how: (story) => {
      ready(story);
      story.state.ledger.spent.usd = spent.usd;
      return story;
    },
    raised: { budget_usd: 9 },
    fates: ['budget_usd', 'budget_usd', GOES_ON],
  },
  {
    reason: 'budget_tokens',
    limits: { budgetTokens: 100 },
    how: (story) => {
      ready(story);
      story.state.ledger.spent.tokens = spent.outputTokens;
      return story;
    },
    raised: { budget_tokens: 9000 },
    fates: ['budget_tokens', 'budget_tokens', GOES_ON],
  },
  {
    reason: 'failure_rate',
    how: (story) => {
      ready(story);
      for (const iteration of [1, 2, 3])
        story.tell({ type: 'planning_started', iteration }, { type: 'planning_failed', iteration, failure: broken });
      return story;
    },
    raised: { max_iterations: 20 },
    fates: [GOES_ON, GOES_ON, GOES_ON],
  },
  {
    reason: 'baseline_failed',
    how: (story) => {
      story.setUp();
      story.state.needsBaseline = true;
      return story.failed('000_baseline', 'job_failed');
    },
    raised: { max_iterations: 20 },
    fates: ['baseline_failed', 'baseline_failed', 'baseline_failed'],
  },
  {
    reason: 'setup_failed',
    how: (story) => story.tell({ type: 'setup_failed', failure: broken }),
    raised: { max_iterations: 20 },
    fates: [GOES_ON, GOES_ON, GOES_ON],
  },
  { reason: 'user', how: ready, raised: { max_iterations: 20 }, fates: [GOES_ON, GOES_ON, GOES_ON] },
];

describe('a run that has ended', () => {
  it.each(ENDED)('by $reason', ({ reason, limits = {}, how, raised, fates }) => {
    const { state } = how(new Story(limits)).tell({ type: 'stopped', reason, detail: '' });
    const before = structuredClone(state);
    const fate = (given: GivenMessage[]) => endsAtOnce(state, given)?.reason ?? GOES_ON;
    expect([fate([ADD]), fate([NOTE]), fate([raise(raised)])]).toEqual(fates);
    // What is kept back by a limit goes on once that is raised as well.
    if (reason !== 'baseline_failed')
      expect([fate([ADD, raise(raised)]), fate([NOTE, raise(raised)])]).toEqual([GOES_ON, GOES_ON]);
    expect(state).toEqual(before);
  });

  it.each<[string, GivenMessage, string]>([
    ['an empty note', { request: 'n', do: 'note', message: { text: ' ' } }, 'non-empty'],
    ['a limit of nothing', raise({ patience: 0 }), 'patience must be'],
    [
      'an experiment without a name',
      { request: 'a', do: 'add', message: { experiment: { name: '' } } },
      'experiment.name',
    ],
  ])('is not given %s', (_, given, said) => {
    expect(givenProblem(given)).toContain(said);
  });
});
