/** Heartbeats while an activity works, and the signal by which it learns that it should end. */
import { Context } from '@temporalio/activity';

/** A fifth of the heartbeat time-out in workflows/activity-options. */
const PULSE_MS = 3000;

function currentContext(): Context | null {
  try {
    return Context.current();
  } catch {
    return null;
  }
}

/** Aborts when the activity is cancelled or its worker shuts down; never aborts outside an activity. */
export function activitySignal(): AbortSignal {
  return currentContext()?.cancellationSignal ?? new AbortController().signal;
}

export async function withPulse<T>(work: () => Promise<T>): Promise<T> {
  const context = currentContext();
  const timer = setInterval(() => context?.heartbeat(), PULSE_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
