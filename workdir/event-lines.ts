/** The lines of engine/events.jsonl as bytes of a file: where each begins, and what was torn. */
import { open } from 'node:fs/promises';
import type { EngineEvent } from '../domain/run/event-types.js';

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

/** The events from a byte offset on, which must be where a line begins. */
export async function readFrom(path: string, offset: number): Promise<Tail> {
  const bytes = await readBytes(path, offset);
  if (bytes === null) return { events: [], lines: [], wholeBytes: 0, size: 0 };
  const size = bytes.size;
  const events: EngineEvent[] = [];
  const lines: Line[] = [];
  let begin = 0;
  for (let end = bytes.data.indexOf(NEWLINE); end >= 0; end = bytes.data.indexOf(NEWLINE, begin)) {
    const text = bytes.data.toString('utf8', begin, end);
    const event = parseLine(text);
    if (event === null) {
      if (end < bytes.data.length - 1) {
        throw new SyntaxError(`${path}: the line at byte ${offset + begin} is not an event; restore it from a backup`);
      }
      break;
    }
    events.push(event);
    lines.push({ seq: event.seq, text, begin: offset + begin });
    begin = end + 1;
  }
  return { events, lines: lines.slice(-NEWEST_EVENTS), wholeBytes: begin, size };
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
