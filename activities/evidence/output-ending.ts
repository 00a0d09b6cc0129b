/** The last lines of one stream as shapes: with numbers, times and paths masked, so that two jobs' can be compared. */

const LINES_KEPT = 20;
const SHAPE_LENGTH = 120;
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
    .replace(/[+-]?\d[\d.,:_eE+-]*/g, '#')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, SHAPE_LENGTH);
}
