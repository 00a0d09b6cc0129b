/**
 * The engine hears that it is served again after its worker was killed, and lets the time in between not be the run's.
 */
import { setHandler } from '@temporalio/workflow';
import { returnedSignal } from '../domain/protocol/messages.js';
import type { Journal } from './journal.js';

export function handleReturn(journal: Journal): void {
  setHandler(returnedSignal, () => {
    // One that was interrupted is told to resume when it goes on.
    if (journal.state.runsSinceMs !== null) journal.record({ type: 'returned' });
  });
}
