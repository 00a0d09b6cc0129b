/**
 * Whose work it is: anybody may schedule an activity on a task queue, and a worker does that of its own workdir's run
 * alone.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../domain/protocol/activities.js';
import { engineWorkflowId, isNodeId } from '../../domain/run/naming.js';

interface Asked {
  name: string;
  input: unknown;
  workflowExecution?: { workflowId: string };
  workflowType?: string;
}

/**
 * Refuses for good what another workflow asks for, what names another run, and a node id that is none: it names
 * folders.
 */
export function ownWork(run: string, { name, input, workflowExecution, workflowType }: Asked): void {
  const id = workflowExecution?.workflowId ?? '';
  const engine = engineWorkflowId(run);
  const isOwn =
    (workflowType === 'engineWorkflow' && id === engine) ||
    (workflowType === 'experimentWorkflow' && id.startsWith(`${engine}/`));
  if (!isOwn) refuse(`workflow ${JSON.stringify(id)} of type ${JSON.stringify(workflowType ?? '')} is not of this run`);
  const given = (input ?? {}) as { run?: unknown; nodeId?: unknown; experiment?: { nodeId?: unknown } };
  if (given.run !== run) refuse(`run ${JSON.stringify(given.run)} is not the run of this workdir`);
  if (!Object.hasOwn(OF_A_NODE, name)) return;
  const nodeId = name === 'applyPatch' ? given.experiment?.nodeId : given.nodeId;
  if (!isNodeId(nodeId)) refuse(`nodeId must be letters, digits, "_", "-" and ".", not ${JSON.stringify(nodeId)}`);
}

type OfANode = {
  [N in keyof Activities]: Parameters<Activities[N]>[0] extends { nodeId: string } ? N : never;
}[keyof Activities];

/** Activities that work on one node. */
const OF_A_NODE = {
  applyPatch: true,
  buildImage: true,
  launchJob: true,
  pollMetrics: true,
  cancelJob: true,
  collectEvidence: true,
  analyze: true,
  releaseTree: true,
} as const satisfies Record<OfANode | 'applyPatch', true>;

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'policy_refused');
}
