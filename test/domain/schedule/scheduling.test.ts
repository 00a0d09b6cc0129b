import { expect, it } from 'vitest';
import { freeSlots, nextGrants, nextStarts } from '../../../domain/schedule/scheduling.js';
import { Story } from '../run-story.js';

/** Nobody has so many; a limit may be any whole number, and an engine that fell over it would do so for ever. */
const MANY = Number.MAX_SAFE_INTEGER;

it.each([2, 3, MANY])('gives the lowest free slots, of %i', (maxConcurrency) => {
  const story = new Story({ maxConcurrency }).setUp();
  story.completed('000_baseline', 1).completed('000_headspace', 2).completed('001_mtp', 3);
  story.add('002_a').add('003_b').running('003_b', 1).add('004_c');
  story.tell({ type: 'experiment_preparing', nodeId: '002_a' });
  story.tell({ type: 'experiment_prepared', nodeId: '002_a', commit: 'c' });
  expect(freeSlots(story.state).slice(0, 2)).toEqual(maxConcurrency === 2 ? [0] : [0, 2]);
  expect(nextGrants(story.state)).toEqual([{ nodeId: '002_a', slot: 0 }]);
  expect(nextStarts(story.state, 0)).toEqual(maxConcurrency === 2 ? [] : ['004_c']);
});
