/** Reads numbers that a job wrote. What cannot be a measurement is refused and remembered, never passed on. */
import { printedNumber } from './printed-number.js';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Collects refusals by field, so that a million bad lines become one sentence. */
export class Refusals {
  private readonly byField = new Map<string, { count: number; first: string; rule: string }>();

  /** `rule`: what would have been right. */
  add(field: string, text: string, rule = 'a measurement is a finite number of at least 0'): void {
    const seen = this.byField.get(field);
    if (seen) seen.count += 1;
    else this.byField.set(field, { count: 1, first: text.slice(0, 40), rule });
  }

  findings(): string[] {
    return [...this.byField].map(
      ([field, { count, first, rule }]) =>
        `refused ${count === 1 ? 'a value' : `${count} values`} of ${field} (the first: ${JSON.stringify(first)}): ${rule}`,
    );
  }
}

/** A number that is written plainly, or null. */
export function strictNumber(text: string): number | null {
  return NUMBER.test(text.trim()) ? Number(text) : null;
}

/** The number, or null for a blank (unknown) and for what is refused. The field's name tells its unit (`_ms`, `_s`). */
export function measuredNumber(text: string | undefined, field: string, refusals: Refusals): number | null {
  const trimmed = text?.trim().replace(/[,;)\]}]+$/, '') ?? '';
  if (trimmed === '') return null;
  const value = strictNumber(trimmed) ?? inUnitOf(field, trimmed);
  if (Number.isFinite(value) && value >= 0) return value;
  refusals.add(field, trimmed);
  return null;
}

function inUnitOf(field: string, text: string): number {
  const number = printedNumber(text);
  if (number === null) return Number.NaN;
  const { value, unit, seconds } = number;
  if (unit === 'none') return value;
  const isRate = /_per_s$/.test(field);
  if (unit === 'rate') return isRate ? value / seconds : Number.NaN;
  if (unit === 'percent') return /_pct$/.test(field) ? value : Number.NaN;
  if (unit !== 'time' || isRate) return Number.NaN;
  if (/_ms$/.test(field)) return value * seconds * 1000;
  return /_s$/.test(field) ? value * seconds : Number.NaN;
}
