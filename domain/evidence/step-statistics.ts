/** What the step lines of a job's processes say of its steps: medians over the steady ones, means over all. */

import { stepNoise } from '../belief/noise.js';
import { steadySpans, weightedMean, weightedMedian } from '../belief/steady-state.js';
import type { ProcessLines, StepLine } from './process-lines.js';

export interface StepStatistics {
  count: number;
  overallMs: number | null;
  stepMs: number | null;
  fetchMs: number | null;
  computeMs: number | null;
  noise?: number;
}

/** Of several processes the mean, and all their steps. */
export function jobSteps(processes: readonly ProcessLines[]): StepStatistics {
  const each = processes.map(({ steps }) => stepStatistics(steps));
  if (each.length === 1) return each[0]!;
  const mean = (key: 'overallMs' | 'stepMs' | 'fetchMs' | 'computeMs' | 'noise') =>
    weightedMean(each.flatMap((steps) => (steps[key] == null ? [] : [{ value: steps[key], weight: 1 }])));
  const noise = mean('noise');
  return {
    count: each.reduce((sum, { count }) => sum + count, 0),
    overallMs: mean('overallMs'),
    stepMs: mean('stepMs'),
    fetchMs: mean('fetchMs'),
    computeMs: mean('computeMs'),
    ...(noise === null ? {} : { noise }),
  };
}

export function stepStatistics(lines: readonly StepLine[]): StepStatistics {
  const steady = steadySpans(lines);
  const noise = stepNoise(steady.flatMap(({ stepMs }) => stepMs ?? []));
  const median = (key: 'stepMs' | 'fetchMs' | 'computeMs') => weightedMedian(weighted(steady, key));
  return {
    count: lines.reduce((most, { last }) => Math.max(most, last), 0),
    overallMs: weightedMean(weighted(lines, 'stepMs')),
    stepMs: median('stepMs'),
    fetchMs: median('fetchMs'),
    computeMs: median('computeMs'),
    ...(noise === null ? {} : { noise }),
  };
}

function weighted(lines: readonly StepLine[], key: 'stepMs' | 'fetchMs' | 'computeMs') {
  return lines.flatMap((line) => {
    const value = line[key];
    return value === null ? [] : [{ value, weight: Math.max(1, line.last - line.first + 1) }];
  });
}
