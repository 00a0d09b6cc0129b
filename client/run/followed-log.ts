/** Follows engine/events.jsonl as it grows. Only whole lines count: the last one may be half written at this moment. */

import type { EngineEvent } from '../../domain/run/event-types.js';
import { DamagedLog, readFrom } from '../../workdir/event-lines.js';

export class EventLogReader {
  /** The last line that was read. */
  #last: { text: string; begin: number } | null = null;

  constructor(readonly path: string) {}

  /**
   * Events that were added since the last call; none when there is no log yet. When the log says something else than
   * before (an engine whose worker was killed decided again), these are all of its events, from the first.
   */
  async next(): Promise<EngineEvent[]> {
    const added = this.#last === null ? null : await this.#after(this.#last);
    const tail = added ?? (await readFrom(this.path, 0));
    const [event, line] = [tail.events.at(-1), tail.lines.at(-1)];
    if (event && line) this.#last = { text: JSON.stringify(event), begin: line.begin };
    return tail.events;
  }

  /** Null when the line that was the last one stands there no more. */
  async #after(last: { text: string; begin: number }): Promise<Awaited<ReturnType<typeof readFrom>> | null> {
    const tail = await readFrom(this.path, last.begin).catch((error: unknown) => {
      // The place may be the middle of another line now.
      if (error instanceof DamagedLog) return null;
      throw error;
    });
    if (tail === null || JSON.stringify(tail.events[0]) !== last.text) return null;
    const [, ...added] = tail.events;
    return { ...tail, events: added };
  }
}
