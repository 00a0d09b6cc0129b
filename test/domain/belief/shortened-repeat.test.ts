import { describe, expect, it } from 'vitest';
import { mean } from '../../../domain/belief/noise.js';
import { measuredFor, onScaleOfWhole, shortened, shortenedText } from '../../../domain/belief/shortened-repeat.js';
import type { Evidence } from '../../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { chanceOf } from '../random-run.js';

const NOISE = 0.005;
const ALL = 600;

/** A job's lines, one a step; its warm-up is slow. `stepMs` of a step and of chance. */
function job(stepMs: (step: number) => number, steps: number, seed: number, spread = 0.02) {
  const chance = chanceOf(seed);
  return Array.from({ length: steps }, (_, i) => {
    const step = i + 1;
    const cold = step <= 20 ? 5 : 1;
    return { first: step, last: step, stepMs: stepMs(step) * cold * (1 + spread * (2 * chance() - 1)) };
  });
}
const steady = (ms: number) => () => ms;
const later = (from: number, ms: number) => (step: number) => (step > from ? ms : 10);
const whole = job(steady(10), ALL, 1);
const says = (steps: ReturnType<typeof job>, of = whole, noise = NOISE) => shortened('002_a', steps, of, noise);

describe('a repeat that is as steady as the whole run was', () => {
  it('ends once more steps would tell nothing more, and is measured over the same steps', () => {
    const measured = says(job(steady(10.2), 200, 2))!;
    expect(measured).toMatchObject({ of: '002_a', steps: 200, whole_steps: ALL });
    expect(Math.abs(measured.speed_ratio - 10 / 10.2)).toBeLessThan(3 * measured.standard_error);
    expect(measured.standard_error).toBeLessThan(NOISE / 2);
    expect(shortenedText(measured)).toMatch(
      /^ended early after 200 of 600 steps, as its rate was steady: .* 0\.9[78]\d* times as fast as the whole run of 002_a/,
    );
  });

  it.each([
    ['a tenth slower', 1.1],
    ['as fast', 1],
    ['twice as fast', 0.5],
  ])('tells the rate of one that is %s without a bias', (_, times) => {
    const errors = Array.from({ length: 60 }, (_, i) => {
      const of = job(steady(10), ALL, 2 * i);
      const measured = says(job(steady(10 * times), 150 + i, 2 * i + 1), of);
      return measured === null ? [] : Math.log(measured.speed_ratio * times);
    }).flat();
    expect(errors.length).toBeGreaterThan(50);
    expect(Math.abs(mean(errors))).toBeLessThan(0.0006);
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(0.006);
  });

  it('counts each step once where lines stand for several', () => {
    const lines = (ms: number, count: number) =>
      Array.from({ length: count }, (_, i) => ({ first: 4 * i + 1, last: 4 * i + 4, stepMs: ms + (i % 2) * 0.02 }));
    expect(says(lines(10, 100), lines(10, 250))).toMatchObject({ steps: 400, whole_steps: 1000, speed_ratio: 1 });
  });
});

describe('a repeat goes on', () => {
  it.each([
    { name: 'before a quarter of the steps', own: job(steady(10), 140, 2) },
    { name: 'before a hundred steps', own: job(steady(10), 90, 2), of: job(steady(10), 300, 1) },
    { name: 'when it is nearly done', own: job(steady(10), 580, 2) },
    { name: 'while its error is larger than runs differ by', own: job(steady(10), 200, 2, 0.6) },
    { name: 'where runs hardly differ', own: job(steady(10), 200, 2), noise: 0.001 },
    { name: 'while its own rate changes', own: job(later(110, 11), 200, 2) },
    { name: 'without the first steps', own: job(steady(10), 200, 2).slice(60) },
    { name: 'without the first steps of the whole run', own: job(steady(10), 200, 2), of: whole.slice(60) },
    { name: 'without numbers', own: job(() => Number.NaN, 200, 2) },
    { name: 'without lines', own: [] },
  ])('$name', ({ own, of = whole, noise = NOISE }) => {
    expect(says(own, of, noise)).toBeNull();
  });

  it.each([200, 300, 400, 500, 539])(
    'at %d steps where the whole run changed late, before and after it did',
    (steps) => {
      for (const change of [150, 300, 450, 560]) {
        const of = job(later(change, 11), ALL, 1);
        expect(says(job(later(change, 11), steps, 2), of), `at ${change}`).toBeNull();
      }
    },
  );
});

describe('a job of other code that is measured for two seconds', () => {
  const base = job(steady(10), ALL, 1);
  const measured = (steps: ReturnType<typeof job>, of = base) => measuredFor(2, '000_baseline', steps, of, NOISE);

  it.each([
    ['a tenth slower', 1.1, 240],
    ['a third faster', 0.75, 320],
  ])('%s: is told by its steady steps and those of the whole baseline', (_, times, steps) => {
    const errors = Array.from({ length: 40 }, (_, i) => {
      const told = measured(job(steady(10 * times), steps + i, 3 * i), job(steady(10), ALL, 3 * i + 1));
      return told === null ? [] : Math.log(told.speed_ratio * times);
    }).flat();
    expect(errors.length).toBeGreaterThan(35);
    expect(Math.abs(mean(errors))).toBeLessThan(0.0006);
    expect(shortenedText(measured(job(steady(10 * times), steps, 2))!)).toMatch(
      /^ended early after \d+ steps, 2 s of them steady, as --measure-seconds asks: .* of 000_baseline/,
    );
  });

  it.each([
    { name: 'has not been steady for so long', own: job(steady(10), 200, 2) },
    { name: 'has done fewer than a hundred steps', own: job(steady(40), 90, 2) },
    { name: 'changes its rate', own: job(later(150, 12), 300, 2) },
    { name: 'misses its first steps', own: job(steady(10), 300, 2).slice(60) },
    { name: 'printed nothing', own: [] },
    { name: 'follows a baseline that ended as soon', own: job(steady(10), 300, 2), of: job(steady(10), 210, 1) },
  ])('goes on where it $name', ({ own, of = base }) => {
    expect(measured(own, of)).toBeNull();
  });

  it('goes on, however long, where the baseline changed late', () => {
    for (const change of [100, 300, 500, 560])
      for (const steps of [230, 400, 599])
        expect(measured(job(steady(10), steps, 2), job(later(change, 11), ALL, 1)), `${change}, ${steps}`).toBeNull();
  });
});

it('tells its throughput on the scale of whole runs, and says so', () => {
  const evidence = (samplesPerS: number | null) =>
    ({
      metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: samplesPerS, steady_step_time_ms: 10 },
      sources: { throughput_samples_per_s: 'parsed', steady_step_time_ms: 'derived' },
      steps: { count: 200, noise: 0.003 },
      findings: ['f'],
    }) as unknown as Evidence;
  const measured = says(job(steady(10.2), 200, 2))!;
  const told = onScaleOfWhole(evidence(1), measured, evidence(500));
  expect(told.metrics.throughput_samples_per_s).toBeCloseTo(500 * measured.speed_ratio, 6);
  expect(told.sources.throughput_samples_per_s).toBe('derived');
  expect(told.shortened).toBe(shortenedText(measured));
  expect(told.findings).toEqual([told.shortened, 'f']);
  expect(told.steps.noise, 'as of all steps').toBeCloseTo(0.003 * Math.sqrt(200 / ALL), 6);
  const stepsOnly = onScaleOfWhole(evidence(1), measured, evidence(null));
  expect(stepsOnly.metrics.throughput_samples_per_s).toBeNull();
  expect(stepsOnly.sources).toEqual({ steady_step_time_ms: 'derived' });
});
