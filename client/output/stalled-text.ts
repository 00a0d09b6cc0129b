/** What the server tries again and again, or waits for, in words (stalled-work.ts finds it). */
import type { StalledWork } from '../../domain/overview/diagnostics.js';
import { isoTimeText } from '../../domain/reports/quantity-text.js';

export type { StalledWork };

/** What is the matter, without what to do. */
export function stalledFact({ who, what, attempts, since, failure }: StalledWork): string {
  if (attempts === null)
    return `${who}: its ${what} waits${since === null ? '' : ` since ${isoTimeText(since)}`}: ${failure}`;
  const from = since === null ? '' : `, since ${isoTimeText(since)}`;
  return `${who}: the server tries its ${what} again and again (try ${attempts}${from}): ${failure}`;
}

export function stalledText(work: StalledWork): string {
  return `${stalledFact(work)}; ${work.advice}`;
}
