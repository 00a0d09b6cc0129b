/** The engine hears that it is served again after its worker was killed, and lets the time in between not be the run's. */
import { defineSignal, setHandler } from '@temporalio/workflow';
import type { Journal } from './journal.js';

/** Sent before the new worker takes up tasks, so that it comes before the timers that fired meanwhile. */
export const returnedSignal = defineSignal('returned');

export function handleReturn(journal: Journal): void {
  setHandler(returnedSignal, () => {
    // One that was interrupted is told to resume when it goes on.
    if (journal.state.runsSinceMs !== null) journal.record({ type: 'returned' });
  });
}
