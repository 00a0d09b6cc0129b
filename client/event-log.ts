/** Follows engine/events.jsonl as it grows. Only whole lines count: the last one may be half written at this moment. */
import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFrom } from '../activities/run-log.js';
import type { EngineEvent } from '../domain/events.js';

export class EventLogReader {
  #offset = 0;
  #seq = 0;

  constructor(readonly path: string) {}

  /** Events that were added since the last call, each once; none when there is no log yet. */
  async next(): Promise<EngineEvent[]> {
    let tail = await readFrom(this.path, this.#offset);
    if (tail.size < this.#offset) {
      // A log that became shorter was written anew: it is read from its start, and events known already are left out.
      this.#offset = 0;
      tail = await readFrom(this.path, 0);
    }
    this.#offset += tail.wholeBytes;
    const events = tail.events.filter(({ seq }) => seq > this.#seq);
    this.#seq = events.at(-1)?.seq ?? this.#seq;
    return events;
  }
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
