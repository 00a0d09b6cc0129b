import { describe, expect, it } from 'vitest';
import { freeSlots, isFull, nextGrants, nextStarts } from '../../../domain/schedule/scheduling.js';
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

it('is full while jobs hold as many slots as there are, whatever the numbers of these', () => {
  const story = new Story({ maxConcurrency: 2 }).setUp();
  expect(isFull(story.state)).toBe(false);
  story.running('000_baseline', 0).running('000_headspace', 5);
  expect(isFull(story.state)).toBe(true);
  story.tell({ type: 'limits_set', limits: { maxConcurrency: 3 } });
  expect(isFull(story.state)).toBe(false);
});

describe('jobs in the queue of a cluster', () => {
  const launch = (story: Story, nodeId: string, slot: number) =>
    story
      .add(nodeId)
      .tell(
        { type: 'experiment_preparing', nodeId },
        { type: 'experiment_prepared', nodeId, commit: 'c' },
        { type: 'slot_granted', nodeId, slot },
      );
  const runs = (story: Story, nodeId: string) =>
    story.tell({ type: 'job_launched', nodeId, jobId: `slurm_${nodeId}`, launchedAtMs: 1 });
  const waits = (story: Story, nodeId: string) => story.tell({ type: 'job_pending', nodeId });
  const many = (story: Story) => story.add('008_x').add('009_y').add('010_z').state;

  it('hold slots until their scheduler lets them wait', () => {
    const story = launch(launch(new Story({ maxConcurrency: 2 }), '002_a', 0), '003_b', 1);
    expect(freeSlots(many(story))).toEqual([]);
    expect(freeSlots(waits(story, '002_a').state)).toEqual([2]);
    // Said twice is as once.
    expect(freeSlots(waits(story, '002_a').state)).toEqual([2]);
  });

  it('are never more than may run, beside those that hold a slot', () => {
    const story = new Story({ maxConcurrency: 2 });
    many(story);
    let submitted = 0;
    for (let free = freeSlots(story.state); free.length > 0; free = freeSlots(story.state)) {
      const nodeId = `1${submitted}_n`;
      waits(launch(story, nodeId, free[0]!), nodeId);
      submitted += 1;
      expect(submitted).toBeLessThanOrEqual(4);
    }
    expect(submitted).toBe(4);
  });

  it('hold slots again once they run, also where more run then than there are slots', () => {
    const story = launch(launch(new Story({ maxConcurrency: 2 }), '002_a', 0), '003_b', 1);
    waits(waits(story, '002_a'), '003_b');
    launch(launch(story, '004_c', 2), '005_d', 3);
    for (const nodeId of ['002_a', '003_b', '004_c', '005_d']) runs(story, nodeId);
    expect(freeSlots(many(story))).toEqual([]);
    story.failed('002_a').failed('003_b');
    // Two run in slots beyond those that there are.
    expect(freeSlots(story.state)).toEqual([]);
    expect(freeSlots(story.failed('004_c').state)).toEqual([0]);
  });
});
