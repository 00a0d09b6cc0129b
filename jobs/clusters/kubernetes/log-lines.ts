/**
 * The lines of a container's log with the times by which its host noted them. A server tells a log from a second on, so
 * that where one stopped is known by the time of the last line, and how many lines had it.
 */
import { z } from 'zod';

const CursorSchema = z.object({
  /** Of the pod; a Job that was put aside and taken up has another one, whose log begins anew. */
  pod: z.string(),
  /** Nanoseconds since 1970 of the last line; '' before the first. */
  time: z.string(),
  /** Lines with that time. */
  count: z.number().int(),
});
export type LogCursor = z.output<typeof CursorSchema>;

export function readCursor(text: string | null, pod: string): LogCursor {
  const cursor = text === null ? null : CursorSchema.parse(JSON.parse(text));
  return cursor?.pod === pod ? cursor : { pod, time: '', count: 0 };
}

/** As a question asks for it; null for the whole log. */
export function sinceTime({ time }: LogCursor): string | null {
  if (time === '') return null;
  return new Date(Number(BigInt(time) / 1_000_000n)).toISOString();
}

/** Takes text as it comes, gives whole lines that stand behind the cursor, and moves it. */
export class LogLines {
  private rest = '';
  private lines: string[] = [];
  /** Lines of the cursor's own time that this log has shown. */
  private seen = 0;
  private length = 0;

  constructor(
    private cursor: LogCursor,
    private readonly from: LogCursor = { ...cursor },
  ) {}

  add(text: string): void {
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) this.put(`${part}\n`);
  }

  /** The log is over: what stands behind its last line end is a line as well. */
  end(): void {
    if (this.rest !== '') this.put(this.rest);
    this.rest = '';
  }

  /** Characters that nobody has taken. */
  get waiting(): number {
    return this.length;
  }

  take(): { text: string; cursor: string } {
    const text = this.lines.join('');
    this.lines = [];
    this.length = 0;
    return { text, cursor: JSON.stringify(this.cursor) };
  }

  private put(line: string): void {
    const at = line.indexOf(' ');
    const time = nanosecondsOf(line.slice(0, at));
    // What the host says of its own accord has no time.
    if (time === null) {
      this.keep(line);
      return;
    }
    const before = this.from.time === '' ? -1n : BigInt(this.from.time);
    if (time < before || (time === before && ++this.seen <= this.from.count)) return;
    this.keep(line.slice(at + 1));
    const isSame = this.cursor.time === String(time);
    this.cursor = { ...this.cursor, time: String(time), count: isSame ? this.cursor.count + 1 : 1 };
  }

  private keep(line: string): void {
    this.lines.push(line);
    this.length += line.length;
  }
}

/** `2026-11-29T12:00:00.123456789+01:00`; null where it is no time. */
function nanosecondsOf(text: string): bigint | null {
  const [, second, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  if (second === undefined) return null;
  const ms = Date.parse(`${second}${zone}`);
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
