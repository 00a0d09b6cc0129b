import { describe, expect, it } from 'vitest';
import { isBetter, objectiveOf, speedup } from '../../../domain/belief/compare.js';
import { typicalObjective } from '../../../domain/belief/value.js';
import { parseMetricRule } from '../../../domain/evidence/custom-metric.js';
import { type Metrics, UNKNOWN_METRICS, withCustomByName } from '../../../domain/evidence/metrics.js';
import { eventProblem } from '../../../domain/formats/events.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { masterTableHeader, masterTableLine } from '../../../domain/reports/master-table.js';
import { objectiveText } from '../../../domain/reports/quantity-text.js';
import { reportProblem } from '../../../domain/reports/report-check.js';
import { Story } from '../run-story.js';

const measured = (direction: 'higher' | 'lower', value: number | null, more: Partial<Metrics> = {}): Metrics => ({
  ...UNKNOWN_METRICS,
  ...more,
  custom: { name: 'speed', direction, value },
});
const by = (direction: 'higher' | 'lower', value: number | null) => objectiveOf(measured(direction, value), 10);

describe('a rule for a metric of one’s own', () => {
  it.each([
    ['speed=at ([0-9.]+)', { name: 'speed', direction: 'higher', pattern: 'at ([0-9.]+)' }],
    ['ms:lower=(?<value>\\d+) ms', { name: 'ms', direction: 'lower', pattern: '(?<value>\\d+) ms' }],
    ['a_1:higher=a=(\\d+)', { name: 'a_1', direction: 'higher', pattern: 'a=(\\d+)' }],
  ])('%s', (text, rule) => {
    expect(parseMetricRule(text, ['notes'])).toEqual(rule);
  });

  it.each([
    ['speed', 'NAME=REGEX'],
    ['=(\\d+)', 'NAME=REGEX'],
    ['2x=(\\d+)', 'NAME=REGEX'],
    ['speed=', 'NAME=REGEX'],
    ['notes=(\\d+)', 'another name than notes'],
    ['speed:more=(\\d+)', ':higher or :lower'],
    ['speed=(\\d+', 'a JavaScript regular expression'],
    ['speed=(?P<value>\\d+)', 'a JavaScript regular expression'],
    ['speed=\\d+', 'a group around the number'],
    ['speed=(?:\\d+)', 'a group around the number'],
  ])('%s is refused', (text, problem) => {
    expect(parseMetricRule(text, ['notes'])).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('the objective of a run with a metric of its own', () => {
  it('is that metric, whatever else was measured', () => {
    const metrics = measured('lower', 12.5, { throughput_samples_per_s: 900, steady_step_time_ms: 3 });
    expect(objectiveOf(metrics, 60)).toEqual({ metric: 'speed', value: 12.5, direction: 'lower' });
    expect(objectiveText(objectiveOf(metrics, 60))).toBe('12.5 speed');
  });

  it.each([null, 0, Number.NaN, Number.POSITIVE_INFINITY, -1])('is unknown for %s', (value) => {
    expect(objectiveOf(measured('higher', value, { throughput_samples_per_s: 900 }), 60)).toBeNull();
  });

  it.each([
    { direction: 'higher', better: 20, worse: 10 },
    { direction: 'lower', better: 10, worse: 20 },
  ] as const)('$direction is better', ({ direction, better, worse }) => {
    expect(isBetter(by(direction, better), by(direction, worse))).toBe(true);
    expect(isBetter(by(direction, worse), by(direction, better))).toBe(false);
    expect(isBetter(by(direction, better), by(direction, better))).toBe(false);
    expect(speedup(by(direction, better), by(direction, worse))).toBe(2);
  });

  it('is averaged over repeats on the scale of its direction', () => {
    const rules = { calibrationRuns: 1, confirmRuns: 1, verifyRuns: 0, minImprovement: null };
    const story = new Story().setUp([], rules);
    const complete = (nodeId: string, value: number) =>
      story.running(nodeId).tell({
        type: 'experiment_completed',
        nodeId,
        result: { metrics: measured('lower', value), sources: {}, findings: [] },
        job: { commit: 'c', jobId: 'j', launchedAtMs: 1, durationS: 1 },
      });
    complete('000_baseline', 10);
    story.add('000_baseline_repeat_1', {
      kind: 'repeat',
      origin: { from: 'repeat', of: '000_baseline', index: 0, purpose: 'calibration' },
    });
    complete('000_baseline_repeat_1', 40);
    const typical = typicalObjective(story.state, '000_baseline');
    expect(typical).toMatchObject({ metric: 'speed', direction: 'lower' });
    expect(typical?.value).toBeCloseTo(20);
    const [row, spec] = [story.state.experiments['000_baseline']!, SpecSchema.parse({ name: 'baseline' })];
    expect(masterTableHeader('speed')).toBe(`${masterTableHeader()}\tspeed`);
    expect(masterTableLine(row, spec, 'speed')).toBe(`${masterTableLine(row, spec)}\t10`);
  });
});

it('files show it by its name, as parsed; unknown it has no source', () => {
  const { metrics, sources } = withCustomByName({ metrics: measured('lower', 12.5), sources: { ttfb_s: 'parsed' } });
  expect(metrics).toEqual({ ...UNKNOWN_METRICS, speed: 12.5 });
  expect(sources).toEqual({ ttfb_s: 'parsed', speed: 'parsed' });
  const unknown = withCustomByName({ metrics: measured('lower', null), sources: {} });
  expect(unknown).toEqual({ metrics: { ...UNKNOWN_METRICS, speed: null }, sources: {} });
});

describe('a report of an experiment that has it', () => {
  const report = (custom: unknown) => ({
    type: 'finished',
    nodeId: '002_a',
    outcome: {
      type: 'completed',
      spent: { usd: 0, tokens: 0, unpriced: 0 },
      job: { commit: 'c', jobId: 'j', launchedAtMs: 1, durationS: 1 },
      result: { metrics: { ...UNKNOWN_METRICS, custom }, sources: {}, findings: [] },
    },
  });

  it('is taken, and so is the event that it becomes', () => {
    const { custom } = measured('lower', 12.5);
    expect(reportProblem(report(custom))).toBeNull();
    const { result, job } = report(custom).outcome;
    const event = { seq: 1, atMs: 1, type: 'experiment_completed', nodeId: '002_a', result, job };
    expect(eventProblem(event)).toBeNull();
  });

  it.each([
    { name: 'speed', direction: 'up', value: 1 },
    { name: 'a b', direction: 'lower', value: 1 },
    { name: 'speed', direction: 'lower', value: 'fast' },
    { direction: 'lower', value: 1 },
    'fast',
    null,
  ])('with %j is refused', (custom) => {
    expect(reportProblem(report(custom))).toContain('metrics.custom must give name, direction and value');
  });
});
