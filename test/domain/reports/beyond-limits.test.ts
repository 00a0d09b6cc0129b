/** A count that is beyond its limit is told as what it is, and not as a limit that was not kept. */
import { expect, it } from 'vitest';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import { describeRun } from '../../../domain/run/run-details.js';
import { describeLimit } from '../../../domain/schedule/budget.js';
import { planningVerdict } from '../../../domain/schedule/planning.js';
import { recordOf } from '../../support/run-record.js';
import { Story } from '../run-story.js';

/** Three rounds without a gain. */
const ran = (practices: string[] = []) => {
  const story = new Story({ maxIterations: 9, patience: 9, maxConcurrency: 4 }).setUp(practices).seedsDone();
  for (const [index, nodeId] of ['a', 'b', 'c'].entries()) story.planned(index + 1, [nodeId]).completed(nodeId, 50);
  return story;
};
const summaryOf = (story: Story) => summaryReport(recordOf(story.events));

it('a limit that was lowered after the fact', () => {
  const story = ran().add('d').add('e').running('d').running('e', 1);
  expect(summaryOf(story)).toContain('- Planning rounds: 3 of 9\n- Rounds in a row without a gain: 3 of 9\n');
  const limits = { maxIterations: 2, maxConcurrency: 1, maxJobs: 1, patience: 9 };
  story.tell({ type: 'limits_set', limits });
  const text = summaryOf(story);
  expect(text).toContain('- Planning rounds: 3 (the limit is 2 now)\n');
  expect(text).toContain('- Jobs at a time: 2 (the limit is 1 now)\n');
  expect(describeRun(story.state)).toContain('planning round 3 (the limit is 2 now)');
  expect(describeLimit(story.state, 'max_jobs')).toMatch(/^\d+ jobs were started \(the limit is 1 now\)$/);
  story
    .completed('d', 50)
    .completed('e', 50)
    .tell({ type: 'limits_set', limits: { maxJobs: null } });
  expect(planningVerdict(story.state)).toMatchObject({
    reason: 'max_iterations',
    detail: '3 planning rounds are done (the limit is 2 now)',
  });
});

it.each([
  [3, [], '3 of 3'],
  [2, [], '3 (2 end the run)'],
  [1, [], '3 (1 ends the run)'],
  [3, ['mtp', 'new'], '3 of 3 once new is tried'],
  [2, ['mtp', 'new'], '3 (2 end the run once new is tried)'],
])('rounds without a gain, where %i end the run and %j are to be tried', (patience, practices, said) => {
  const story = ran(practices).tell({ type: 'limits_set', limits: { patience } });
  expect(summaryOf(story)).toContain(`- Rounds in a row without a gain: ${said}\n`);
});
