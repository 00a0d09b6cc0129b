/** The values of the run's own metric in one stream of a job's output, and what they say as one number. */
import type { CustomMetric, MetricRule } from '../../domain/custom-metric.js';
import { stepNoise } from '../../domain/policies/noise.js';
import { type StepSpan, steadySpans, weightedMedian } from '../../domain/policies/steady-state.js';
import { measuredNumber, type Refusals } from './measured-number.js';
import { MetricPattern } from './metric-pattern.js';

/** Values beyond this are thinned by keeping every second, so that memory stays bounded. */
const VALUES_KEPT = 100_000;

type Value = StepSpan & { value: number };

export class CustomValues {
  private values: Value[] = [];
  private count = 0;
  private readonly pattern: MetricPattern;

  constructor(
    readonly rule: MetricRule,
    refusals: Refusals,
    timeLimitMs?: number,
  ) {
    this.pattern = new MetricPattern(
      rule.pattern,
      (text) => {
        const value = measuredNumber(text, rule.name, refusals);
        if (value !== null) this.keep(value);
      },
      timeLimitMs,
    );
  }

  readLine(line: string): void {
    this.pattern.readLine(line);
  }

  /** In order; none where the pattern took too long, because part of the values would be another number. */
  read(): { values: readonly Value[]; gaveUp: boolean } {
    this.pattern.flush();
    const { gaveUp } = this.pattern;
    return { values: gaveUp ? [] : this.values, gaveUp };
  }

  private keep(value: number): void {
    this.count += 1;
    this.values.push({ first: this.count, last: this.count, value });
    if (this.values.length > VALUES_KEPT) this.values = this.values.filter((_, i) => i % 2 === 0);
  }
}

/** Each line counts as a step does: the median of the steady ones. One stream only: a job may print to both. */
export function customMetric(
  stdout: CustomValues | null,
  stderr: CustomValues | null,
): { metric: CustomMetric; noise: number | null; findings: string[] } | null {
  if (!stdout || !stderr) return null;
  const { name, direction, pattern } = stdout.rule;
  const [out, err] = [stdout.read(), stderr.read()];
  const { values } = out.values.length > 0 ? out : err;
  const steady = steadySpans(values);
  const value = weightedMedian(steady.map((each) => ({ value: each.value, weight: 1 })));
  const findings: string[] = [];
  if (out.gaveUp || err.gaveUp)
    findings.push(`${name} is unknown: the pattern of --metric (${pattern}) took too long on what the job printed`);
  else if (value === null)
    findings.push(`${name} is unknown: --metric (${pattern}) found no number in what the job printed`);
  else if (value === 0) findings.push(`${name} is 0, and gains are ratios: it cannot be compared`);
  // A stream that was given up may hold the values that count.
  const known = out.gaveUp || err.gaveUp ? null : value;
  return { metric: { name, direction, value: known }, noise: stepNoise(steady.map((each) => each.value)), findings };
}
