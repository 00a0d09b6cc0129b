import { describe, expect, it } from 'vitest';
import type { MetricRule } from '../../../domain/evidence/custom-metric.js';
import { CustomValues, customMetric } from '../../../domain/evidence/custom-values.js';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { Refusals } from '../../../domain/evidence/measured-number.js';
import { searchWithin } from '../../../jobs/output/metric-pattern.js';

function read(
  { stdout = [], stderr = [] }: { stdout?: string[]; stderr?: string[] },
  pattern = 'speed: (\\S+)',
  timeLimitMs?: number,
) {
  const refusals = new Refusals();
  const rule = { name: 'speed', direction: 'higher', pattern } as const;
  const outputs = [stdout, stderr].map((lines) => {
    const output = new JobOutput(refusals, new CustomValues(rule, refusals, searchWithin(timeLimitMs)));
    for (const line of lines) output.readLine(line);
    return output;
  });
  const found = customMetric(outputs[0]!.custom, outputs[1]!.custom)!;
  return { ...found, findings: [...found.findings, ...refusals.findings()] };
}

const lines = (values: readonly (number | string)[]) => values.map((value) => `epoch 1 speed: ${value} samples/s`);

describe('numbers as people print them', () => {
  const speed = 'speed: ([0-9.]+)';
  it.each<{ name: string; stdout: string[]; pattern?: string; value: number; name_?: string; direction?: 'lower' }>([
    { name: 'thousands, where the pattern stops at the comma', stdout: ['speed: 1,234.5 it/s'], value: 1234.5 },
    {
      name: 'thousands, where the unit follows in the pattern',
      stdout: ['speed: 1,234.5 it/s'],
      pattern: '([0-9.]+) it/s',
      value: 1234.5,
    },
    { name: 'thousands of the other kind', stdout: ['speed: 1.234,5 it/s'], value: 1234.5 },
    {
      name: 'a comma that may be either is one between thousands',
      stdout: ['speed: 1,234', 'speed: 987', 'speed: 1,100'],
      value: 1100,
    },
    {
      name: 'a comma that other values show to be decimal',
      stdout: ['speed: 1,234', 'speed: 12,5', 'speed: 0,987'],
      pattern: 'speed: ([0-9.,]+)',
      value: 1.234,
    },
    { name: 'a scale behind it', stdout: ['speed: 1.2k samples/s'], value: 1200 },
    { name: 'an exponent', stdout: ['speed: 1.2e+03'], value: 1200 },
    { name: 'colours', stdout: ['\u001b[1mspeed:\u001b[0m \u001b[32m12.5\u001b[0m'], value: 12.5 },
    {
      name: 'a time stamp, a logger and a rank in front',
      stdout: ['[rank0]: 2026-01-01 10:00:00,123 INFO x: speed: 12.5'],
      value: 12.5,
    },
    {
      name: 'seconds a step of a progress bar that shows steps a second above one',
      stdout: ['9/100 [00:01<00:09, 2.00it/s]', '10/100 [00:02<00:09, 2.00s/it]', '11/100 [00:02<00:09, 2.00it/s]'],
      pattern: '([0-9.]+)(?:it/s|s/it)',
      value: 2,
    },
    {
      name: 'milliseconds and seconds',
      stdout: ['took 950 ms', 'took 1.05 s', 'took 990 ms'],
      pattern: 'took ([0-9.]+)',
      value: 990,
      direction: 'lower',
    },
    {
      name: 'microseconds, in the unit of the name',
      stdout: ['took 1500us'],
      pattern: 'took (\\S+)',
      value: 1.5,
      name_: 'step_ms',
      direction: 'lower',
    },
    { name: 'percent', stdout: ['speed: 45%'], value: 45 },
  ])('$name', ({ stdout, pattern = speed, value, name_ = 'speed', direction = 'higher' as const }) => {
    const refusals = new Refusals();
    const rule: MetricRule = { name: name_, direction, pattern };
    const [out, err] = [
      new CustomValues(rule, refusals, searchWithin()),
      new CustomValues(rule, refusals, searchWithin()),
    ];
    const output = new JobOutput(refusals, out);
    for (const line of stdout) output.readLine(line);
    expect(customMetric(out, err)!.metric.value).toBeCloseTo(value);
    expect(refusals.findings()).toEqual([]);
  });

  it('a guess is told', () => {
    expect(read({ stdout: ['speed: 1,234'] }).findings.join()).toContain('1,234 was read as 1234');
  });

  it('a unit of time is that of the baseline in every job', () => {
    const refusals = new Refusals();
    const rule = { name: 'epoch', direction: 'lower', pattern: 'took ([0-9.]+)' } as const;
    const [out, err] = [
      new CustomValues(rule, refusals, searchWithin()),
      new CustomValues(rule, refusals, searchWithin()),
    ];
    new JobOutput(refusals, out).readLine('took 1.5 s');
    expect(customMetric(out, err, 0.001)!.metric).toMatchObject({ value: 1500, unitS: 0.001 });
  });
});

