/**
 * Calls of the agent that wait on an agents' queue which no worker serves. The server tries nothing again there, and
 * nothing in the workdir tells of it: three calls to the server at least, and one for each call that waits.
 */
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { RunConfig } from '../../domain/formats/config.js';
import { agentCallsPrefix, agentQueueFor } from '../../domain/run/naming.js';
import { thisHost } from '../../host/host-identity.js';
import { isLivingPoller } from '../../worker/version-routing.js';
import type { StalledWork } from '../output/stalled-text.js';
import { isoTime } from './iso-time.js';

const { PendingActivityState, TaskQueueType } = proto.temporal.api.enums.v1;
/** A run asks one question for each of its experiments; the first few say what there is to say. */
const CALLS_LOOKED_AT = 8;

export async function waitingCalls(
  client: Client,
  { run_id: run, agent_queue: queue }: Pick<RunConfig, 'run_id' | 'agent_queue'>,
): Promise<StalledWork[]> {
  if (queue === '' || (await isServed(client, queue))) return [];
  const waiting: { call: string; since: string | null }[] = [];
  const query = `WorkflowId STARTS_WITH '${agentCallsPrefix(run)}' AND ExecutionStatus = 'Running'`;
  let looked = 0;
  for await (const { workflowId } of client.workflow.list({ query })) {
    if (++looked > CALLS_LOOKED_AT) break;
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    const [pending] = raw.pendingActivities ?? [];
    // A worker that was told to end polls no more, and its calls go on.
    if (pending?.state !== PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED) continue;
    waiting.push({ call: workflowId.slice(agentCallsPrefix(run).length), since: isoTime(pending.scheduledTime) });
  }
  if (waiting.length === 0) return [];
  const calls = waiting.map(({ call }) => call.replace(/\.\d+$/, '')).sort();
  const [since = null] = waiting.flatMap((each) => each.since ?? []).sort();
  return [
    {
      who: 'engine',
      what: 'call of the agent',
      attempts: null,
      since,
      failure: `no worker serves the agents' queue ${queue} (${calls.join(', ')})`,
      advice: `run \`autoresearch worker --agents ${queue}\` where the agent's key is; nothing is lost or paid for meanwhile`,
    },
  ];
}

async function isServed(client: Client, queue: string): Promise<boolean> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: agentQueueFor(queue) },
    taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
  });
  const here = await thisHost();
  return pollers.some((poller) => isLivingPoller(poller, here));
}
