/** Tells when a worker's work is over: the engine workflow has closed, or a person interrupted the run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { engineWorkflowId } from '../domain/naming.js';
import { statusQuery, stopSignal } from '../workflows/messages.js';

export type RunEnd = 'closed' | 'interrupted' | 'never_started';

type Sight = 'on' | 'interrupted' | 'closed' | 'closed_before' | 'missing' | 'unknown';

/** A look is a describe and a query; nobody waits for what follows from it. */
const LOOK_MS = 1_000;
/** A client starts or resumes the workflow once the worker is there; a minute later none will come. */
const START_PATIENCE_MS = 60_000;

/** Resolves with the reason; with null when the signal aborts. A server that is away for now is waited for. */
export async function untilRunEnds(client: Client, run: string, signal: AbortSignal): Promise<RunEnd | null> {
  const sinceMs = Date.now();
  let wasOn = false;
  while (!signal.aborted) {
    const sight = await lookAt(client, run, sinceMs).catch((): Sight => 'unknown');
    if (sight === 'closed') return 'closed';
    if (sight === 'interrupted' && wasOn) return 'interrupted';
    if (sight === 'on') wasOn = true;
    const isOff = sight === 'missing' || sight === 'interrupted' || sight === 'closed_before';
    if (isOff && !wasOn && Date.now() - sinceMs > START_PATIENCE_MS) return 'never_started';
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/** The engine writes its interruption within a second; the run is resumable without that as well. */
const INTERRUPT_PATIENCE_MS = 10_000;
/** A person waits for this one. */
const INTERRUPT_LOOK_MS = 100;

/**
 * Interrupts the run (jobs go on, the run is resumable) and waits until the workdir says so. Needs the run's worker. True
 * when it is written or the run is over anyway; false when the server or the engine did not answer in time.
 */
export async function interruptRun(client: Client, run: string): Promise<boolean> {
  const sinceMs = Date.now();
  try {
    await client.workflow.getHandle(engineWorkflowId(run)).signal(stopSignal, { mode: 'interrupt' });
  } catch (error) {
    // Nothing to interrupt: it was never started, or has closed.
    return error instanceof WorkflowNotFoundError;
  }
  while (Date.now() - sinceMs < INTERRUPT_PATIENCE_MS) {
    const sight = await lookAt(client, run, sinceMs).catch((): Sight => 'unknown');
    if (sight !== 'on' && sight !== 'unknown') return true;
    await sleep(INTERRUPT_LOOK_MS);
  }
  return false;
}

/** An interruption counts once the workdir says so too: the engine's export of it has run. */
async function lookAt(client: Client, run: string, sinceMs: number): Promise<Sight> {
  const handle = client.workflow.getHandle(engineWorkflowId(run));
  try {
    const { status: state, closeTime } = await handle.describe();
    if (state.name !== 'RUNNING') return closeTime && closeTime.getTime() < sinceMs ? 'closed_before' : 'closed';
    const { status } = await handle.query(statusQuery);
    if (status !== 'interrupted') return 'on';
    const { raw } = await handle.describe();
    const exporting = raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'exportWorkdir');
    return exporting || raw.pendingWorkflowTask ? 'unknown' : 'interrupted';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'missing';
    throw error;
  }
}
