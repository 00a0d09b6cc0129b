/**
 * What a cache of a stage's results told of itself (`kept_stage=decode kept_items=… kept_bytes=… missed_items=…
 * missed_again=…`): how much was kept in memory, and how much found no room there.
 */

export interface KeptResults {
  stage: string;
  /** Kept in memory, and how large they are there. */
  items: number;
  bytes: number;
  /** Different items that found no room, and how often such came again. */
  missed: number;
  again: number;
}

/** What one line tells; null where it is none of these, or is torn. */
export function keptResults(pairs: ReadonlyMap<string, string>): KeptResults | null {
  const stage = pairs.get('kept_stage');
  const [items, bytes, missed, again] = ['kept_items', 'kept_bytes', 'missed_items', 'missed_again'].map((name) => {
    const text = pairs.get(name) ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) : null;
  });
  if (stage === undefined || items == null || bytes == null || missed == null || again == null) return null;
  return { stage, items, bytes, missed, again };
}

/** Bytes of all results; null where that is not known, or hardly anything comes again. */
export function wholeSize({ items, bytes, missed, again }: KeptResults): number | null {
  // Where none came again, there were more than those that were counted, or each is there once.
  return items > 0 && bytes > 0 && missed > 0 && again > 0 ? (bytes / items) * (items + missed) : null;
}
