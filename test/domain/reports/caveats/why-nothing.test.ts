import { expect, it } from 'vitest';
import { whyNothing } from '../../../../domain/reports/caveats/why-nothing.js';
import { runFacts } from '../../../../domain/reports/run-facts.js';
import { ConfirmedStory } from '../../confirmed-story.js';

const noEffect = 'the change had no effect: conf.yaml:/workers is not where those come from';

it('a change that did not reach its job is not told as one without a gain', () => {
  const story = ConfirmedStory.seeded();
  story.planned(1, ['002_workers', '003_buffer']).completed('002_workers', 101, { noEffect }).due();
  story.ends('003_buffer', 99).tell({ type: 'stopped', reason: 'max_iterations', detail: 'x' });
  expect(story.state.experiments['002_workers']?.judged?.verdict).toBe('not_better');
  const lines = whyNothing(story.state, runFacts(story.state));
  expect(lines).toContain(`1 without effect on the job (002_workers: ${noEffect})`);
  expect(lines).not.toContain('3 not better');
  expect(lines).toContain('2 not better');
});

it('a run that a limit ended after its seeds says that those came to their end', () => {
  const one = new ConfirmedStory({ maxExperiments: 1 }).setUp().ends('000_baseline', 100);
  one.tell({ type: 'stopped', reason: 'max_experiments', detail: 'x' });
  expect(whyNothing(one.state, runFacts(one.state))[0]).toBe('nothing was tried: only 000_baseline came to its end');
  const two = new ConfirmedStory({ maxExperiments: 2 }).setUp().ends('000_baseline', 100).ends('000_headspace', 500);
  two.tell({ type: 'stopped', reason: 'max_experiments', detail: 'x' });
  expect(whyNothing(two.state, runFacts(two.state))).toEqual([
    'nothing was tried: only 000_baseline and 000_headspace came to their end',
    'Perfect data loading would make the best 5 times as fast.',
  ]);
});
