/**
 * Looks for the pattern of `--metric` in lines that nobody vouches for. A backtracking expression can take exponential
 * time, and a job may print just what makes it do so: it runs under a time limit, over many lines at once, because to
 * arm the limit costs more than a match.
 */
import { createContext, Script } from 'node:vm';
import type { Found, NumberSearch, OpenSearch } from '../../domain/evidence/custom-values.js';
import { withPlainNumbers } from '../../domain/evidence/printed-number.js';

const LINES_AT_ONCE = 512;
/** A thousand times what so many lines take, and well within the heartbeat of the activity that reads them. */
const TIME_LIMIT_MS = 2000;

/** The text of the group, and what stands around it in the line: a number may be cut, its unit follows. */
const SEARCH = new Script(`lines.map((line) => {
  const match = pattern.exec(line);
  const [from, to] = match?.indices.groups?.value ?? match?.indices[1] ?? [];
  return from === undefined ? undefined : [line.slice(from, to), line.slice(Math.max(0, from - 8), from), line.slice(to, to + 24)];
})`);

/** A digit before or behind it, with no more between than separates thousands or decimals. */
const CUT_BEFORE = /\d[.,'’_\u00a0\u2007\u2009\u202f]?$/;
const CUT_BEHIND = /^(?:[.,'’_\u00a0\u2007\u2009\u202f]?\d|[eE][+-]?\d)/;

/** `timeLimitMs`: of 512 lines. */
export function searchWithin(timeLimitMs = TIME_LIMIT_MS): OpenSearch {
  return (pattern, onNumber) => new MetricPattern(pattern, onNumber, timeLimitMs);
}

class MetricPattern implements NumberSearch {
  /** The search took too long: the lines that follow were not looked through, so that nothing is known. */
  gaveUp = false;
  private waiting: string[] = [];
  private readonly sandbox: { pattern: RegExp; lines: string[] };

  constructor(
    pattern: string,
    /** Gets what the group holds and what follows it, line by line. */
    private readonly onNumber: (found: Found) => void,
    private readonly timeLimitMs: number,
  ) {
    this.sandbox = { pattern: new RegExp(pattern, 'd'), lines: [] };
    createContext(this.sandbox);
  }

  readLine(line: string): void {
    this.waiting.push(line);
    if (this.waiting.length >= LINES_AT_ONCE) this.flush();
  }

  flush(): void {
    const lines = this.waiting;
    this.waiting = [];
    if (this.gaveUp || lines.length === 0) return;
    const found = this.search(lines);
    // A pattern such as [0-9.]+ stops at the comma of 1,234.5: there the number is looked for as it is written plainly.
    const unclear = found.flatMap((each, i) => (each === undefined || isCut(each) ? [i] : []));
    const plain = unclear.map((i) => withPlainNumbers(lines[i]!));
    const changed = unclear.flatMap((i, at) => (plain[at] === lines[i] ? [] : [{ i, line: plain[at]! }]));
    for (const [at, again] of this.search(changed.map(({ line }) => line)).entries()) {
      if (again !== undefined && !isCut(again)) found[changed[at]!.i] = again;
    }
    if (this.gaveUp) return;
    for (const each of found) if (each !== undefined) this.onNumber({ text: each[0], behind: each[2] });
  }

  private search(lines: string[]): (Match | undefined)[] {
    if (this.gaveUp || lines.length === 0) return [];
    this.sandbox.lines = lines;
    try {
      return [...(SEARCH.runInContext(this.sandbox, { timeout: this.timeLimitMs }) as (Match | undefined)[])];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      this.gaveUp = true;
      return [];
    }
  }
}

type Match = [text: string, before: string, behind: string];

function isCut([text, before, behind]: Match): boolean {
  return (/^[\d.]/.test(text) && CUT_BEFORE.test(before)) || (/\d$/.test(text) && CUT_BEHIND.test(behind));
}
