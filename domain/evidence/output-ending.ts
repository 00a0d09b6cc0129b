/**
 * The last lines of one stream as shapes: with numbers, their units, times and paths masked, so that two jobs' can be
 * compared. A faster job says `870 ms` where the baseline said `1.2 sec`.
 */

const LINES_KEPT = 20;
const SHAPE_LENGTH = 120;
const NUMBER = String.raw`[+-]?\d[\d.,:_eE+-]*`;
const UNIT = `(?:[nuµm]s|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|[kKMGT]i?B?|bytes|it/s|s/it|%)`;
/** `1h 02m`, `1.5 [sec]`, `3 GiB`. */
const QUANTITY = new RegExp(String.raw`${NUMBER}(?:\s?(?:\[\s*${UNIT}\s*\]|${UNIT}(?![\w/])))?`, 'g');
/** Progress bars are drawn again and again, and where they stop says nothing. */
const BAR = /\d+%\|| \[\d+:\d\d[<,\]]|[━█▏▎▍▌▋▊▉╸]/;

export class OutputEnding {
  private readonly kept: string[] = [];

  readLine(line: string): void {
    if (line.includes('[autoresearch]') || BAR.test(line) || !/\p{L}/u.test(line)) return;
    this.kept.push(line);
    if (this.kept.length > LINES_KEPT) this.kept.shift();
  }

  /** The last one comes last. */
  shapes(): string[] {
    return this.kept.map(shapeOf);
  }
}

export function shapeOf(line: string): string {
  return line
    .replace(/[^\s'"=(),]*\/[^\s'"(),]+/g, '<path>')
    .replace(/\b[0-9a-f]{7,64}\b/gi, (word) => (/\d/.test(word) ? '#' : word))
    .replace(QUANTITY, '#')
    .replace(/#(?: #)+/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, SHAPE_LENGTH);
}
