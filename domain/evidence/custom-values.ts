/**
 * The values of the run's own metric in one stream of a job's output, and what they say as one number. A job may print
 * one in `it/s` and the next in `s/it`, `950 ms` and `1.02 s`, `987` and `1.2k`: they are brought to one unit.
 */

import { stepNoise } from '../belief/noise.js';
import { type StepSpan, steadySpans, weightedMedian } from '../belief/steady-state.js';
import type { CustomMetric, MetricRule } from './custom-metric.js';
import { type Refusals, strictNumber } from './measured-number.js';
import {
  type Commas,
  commasIn,
  isAmbiguous,
  type PrintedNumber,
  printedNumber,
  printedUnit,
} from './printed-number.js';

/** Values beyond this are thinned by keeping every second, so that memory stays bounded. */
const VALUES_KEPT = 100_000;

export interface Found {
  text: string;
  /** What follows it in its line: its unit, maybe. */
  behind: string;
}

/** Looks for the number of a pattern, line by line, under a time limit. */
export interface NumberSearch {
  /** The search took too long: the lines that follow were not looked through, so that nothing is known. */
  readonly gaveUp: boolean;
  readLine(line: string): void;
  flush(): void;
}

export type OpenSearch = (pattern: string, onNumber: (found: Found) => void) => NumberSearch;

type Value = StepSpan & { value: number };

interface Read {
  values: readonly Value[];
  gaveUp: boolean;
  findings: string[];
  /** Of a time or a rate. */
  unitS: number | null;
}

export class CustomValues {
  private found: (Found & { count: number })[] = [];
  private count = 0;
  private readonly search: NumberSearch;

  constructor(
    readonly rule: MetricRule,
    private readonly refusals: Refusals,
    openSearch: OpenSearch,
  ) {
    this.search = openSearch(rule.pattern, (found) => this.keep(found));
  }

  readLine(line: string): void {
    this.search.readLine(line);
  }

  /**
   * In order; none where the pattern took too long, because part of the values would be another number. `unitS` is the
   * unit of time, in seconds, in which the baseline's are given.
   */
  read(unitS: number | null = null): Read {
    this.search.flush();
    if (this.search.gaveUp) return { values: [], gaveUp: true, findings: [], unitS: null };
    const { name, direction } = this.rule;
    const texts = this.found.map(({ text }) => text);
    const commas = commasIn(texts);
    const read = this.found.flatMap(({ text, behind, count }) => {
      const number = numberAt(text, behind, commas ?? 'thousands');
      if (number === null || !Number.isFinite(number.value) || number.value < 0) {
        this.refusals.add(name, text);
        return [];
      }
      return { first: count, last: count, number };
    });
    const given = read.map(({ number }) => number);
    const { values, unitS: used } = inOneUnit(name, direction, given, unitS);
    const guessed = commas === null ? texts.find(isAmbiguous) : undefined;
    return {
      values: read.map(({ first, last }, i) => ({ first, last, value: values[i]! })),
      gaveUp: false,
      unitS: used,
      findings:
        guessed === undefined
          ? []
          : [`${name}: ${guessed} was read as ${guessed.replaceAll(',', '')}, its comma as one between thousands`],
    };
  }

  private keep(found: Found): void {
    this.count += 1;
    this.found.push({ ...found, count: this.count });
    if (this.found.length > VALUES_KEPT) this.found = this.found.filter((_, i) => i % 2 === 0);
  }
}

/** The unit may stand in the group, or right behind it. */
function numberAt(text: string, behind: string, commas: Commas): PrintedNumber | null {
  const plain = strictNumber(text);
  const number = plain === null ? printedNumber(text, commas) : { value: plain, unit: 'none' as const, seconds: 1 };
  if (number === null || number.unit !== 'none') return number;
  const word = /^\s?(?:[kKMG]?\s?%?[\p{L}µ]*(?:\s?\/\s?\p{L}+)?)/u.exec(behind)?.[0].trim() ?? '';
  const unit = printedUnit(word);
  return unit === null ? number : { value: number.value * unit.scale, unit: unit.unit, seconds: unit.seconds };
}

/**
 * Seconds of the unit in which values of a time are given: that of the metric's name, else the one that was printed
 * most.
 */
const NAMED_UNITS: readonly [RegExp, number][] = [
  [/_(?:ns)$/i, 1e-9],
  [/_(?:us)$/i, 1e-6],
  [/_(?:ms|msec)$/i, 1e-3],
  [/_(?:min|minutes)$/i, 60],
  [/_(?:h|hours)$/i, 3600],
  [/_(?:s|sec|secs|seconds)$/i, 1],
];

function inOneUnit(
  name: string,
  direction: MetricRule['direction'],
  numbers: readonly PrintedNumber[],
  known: number | null,
): { values: number[]; unitS: number | null } {
  const timed = numbers.filter(isTimed);
  const [first] = timed;
  if (first === undefined) return { values: numbers.map(({ value }) => value), unitS: null };
  // A progress bar shows s/it where there is less than one a second: what counts as better says which of the two is
  // meant.
  const turns = timed.some(({ unit }) => unit !== first.unit);
  const wanted = turns ? (direction === 'higher' ? 'rate' : 'time') : first.unit;
  const named = /_per_[a-z]+$/i.test(name) ? undefined : NAMED_UNITS.find(([pattern]) => pattern.test(name))?.[1];
  const unitS = (wanted === 'time' ? named : undefined) ?? known ?? mostFrequent(timed.map(({ seconds }) => seconds));
  const values = numbers.map((number) => {
    if (!isTimed(number)) return number.value;
    const each = number.unit === 'time' ? number.value * number.seconds : number.seconds / number.value;
    return wanted === 'time' ? each / unitS : unitS / each;
  });
  return { values, unitS };
}

function isTimed({ unit }: PrintedNumber): boolean {
  return unit === 'time' || unit === 'rate';
}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]![0];
}

/** Each line counts as a step does: the median of the steady ones. One stream only: a job may print to both. */
export function customMetric(
  stdout: CustomValues | null,
  stderr: CustomValues | null,
  unitS: number | null = null,
): { metric: CustomMetric; noise: number | null; findings: string[] } | null {
  if (!stdout || !stderr) return null;
  const { name, direction, pattern } = stdout.rule;
  const [out, err] = [stdout.read(unitS), stderr.read(unitS)];
  const chosen = out.values.length > 0 ? out : err;
  const steady = steadySpans(chosen.values);
  const value = weightedMedian(steady.map((each) => ({ value: each.value, weight: 1 })));
  const findings = [...chosen.findings];
  if (out.gaveUp || err.gaveUp)
    findings.push(`${name} is unknown: the pattern of --metric (${pattern}) took too long on what the job printed`);
  else if (value === null)
    findings.push(`${name} is unknown: --metric (${pattern}) found no number in what the job printed`);
  else if (value === 0) findings.push(`${name} is 0, and gains are ratios: it cannot be compared`);
  // A stream that was given up may hold the values that count.
  const known = out.gaveUp || err.gaveUp ? null : value;
  const unit = chosen.unitS === null ? {} : { unitS: chosen.unitS };
  return {
    metric: { name, direction, value: known, ...unit },
    noise: stepNoise(steady.map((each) => each.value)),
    findings,
  };
}
