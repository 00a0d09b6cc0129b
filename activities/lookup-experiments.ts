/** What became of experiments whose end the engine may have missed: asked of the Temporal server by workflow id. */
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Activities, ExperimentLookup, ExperimentOutcome } from '../domain/protocol/activities.js';
import { experimentWorkflowId } from '../domain/run/naming.js';
import type { RunContext } from '../workdir/run-context.js';
import { paidCalls } from './agent-calls/paid-calls.js';

export function makeLookupExperiments(deps: { context: RunContext; client: Client }): Activities['lookupExperiments'] {
  return async (input) => {
    return await Promise.all(
      input.nodeIds.map(async (nodeId) => {
        const looked = await lookupExperiment(deps.client, input.run, nodeId);
        const isGone = looked.found === 'killed' || looked.found === 'missing';
        return isGone ? { ...looked, paid: await paidCalls(deps.context.workdir, nodeId) } : looked;
      }),
    );
  };
}

export async function lookupExperiment(client: Client, run: string, nodeId: string): Promise<ExperimentLookup> {
  const handle = client.workflow.getHandle(experimentWorkflowId(run, nodeId));
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return { nodeId, found: 'running', outcome: null };
    if (status.name !== 'COMPLETED') return { nodeId, found: 'killed', outcome: null };
    const outcome: ExperimentOutcome = await handle.result();
    return { nodeId, found: 'ended', outcome };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { nodeId, found: 'missing', outcome: null };
    throw error;
  }
}
