/** What is done with proposals that nobody answers in time: one timer, for the one whose time is over first. */
import { condition } from '@temporalio/workflow';
import { nextOverdue } from '../domain/run/approval.js';
import { droppedText } from '../domain/run/approval-rules.js';
import type { Journal } from './journal.js';

/** Sleeps while nothing waits for an answer, or may wait for ever; resolves when the run has stopped. */
export async function heedSilence(journal: Journal, drop: (nodeId: string, reason: string) => void): Promise<void> {
  const { state } = journal;
  const isOver = () => state.status === 'stopped';
  for (;;) {
    await condition(() => isOver() || nextOverdue(state) !== null);
    const due = nextOverdue(state);
    if (due === null) return;
    const isOther = () => {
      const next = nextOverdue(state);
      return next?.nodeId !== due.nodeId || next.atMs !== due.atMs;
    };
    if (await condition(isOther, Math.max(1, due.atMs - Date.now()))) continue;
    const { nodeId, silence } = due;
    if (silence === 'run') journal.record({ type: 'experiment_approved', nodeId, by: 'silence' });
    else {
      drop(nodeId, droppedText(state.approval?.waitMinutes ?? null));
      // The experiment's workflow, if there is one, tells the end a moment later.
      await condition(isOther);
    }
  }
}
