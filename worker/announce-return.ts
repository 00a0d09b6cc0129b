/** Tells the open engine of a run, if there is one, that it is served again. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { returnedSignal } from '../domain/protocol/messages.js';
import { engineWorkflowId } from '../domain/run/naming.js';

/** False when no engine is open. */
export async function announceReturn(client: Client, run: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(engineWorkflowId(run)).signal(returnedSignal);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
