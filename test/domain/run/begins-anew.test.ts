/** A run that has stopped goes on when it is given more: what it had concluded before does not end it again. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, isRaised, type StopReason } from '../../../domain/run/limits.js';
import { planningVerdict } from '../../../domain/schedule/planning.js';
import { Story } from '../run-story.js';

/** Runs that ended, by how their rounds went. */
const ENDED: readonly [StopReason, (story: Story) => Story][] = [
  ['planner_stopped', (story) => story.planned(1, [], 'stop')],
  ['planner_stopped', (story) => story.planned(1, [], 'manual')],
  [
    'plateau',
    (story) => {
      for (const round of [1, 2, 3]) story.planned(round, [`00${round + 1}_a`]).completed(`00${round + 1}_a`, 90);
      return story;
    },
  ],
  [
    'failure_rate',
    (story) => {
      const failure = { kind: 'planning_failed', message: 'it broke', details: {} } as never;
      for (const iteration of [1, 2, 3])
        story.tell({ type: 'planning_started', iteration }, { type: 'planning_failed', iteration, failure });
      return story;
    },
  ],
];

describe('a run that stopped', () => {
  it.each(ENDED)(
    'by %s: plans again when it begins anew, and ends again when it only begins again',
    (reason, rounds) => {
      const story = rounds(new Story().setUp().seedsDone());
      expect(planningVerdict(story.state)).toMatchObject({ do: 'end', reason });
      story.tell({ type: 'stopped', reason, detail: '' });
      const limits = { ...DEFAULT_LIMITS, maxIterations: 99, patience: 5 };
      const again = structuredClone(story.events);
      story.tell({ type: 'run_started', run: 'demo', limits, anew: true });
      expect(planningVerdict(story.state)).toEqual({ do: 'plan' });
      const plain = new Story();
      plain.tell(...again.slice(1), { type: 'run_started', run: 'demo', limits: DEFAULT_LIMITS });
      expect(planningVerdict(plain.state)).toMatchObject({ do: 'end', reason });
    },
  );

  it.each([
    [{ patience: 4 }, true],
    [{ budgetUsd: null }, true],
    [{ maxExperiments: 8 }, false],
    [{}, false],
  ])('%j is raised: %s', (more, raised) => {
    const before = { ...DEFAULT_LIMITS, budgetUsd: 3 };
    expect(isRaised(before, { ...before, ...more })).toBe(raised);
  });
});
