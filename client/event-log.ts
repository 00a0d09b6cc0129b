/** Reads engine/events.jsonl as it grows. Only whole lines count: the last one may be half written at this moment. */
import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEvent } from '../domain/events.js';

export class EventLogReader {
  #offset = 0;
  #seq = 0;

  constructor(readonly path: string) {}

  /** Events that were added since the last call, each once; none when there is no log yet. */
  async next(): Promise<EngineEvent[]> {
    const bytes = await this.#newBytes();
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const lines = bytes.subarray(0, end).toString('utf8').split('\n');
    const events: EngineEvent[] = [];
    for (const line of lines) {
      if (line.trim() === '') continue;
      const event = parse(this.path, this.#seq, line);
      if (event.seq <= this.#seq) continue;
      this.#seq = event.seq;
      events.push(event);
    }
    this.#offset += end;
    return events;
  }

  async #newBytes(): Promise<Buffer> {
    let file: Awaited<ReturnType<typeof open>>;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
    try {
      const { size } = await file.stat();
      // A log that became shorter was written anew: it is read from its start, and events known already are left out.
      if (size < this.#offset) this.#offset = 0;
      const bytes = Buffer.alloc(size - this.#offset);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#offset);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

const NEWLINE = 0x0a;

function parse(path: string, after: number, line: string): EngineEvent {
  try {
    const event = JSON.parse(line) as EngineEvent;
    if (Number.isInteger(event.seq)) return event;
  } catch {
    // Told below.
  }
  throw new Error(
    `${path}: the line after event ${after} is no event (${line.slice(0, 60)}); restore the file from a copy`,
  );
}

/** Where nobody tells of a change (some network file systems), it is seen this late. */
const LOOK_MS = 1_000;

/** Waits until something in the file's folder changed, at most a second, or until `signal` aborts. */
export async function untilChange(path: string, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  const watcher = watchFolder(dirname(path), () => changed.abort());
  try {
    await sleep(LOOK_MS, undefined, { signal: AbortSignal.any([signal, changed.signal]) }).catch(() => undefined);
  } finally {
    watcher?.close();
  }
}

function watchFolder(folder: string, onChange: () => void) {
  try {
    return watch(folder, { persistent: false }, onChange).on('error', onChange);
  } catch {
    return null;
  }
}
