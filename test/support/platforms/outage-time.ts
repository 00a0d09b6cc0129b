/** How long the scheduler of a test is down: AUTORESEARCH_OUTAGE_S seconds, else no longer than the test needs. */
import { setTimeout as sleep } from 'node:timers/promises';

const OUTAGE_S = Number(process.env.AUTORESEARCH_OUTAGE_S ?? 0);

/** Of a test that waits for it. */
export const OUTAGE_LIMIT_MS = (60 + 2 * OUTAGE_S) * 1000;

export async function whileDown(): Promise<void> {
  await sleep(OUTAGE_S * 1000);
}
