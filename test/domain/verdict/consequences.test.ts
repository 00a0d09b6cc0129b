import { expect, it } from 'vitest';
import { DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { consequencesOf } from '../../../domain/verdict/consequences.js';
import { Story } from '../run-story.js';

it.each([
  { name: 'a change with an effect', metrics: {}, best: [{ type: 'best_changed', nodeId: '002_workers' }] },
  { name: 'no change that had no effect', metrics: { noEffect: 'the change had no effect' }, best: [] },
])('takes $name for the best, where a single run is believed', ({ metrics, best }) => {
  const story = new Story().setUp([], { ...DEFAULT_CONFIRMATION, confirmRuns: 0 }).seedsDone();
  story.planned(1, ['002_workers']).completed('002_workers', 1e6, metrics);
  expect(consequencesOf(story.state, '002_workers')).toEqual(best);
});
