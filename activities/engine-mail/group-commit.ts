/**
 * Holds a busy engine's workflow task open for a moment after an export. Each task costs three history events: what
 * happens within the moment then comes in one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Activities } from '../../domain/protocol/activities.js';

/** An engine that exported within this time is busy. */
const BUSY_MS = 300;
/** A hundredth of the shortest job that is worth measuring. */
const MOMENT_MS = 30;

export function withGroupCommit(exportWorkdir: Activities['exportWorkdir']): Activities['exportWorkdir'] {
  let lastMs = Number.NEGATIVE_INFINITY;
  return async (input) => {
    const isBusy = performance.now() - lastMs < BUSY_MS;
    const [result] = await Promise.all([exportWorkdir(input), sleep(isBusy ? MOMENT_MS : 0)]);
    lastMs = performance.now();
    return result;
  };
}
