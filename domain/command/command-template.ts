/** Commands of the user's own with placeholders, `{name}`, which become words of a shell. */
import { shellWord } from './shell-word.js';

/** No shell variable: `${name}` stays. */
const PLACEHOLDER = /(?<!\$)\{([a-z_]+)\}/g;

/** What is wrong with a template that may name these, or null. */
export function templateProblem(text: string, allowed: readonly string[]): string | null {
  for (const { 0: whole, 1: name, index } of text.matchAll(PLACEHOLDER)) {
    if (!allowed.includes(name!)) {
      const known = allowed.map((each) => `{${each}}`).join(', ');
      return `${whole} is no placeholder here: ${known} (braces of a program with blanks, { print })`;
    }
    if (isQuotedAt(text, index)) return `${whole} must stand outside of quotes: it is quoted by itself`;
  }
  return null;
}

function isQuotedAt(text: string, end: number): boolean {
  let quote = '';
  for (let at = 0; at < end; at++) {
    const sign = text[at]!;
    if (sign === '\\' && quote !== "'") at++;
    else if (quote === '' && (sign === "'" || sign === '"')) quote = sign;
    else if (sign === quote) quote = '';
  }
  return quote !== '';
}

/** Each value as words of a shell, a list as several. */
export function rendered(text: string, values: Readonly<Record<string, string | number | readonly string[]>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return (typeof value === 'object' ? value : [String(value)]).map(shellWord).join(' ');
  });
}
