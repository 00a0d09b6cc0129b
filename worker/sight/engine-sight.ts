/** How a run's engine stands at one moment, by its server: two or three calls. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { statusQuery } from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { type OutsideEnd, outsideEndOf } from './ended-outside.js';

/**
 * `closed_before`: before `sinceMs`. `unknown`: it has something to do just now, and may stand otherwise in a moment.
 */
export type Sight = 'on' | 'interrupted' | 'closed' | 'closed_before' | 'missing' | 'unknown';

/** Of the newest run of the engine, which `runId` names; '' where there is none. */
export interface Seen {
  sight: Sight;
  runId: string;
  /** Of one that closed without a word of its own. */
  outside?: OutsideEnd | null;
}

/** An interruption counts once the workdir says so too: the engine's export of it has run. */
async function lookAt(client: Client, run: string, sinceMs: number): Promise<Seen> {
  const handle = client.workflow.getHandle(engineWorkflowId(run));
  try {
    const { status: state, closeTime, runId } = await handle.describe();
    if (state.name !== 'RUNNING')
      return {
        sight: closeTime && closeTime.getTime() < sinceMs ? 'closed_before' : 'closed',
        runId,
        outside: outsideEndOf(state.name),
      };
    const { status } = await handle.query(statusQuery);
    if (status !== 'interrupted') return { sight: 'on', runId };
    const { raw } = await handle.describe();
    const exporting = raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'exportWorkdir');
    return { sight: exporting || raw.pendingWorkflowTask ? 'unknown' : 'interrupted', runId };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { sight: 'missing', runId: '' };
    throw error;
  }
}

/** The same, where a server that does not answer now tells nothing. */
export async function glanceAt(client: Client, run: string, sinceMs: number): Promise<Seen> {
  return await lookAt(client, run, sinceMs).catch((): Seen => ({ sight: 'unknown', runId: '' }));
}

/** A server that has just begun may not know its namespaces yet. */
const GONE_AFTER_MS = 5_000;
const GONE_LOOK_MS = 500;

/**
 * Whether the server knows no workflow of an engine that was there: somebody deleted it. False as soon as one is seen;
 * a server that is away for now is waited for. Rejects once `signal` aborts.
 */
export async function isDeleted(client: Client, run: string, signal: AbortSignal): Promise<boolean> {
  let missingSinceMs: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    const { sight } = await glanceAt(client, run, 0);
    if (sight !== 'missing' && sight !== 'unknown') return false;
    const nowMs = performance.now();
    missingSinceMs = sight === 'missing' ? (missingSinceMs ?? nowMs) : null;
    if (missingSinceMs !== null && nowMs - missingSinceMs >= GONE_AFTER_MS) return true;
    await sleep(GONE_LOOK_MS, undefined, { signal });
  }
}

/** Two tries may fail on a busy machine, or where a worker was ended: that passes. */
export const TRIES_OF_STUCK = 3;

/** How often the server has tried the task that the engine has now, if it is open; 0 where it has none. */
export async function taskTries(client: Client, run: string): Promise<number> {
  const { status, raw } = await client.workflow.getHandle(engineWorkflowId(run)).describe();
  return status.name === 'RUNNING' ? (raw.pendingWorkflowTask?.attempt ?? 0) : 0;
}
