/**
 * How the text of a flag becomes a value of config.json: each reader throws a Refusal, with what would be right, when
 * it does not fit.
 */

import { shellWords } from '../../domain/command/shell-commands.js';
import { parseMetricRule } from '../../domain/evidence/custom-metric.js';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { MASTER_TABLE_COLUMNS } from '../../domain/reports/master-table.js';
import { Refusal } from '../output/refusal.js';

export const asText = (given: unknown) => String(given);

export function wholeNumber(name: string, least: number) {
  return (given: unknown): number => {
    const value = /^[+-]?\d+(\.\d+)?$/.test(String(given).trim()) ? Number(given) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new Refusal(name, given, `a whole number of at least ${least}`);
    }
    return value;
  };
}

export function seconds(name: string) {
  return (given: unknown): number => {
    const value = String(given).trim() === '' ? Number.NaN : Number(given);
    if (!Number.isFinite(value) || value <= 0) throw new Refusal(name, given, 'a number of seconds above 0');
    return value;
  };
}

/** How a person lifts a limit. */
const NO_LIMIT = 'none';

/** A number above 0, or null for `none`. */
export function amountOrNone(name: string) {
  return (given: unknown): number | null => {
    if (given === NO_LIMIT) return null;
    const value = String(given).trim() === '' ? Number.NaN : Number(given);
    if (!Number.isFinite(value) || value <= 0) throw new Refusal(name, given, `a number above 0, or ${NO_LIMIT}`);
    return value;
  };
}

export function countOrNone(name: string) {
  return (given: unknown): number | null => {
    if (given === NO_LIMIT) return null;
    const value = /^\d+$/.test(String(given)) ? Number(given) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new Refusal(name, given, `a whole number of at least 1, or ${NO_LIMIT}`);
    }
    return value;
  };
}

/** "2" or "2%" -> 0.02. */
export function percentage(name: string) {
  return (given: unknown): number => {
    const text = String(given).trim().replace(/%$/, '');
    const value = text === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || value <= 0)
      throw new Refusal(name, given, 'a percentage above 0, as in "2" or "2%"');
    return value / 100;
  };
}

export function every(name: string, isRight: (value: string) => boolean, advice: string) {
  return (given: unknown): string[] => {
    const values = given as string[];
    const wrong = values.find((value) => !isRight(value));
    if (wrong !== undefined) throw new Refusal(name, wrong, advice);
    return values;
  };
}

export function oneOf(name: string, known: readonly string[]) {
  return (given: unknown): string => {
    if (!known.includes(String(given))) throw new Refusal(name, given, `one of ${known.join(', ')}`);
    return String(given);
  };
}

/** Names that stand for something else in result.json and master_table.tsv. */
const TAKEN_NAMES = [...Object.keys(UNKNOWN_METRICS), ...MASTER_TABLE_COLUMNS, 'custom'];

export function metricRule(name: string) {
  return (given: unknown) => {
    const rule = parseMetricRule(String(given), TAKEN_NAMES);
    if ('problem' in rule) throw new Refusal(name, given, rule.problem);
    return rule;
  };
}

/** Paths that leave the source directory are none that an agent could change. */
export function isGlob(text: string): boolean {
  return text.trim() !== '' && !text.startsWith('/') && !text.split('/').includes('..');
}

/** Words as a shell would read them. */
export const texts = (given: unknown) => (given as string[]).flatMap((text) => shellWords(text));
