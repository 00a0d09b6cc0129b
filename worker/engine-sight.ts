/** How a run's engine stands at one moment, by its server: two or three calls. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { statusQuery } from '../domain/protocol/messages.js';
import { engineWorkflowId } from '../domain/run/naming.js';

/**
 * `closed_before`: before `sinceMs`. `unknown`: it has something to do just now, and may stand otherwise in a moment.
 */
export type Sight = 'on' | 'interrupted' | 'closed' | 'closed_before' | 'missing' | 'unknown';

/** Of the newest run of the engine, which `runId` names; '' where there is none. */
export interface Seen {
  sight: Sight;
  runId: string;
}

/** An interruption counts once the workdir says so too: the engine's export of it has run. */
async function lookAt(client: Client, run: string, sinceMs: number): Promise<Seen> {
  const handle = client.workflow.getHandle(engineWorkflowId(run));
  try {
    const { status: state, closeTime, runId } = await handle.describe();
    if (state.name !== 'RUNNING')
      return { sight: closeTime && closeTime.getTime() < sinceMs ? 'closed_before' : 'closed', runId };
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
