import { expect, it } from 'vitest';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { whyNothing } from '../../../domain/reports/why-nothing.js';
import { ConfirmedStory } from '../confirmed-story.js';

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
