import { expect, it } from 'vitest';
import {
  DEFAULT_LIMITS,
  flagOf,
  LIMITS,
  limitBehind,
  limitsText,
  namedLimits,
  STOP_REASONS,
} from '../../../domain/run/limits.js';

it('names the limit behind each end of a run that one can be raised for', () => {
  const raised = STOP_REASONS.flatMap((reason) => {
    const limit = limitBehind(reason);
    return limit === null ? [] : [[reason, flagOf(limit)]];
  });
  expect(Object.fromEntries(raised)).toMatchObject({
    max_iterations: '--max-iterations',
    max_experiments: '--max-experiments',
    max_jobs: '--max-jobs',
    wall_clock: '--max-hours',
    budget_usd: '--budget-usd',
    budget_tokens: '--budget-tokens',
    job_hours: '--budget-job-hours',
  });
  expect(raised).toHaveLength(Object.values(LIMITS).filter((limit) => 'ends' in limit).length);
  expect(new Set(STOP_REASONS).size).toBe(STOP_REASONS.length);
});

it('tells the limits in force by the flags that set them, and which ones there are none of', () => {
  expect(limitsText({ ...namedLimits(DEFAULT_LIMITS), max_iterations: 20, max_hours: 1.5 })).toBe(
    'limits are now --max-iterations 20 --patience 3 --max-concurrency 3 --job-timeout 1800 --max-hours 1.5; ' +
      'none of --max-experiments, --max-jobs, --budget-usd, --budget-tokens, --budget-job-hours',
  );
});
