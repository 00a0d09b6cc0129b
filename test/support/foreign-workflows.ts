/** Workflows of somebody else on the same server, who schedules our activities, also under our workflows' names. */
import { proxyActivities } from '@temporalio/workflow';

export interface ForeignCall {
  taskQueue: string;
  activity: string;
  input: unknown;
}

export async function foreignWorkflow({ taskQueue, activity, input }: ForeignCall): Promise<unknown> {
  const activities = proxyActivities<Record<string, (input: unknown) => Promise<unknown>>>({
    taskQueue,
    startToCloseTimeout: '20 seconds',
    retry: { maximumAttempts: 1 },
  });
  return await activities[activity]?.(input);
}

/** The type that our activities expect. */
export async function engineWorkflow(call: ForeignCall): Promise<unknown> {
  return await foreignWorkflow(call);
}