describe('the values of a run’s own metric', () => {
  it.each([
    { name: 'one line is its value', values: [12.5], value: 12.5 },
    { name: 'of few lines the median', values: [9, 11, 10], value: 10 },
    { name: 'the first fifth is warm-up', values: [1, 1, 10, 10, 10, 10, 10, 10, 12, 12], value: 10 },
    { name: 'the first twenty of many are', values: [...Array(20).fill(1), ...Array(100).fill(7)], value: 7 },
    { name: 'exponents are numbers', values: ['1e3'], value: 1000 },
  ])('$name', ({ values, value }) => {
    expect(read({ stdout: lines(values) })).toMatchObject({ metric: { value }, findings: [] });
  });

  it('the group called value counts before the first', () => {
    expect(read({ stdout: ['rank 3 at 12'] }, 'rank (\\d) at (?<value>\\d+)').metric.value).toBe(12);
  });

  it('stderr counts where stdout has none, and never both', () => {
    expect(read({ stderr: lines([5]) }).metric.value).toBe(5);
    expect(read({ stdout: lines([4]), stderr: lines([6, 6, 6]) }).metric.value).toBe(4);
  });

  it.each(['nan', 'inf', '-3', '1e999', '1,23,4'])('%s is refused with a finding', (bad) => {
    const { metric, findings } = read({ stdout: lines([bad, 8]) });
    expect(metric.value).toBe(8);
    expect(findings).toEqual([expect.stringContaining(`of speed (the first: ${JSON.stringify(bad)})`)]);
  });

  it.each([
    { name: 'nothing that matches', stdout: ['fast'], says: 'found no number' },
    { name: 'a group that took no part', stdout: ['speed'], pattern: 'speed(: \\d+)?', says: 'found no number' },
    { name: 'a line that is too long', stdout: [`${'x'.repeat(5000)} speed: 3`], says: 'found no number' },
    { name: 'zero', stdout: lines([0]), says: 'cannot be compared' },
  ])('$name: unknown, with a finding', ({ stdout, pattern, says }) => {
    const { metric, findings } = read({ stdout }, pattern);
    expect(metric.value || null).toBeNull();
    expect(findings).toEqual([expect.stringContaining(says)]);
  });

  it('a pattern that takes exponential time on a hostile line is given up, and the value is unknown', () => {
    const hostile = [...lines([8]), `${'a'.repeat(60)}!`, ...lines(Array(2000).fill(9))];
    const { metric, findings } = read({ stdout: hostile }, '^(?:a+)+$|speed: (\\d+)', 50);
    expect(metric.value).toBeNull();
    expect(findings).toEqual([expect.stringContaining('took too long')]);
  });

  it('its noise is known from twenty steady values on', () => {
    const wave = Array.from({ length: 60 }, (_, i) => 100 + (Math.floor(i / 6) % 2));
    expect(read({ stdout: lines(wave.slice(0, 20)) }).noise).toBeNull();
    expect(read({ stdout: lines(wave) }).noise).toBeGreaterThan(0);
  });

  it('memory stays bounded', () => {
    const { metric } = read({ stdout: lines(Array.from({ length: 100_001 }, () => 3)) });
    expect(metric.value).toBe(3);
  });
});
