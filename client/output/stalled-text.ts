/** What the server tries again and again, as a fact and in words (stalled-work.ts finds it). */

export interface StalledWork {
  /** `engine`, or a node id. */
  who: string;
  /** The workflow task, or an activity by its name. */
  what: string;
  attempts: number;
  /** ISO 8601; null where the server does not say. */
  since: string | null;
  /** Of the last try. */
  failure: string;
  advice: string;
}

/** What is the matter, without what to do. */
export function stalledFact({ who, what, attempts, since, failure }: StalledWork): string {
  const from = since === null ? '' : `, since ${since}`;
  return `${who}: the server tries its ${what} again and again (try ${attempts}${from}): ${failure}`;
}

export function stalledText(work: StalledWork): string {
  return `${stalledFact(work)}; ${work.advice}`;
}

/** One word on a line that is short of room. */
export function stalledMark(stalled: readonly StalledWork[]): string | null {
  return stalled.length === 0
    ? null
    : `STUCK: ${[...new Set(stalled.map(({ who, what }) => `${who} (${what})`))].join(', ')}`;
}
