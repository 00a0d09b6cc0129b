import { expect, it } from 'vitest';
import { confirmationEvents } from '../../../domain/belief/confirmation.js';
import { type ConfirmationRules, DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { Story } from '../run-story.js';

const RULES = { ...DEFAULT_CONFIRMATION, weighsOdds: true, goesOnUndecided: true } as const;

/** How many runs of the baseline are due after its first, and after runs with these results. */
function due(rules: ConfirmationRules, results: readonly (number | null)[]): number[] {
  const story = new Story().setUp([], rules).completed('000_baseline', 100);
  const counts: number[] = [];
  const queue = () => {
    const events = confirmationEvents(story.state).filter(({ type }) => type === 'experiment_added');
    story.tell(...events);
    counts.push(events.length);
  };
  queue();
  for (const [i, result] of results.entries()) {
    const nodeId = `000_baseline_repeat_${i + 1}`;
    if (result === null) story.failed(nodeId);
    else story.completed(nodeId, result);
    queue();
  }
  return counts;
}

it('is one run of the baseline where that agrees with the first, and a second one where it does not', () => {
  const rules = { ...RULES, calibratesAsNeeded: true } as const;
  expect(due(rules, [100.6])).toEqual([1, 0]);
  expect(due(rules, [106, 95])).toEqual([1, 1, 0]);
  expect(due(rules, [null, 101])).toEqual([1, 1, 0]);
});

it('is as many as the rules say in runs without that rule', () => {
  expect(due(RULES, [100.6, 100.3])).toEqual([2, 0, 0]);
});
