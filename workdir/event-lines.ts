/** The lines of engine/events.jsonl as bytes of a file: where each begins, and what was torn. */
import { open } from 'node:fs/promises';
import type { EngineEvent } from '../domain/run/event-types.js';
import { BadSetting } from '../host/bad-setting.js';

const NEWLINE = 0x0a;
/** An export is undone together with its workflow task; one task exports fewer than this. */
export const NEWEST_EVENTS = 200;

/** An event as it stands in the file. */
export interface Line {
  seq: number;
  text: string;
  /** Its first byte. */
  begin: number;
}

export function lineOf(event: EngineEvent): string {
  return JSON.stringify(event);
}

interface Tail {
  events: EngineEvent[];
  lines: Line[];
  /** Bytes of whole, readable lines from the offset on. */
  wholeBytes: number;
  size: number;
}

/** The log does not say what happened: somebody, or something, changed the file. The message says what to do. */
export class DamagedLog extends BadSetting {
  override readonly name = 'DamagedLog';
}

/**
 * The events from a byte offset on, which must be where a line begins. `after` is the number of the event before that;
 * null where it is not known. Throws a DamagedLog where a line is no event, or not the next one.
 */
export async function readFrom(
  path: string,
  offset: number,
  after: number | null = offset === 0 ? 0 : null,
): Promise<Tail> {
  const bytes = await readBytes(path, offset);
  if (bytes === null) return { events: [], lines: [], wholeBytes: 0, size: 0 };
  const size = bytes.size;
  const events: EngineEvent[] = [];
  const lines: Line[] = [];
  let begin = 0;
  let last = after;
  const damage = async (what: string, remedy?: string) => {
    const before = offset === 0 ? 0 : countLines((await readBytes(path, 0, offset))?.data);
    return new DamagedLog(damageText(path, before + events.length + 1, what, remedy));
  };
  for (let end = bytes.data.indexOf(NEWLINE); end >= 0; end = bytes.data.indexOf(NEWLINE, begin)) {
    const text = bytes.data.toString('utf8', begin, end);
    const event = parseLine(text);
    if (event === null) {
      if (end < bytes.data.length - 1) {
        throw await damage('is not an event');
      }
      break;
    }
    const { seq } = event;
    if (last !== null && seq > last + 1)
      throw await damage(
        last === 0
          ? `is event ${seq}: what stood before is missing`
          : `is event ${seq}, and the line before is event ${last}: what stood between is missing`,
      );
    if (last !== null && seq <= last) {
      const isDoubled = lines.findLast((line) => line.seq === seq)?.text === text;
      const again = `is event ${seq} ${isDoubled ? 'once more' : 'again, which says something else there'}`;
      throw await damage(again, isDoubled ? 'take the line out' : undefined);
    }
    last = seq;
    events.push(event);
    lines.push({ seq: event.seq, text, begin: offset + begin });
    begin = end + 1;
  }
  return { events, lines: lines.slice(-NEWEST_EVENTS), wholeBytes: begin, size };
}

function damageText(path: string, line: number, what: string, remedy?: string): string {
  const cut = `; without one, keep the lines before it alone (head -n ${line - 1}), and the run goes on from there`;
  return `${path}: line ${line} ${what}; ${remedy ?? `put a backup of the file back${line > 1 ? cut : ''}`}`;
}

function countLines(data: Buffer | undefined): number {
  let count = 0;
  for (const byte of data ?? []) if (byte === NEWLINE) count += 1;
  return count;
}

/** To the end of the file, or at most so many; null where there is no file. */
export async function readBytes(
  path: string,
  offset: number,
  most = Number.POSITIVE_INFINITY,
): Promise<{ data: Buffer; size: number } | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const data = Buffer.alloc(Math.min(most, Math.max(0, size - offset)));
    const { bytesRead } = await file.read(data, 0, data.length, offset);
    return { data: data.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}

function parseLine(line: string): EngineEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === 'object' && value !== null && 'seq' in value && 'type' in value && 'atMs' in value;
    return isEvent ? (value as EngineEvent) : null;
  } catch {
    return null;
  }
}
