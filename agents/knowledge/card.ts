/** A card: one thing to know, in a Markdown file whose header says when it applies, what for, and by what source. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../host/package-files.js';
import { isRunSign, SIGNS } from './signs.js';

export interface Card {
  /** Of its file, without `.md`. */
  name: string;
  /** Alternatives of signs that hold together; `false` for a sign that must not hold. [[]] always applies. */
  when: Condition[];
  /** Tags of best practices that it serves. */
  practices: string[];
  /** What it was taken from, with the version. */
  source: string;
  body: string;
}

export type Condition = { sign: string; holds: boolean }[];

const HEAD = /^---\nwhen: (.+)\npractices: \[([^\]]*)\]\nsource: (.+)\n---\n/;

/** A RangeError where the header is not whole, or names a sign that nobody looks for. */
export function parseCard(text: string, name: string): Card {
  const head = HEAD.exec(text);
  if (!head) throw new RangeError(`card ${name} does not say when, practices and source`);
  const [whole, when = '', practices = '', source = ''] = head;
  return {
    name,
    when: conditions(when, name),
    practices: practices.split(',').flatMap((tag) => (tag.trim() === '' ? [] : [tag.trim()])),
    source,
    body: text.slice(whole.length).trim(),
  };
}

/** `always`, or signs joined by `and`, with `not` before them; alternatives are joined by `or`. */
function conditions(text: string, name: string): Condition[] {
  if (text === 'always') return [[]];
  return text.split(' or ').map((alternative) =>
    alternative.split(' and ').map((word) => {
      const [, not, sign = ''] = /^(not )?(\w+)$/.exec(word.trim()) ?? [];
      if (!SIGNS.has(sign)) throw new RangeError(`card ${name}: there is no sign ${JSON.stringify(word)}`);
      return { sign, holds: not === undefined };
    }),
  );
}

/**
 * How specific the card is, by the alternative that is most: signs that hold count before those that do not; null where
 * it does not apply.
 */
export function fitOf({ when }: Card, signs: ReadonlySet<string>): number | null {
  const fitting = when.filter((all) => all.every(({ sign, holds }) => signs.has(sign) === holds));
  const weight = (all: Condition) => all.reduce((sum, { holds }) => sum + (holds ? 10 : 1), 0);
  return fitting.length === 0 ? null : Math.max(...fitting.map(weight));
}

/** A card that needs what a run has measured comes with the run's numbers, not with the code. */
export function isOfRuns({ when }: Card): boolean {
  return when.some((all) => all.some(({ sign, holds }) => holds && isRunSign(sign)));
}

const FOLDER = ['agents', 'knowledge', 'cards'] as const;
let all: Card[] | null = null;

/** By name; read once. */
export function allCards(): Card[] {
  all ??= readdirSync(packageFile(...FOLDER), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => parseCard(readFileSync(join(packageFile(...FOLDER), path), 'utf8'), path.slice(0, -3)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return all;
}
