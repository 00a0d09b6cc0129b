/** Runs in each state in which they may end, and what becomes of them when they are given something to do. */

import type { GivenMessage, SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { failure } from '../../domain/run/failure.js';
import type { Limits, StopReason } from '../../domain/run/limits.js';
import { Story } from './run-story.js';

export const ADD: GivenMessage = { request: 'a', do: 'add', message: { experiment: { name: 'own' } } };
export const NOTE: GivenMessage = { request: 'n', do: 'note', message: { text: 'try more threads' } };
export const raise = (message: SetLimitsMessage): GivenMessage => ({ request: 'l', do: 'set_limits', message });
export const GOES_ON = 'goes on';

export type Fate = typeof GOES_ON | StopReason;

export interface Ended {
  reason: StopReason;
  limits?: Partial<Limits>;
  how: (story: Story) => Story;
  raised: SetLimitsMessage;
  /** What becomes of it: given an experiment, a note, and what it ended for raised. */
  fates: [Fate, Fate, Fate];
}

const ready = (story: Story) => story.setUp().seedsDone();
const spent = { usd: 2, tokens: 500, jobHours: 1 };
const spending = (story: Story) =>
  story.tell({
    type: 'reported',
    money: { reserve: { x: spent }, settle: [{ phase: 'report', key: 'x', spent, unpriced: 0 }] },
  });
const broken = failure('planning_failed', 'it broke', 0);

export const ENDED: readonly Ended[] = [
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
    reason: 'max_jobs',
    limits: { maxJobs: 3 },
    how: ready,
    raised: { max_jobs: 4 },
    fates: ['max_jobs', 'max_jobs', GOES_ON],
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
    how: (story) => spending(ready(story)).planned(1, ['002_a']),
    raised: { budget_job_hours: 3 },
    fates: ['job_hours', 'job_hours', GOES_ON],
  },
  {
    reason: 'budget_usd',
    limits: { budgetUsd: 1 },
    how: (story) => spending(ready(story)),
    raised: { budget_usd: 9 },
    fates: ['budget_usd', 'budget_usd', GOES_ON],
  },
  {
    reason: 'budget_tokens',
    limits: { budgetTokens: 100 },
    how: (story) => spending(ready(story)),
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
    how: (story) => story.setUp([], undefined, true).failed('000_baseline', 'job_failed'),
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

/** As a log that ends with its last reports. */
export function endedStory({ reason, limits = {}, how }: Ended): Story {
  return how(new Story(limits)).tell({ type: 'stopped', reason, detail: '' });
}
