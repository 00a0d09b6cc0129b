/** What a sender does when the server gives a message up. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';

const PAUSE_MS = 200;

/**
 * Where the engine's task fails that had taken the message (it continued as new in the moment in which an experiment
 * reported), the server gives the message up, and what was done of it is undone: it is sent again.
 * `deadline` in Unix milliseconds: then the server's error is thrown.
 */
export async function untilTaken<T>(send: () => Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isGivenUp(error) || Date.now() + PAUSE_MS >= deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** As the server says it (its errWorkflowTaskFailed of an update); no code of its own tells it apart. */
function isGivenUp(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && /unexpected workflow task failure/i.test(cause.details);
}
