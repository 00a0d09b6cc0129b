/** What the planner would have tried and could not, with the reason of each: as its newest plan says it. */
import { inline } from '../markdown.js';
import type { RunRecord } from '../run-record.js';

export function unreachedOf({ plans }: RunRecord): string[] {
  return plans.findLast(({ action }) => action !== 'failed')?.unreached ?? [];
}

/** A list for Markdown; empty where nothing is known to be out of reach. */
export function unreachedLines(record: RunRecord): string[] {
  return unreachedOf(record).map((text) => `- ${inline(text, 400)}`);
}
