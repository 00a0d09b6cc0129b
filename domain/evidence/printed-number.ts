/**
 * Numbers as people print them: `1,234.5`, `1.234,5`, `12 345`, `3.2k`, `1.5e3`, `150ms`, `2.1s/it`, `36.2it/s`, `45%`.
 *
 * A comma before exactly three digits may separate thousands or decimals. It is read as thousands, as every formatter
 * of Python prints it, unless a zero stands in front (`0,125`): whoever reads a list of them may know better
 * (commasIn).
 */

/** What the number counts, by the unit that was printed with it. */
export type PrintedUnit = 'none' | 'time' | 'rate' | 'percent' | 'other';

export interface PrintedNumber {
  /** As printed, with `k`, `M` and `G` multiplied in. */
  value: number;
  unit: PrintedUnit;
  /** Of a time or a rate: how many seconds its unit of time has (`ms` 0.001, `it/min` 60); else 1. */
  seconds: number;
}

export type Commas = 'thousands' | 'decimals';

/** Blanks of typesetting, and what programming languages and the Swiss put between thousands. */
const GAP = String.raw`[\u00a0\u2007\u2009\u202f'’_]`;
const PLAIN = String.raw`(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const GROUPED = [
  String.raw`\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])`,
  String.raw`\d{1,3}(?:\.\d{3})+,\d+(?![\d.])`,
  String.raw`\d{1,3}(?:\.\d{3}){2,}(?![\d.])`,
  String.raw`\d{1,3}(?:${GAP}\d{3})+(?:[.,]\d+)?(?!\d)`,
  String.raw`\d+,\d+(?:[eE][+-]?\d+)?(?![\d,])`,
].join('|');
const NUMBER = new RegExp(String.raw`^([+-]?)(${GROUPED}|${PLAIN})\s*(.*)$`, 's');
/** Numbers in a text that are not written plainly. */
const NOT_PLAIN = new RegExp(String.raw`(?<![\d.,\w])(?<!\d:)(?:${GROUPED}|\d+\.?\d*[eE][+-]?\d+)(?![\w])`, 'g');

const SECONDS: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  msec: 1e-3,
  s: 1,
  sec: 1,
  secs: 1,
  second: 1,
  seconds: 1,
  min: 60,
  mins: 60,
  minute: 60,
  minutes: 60,
  h: 3600,
  hr: 3600,
  hour: 3600,
  hours: 3600,
};
const SCALES: Record<string, number> = { k: 1e3, K: 1e3, M: 1e6, G: 1e9 };
const COUNTED =
  'it|img|image|images|sample|samples|item|items|ex|example|examples|tok|token|tokens|step|steps|batch|f|fps';
const SCALED = new RegExp(String.raw`^([kKMG])(?=$|[\s/,;)\]]|(?:${COUNTED})\b)\s*`);

/** Null for what is no number, or one with more behind it than a unit. */
export function printedNumber(text: string, commas: Commas = 'thousands'): PrintedNumber | null {
  const match = NUMBER.exec(text.trim());
  if (!match) return null;
  const [, sign, digits, rest] = match;
  const unit = printedUnit(rest!);
  const value = Number(plainDigits(digits!, commas));
  if (unit === null || !Number.isFinite(value)) return null;
  return { value: (sign === '-' ? -value : value) * unit.scale, unit: unit.unit, seconds: unit.seconds };
}

/** The unit at the beginning of what follows a number; null where it is none. */
export function printedUnit(text: string): { scale: number; unit: PrintedUnit; seconds: number } | null {
  const scaled = SCALED.exec(text);
  const scale = scaled ? SCALES[scaled[1]!]! : 1;
  const word = (scaled ? text.slice(scaled[0].length) : text).replace(/[\s,;:)\]}|]+$/, '');
  const of = (unit: PrintedUnit, seconds = 1) => ({ scale, unit, seconds });
  if (word === '') return of('none');
  if (word === '%') return of('percent');
  if (!/^\p{L}/u.test(word)) return null;
  const [unit = '', per] = word.split(/\s*\/\s*|\s+per\s+/i) as [string, string?];
  const time = SECONDS[unit] ?? SECONDS[unit.toLowerCase()];
  if (per === undefined) {
    if (time !== undefined) return of('time', time);
    return /^\p{L}+ps$/u.test(unit) ? of('rate') : /^[\p{L}_ -]+$/u.test(unit) ? of('other') : null;
  }
  const perTime = SECONDS[per] ?? SECONDS[per.toLowerCase()];
  if (perTime !== undefined) return of('rate', perTime);
  return time === undefined ? of('other') : of('time', time);
}

/**
 * How a job prints its numbers, as far as one of them tells: `0,5` and `12,5` have decimals, `1,234.5` has thousands.
 */
export function commasIn(texts: Iterable<string>): Commas | null {
  let found: Commas | null = null;
  for (const text of texts) {
    const says = commasOf(text.trim());
    if (says !== null && found !== null && says !== found) return null;
    found ??= says;
  }
  return found;
}

function commasOf(text: string): Commas | null {
  if (/^[+-]?\d{1,3}(?:,\d{3})+\.\d/.test(text) || /^[+-]?\d{1,3}(?:,\d{3}){2,}(?!\d)/.test(text)) return 'thousands';
  return /^[+-]?\d+,(?!\d{3}(?!\d))\d+/.test(text) || /^[+-]?0,\d/.test(text) ? 'decimals' : null;
}

/** Whether the comma of a number may mean both. */
export function isAmbiguous(text: string): boolean {
  return /^[+-]?[1-9]\d{0,2},\d{3}(?![\d.,])/.test(text.trim());
}

/** The text with its numbers written plainly: `at 1,234.5 it/s` becomes `at 1234.5 it/s`. */
export function withPlainNumbers(text: string, commas: Commas = 'thousands'): string {
  return text.replace(NOT_PLAIN, (digits) => {
    const value = Number(plainDigits(digits, commas));
    return Number.isFinite(value) ? decimal(value) : digits;
  });
}

/** Without an exponent, which `[0-9.]+` would cut. */
function decimal(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}

function plainDigits(digits: string, commas: Commas): string {
  const isThousands = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(digits) && !digits.startsWith('0,');
  if (isThousands && (commas === 'thousands' || commasOf(digits) === 'thousands')) return digits.replaceAll(',', '');
  if (/^\d{1,3}(?:\.\d{3})+,\d+$/.test(digits) || /^\d{1,3}(?:\.\d{3}){2,}$/.test(digits))
    return digits.replaceAll('.', '').replace(',', '.');
  return digits.replace(new RegExp(GAP, 'g'), '').replace(',', '.');
}
