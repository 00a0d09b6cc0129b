/**
 * What the server tries again and again (a workflow task of the engine or of an experiment, or an activity), and what
 * waits for a worker that nobody runs. Nothing in the workdir tells of it, so that it is asked of the server: one
 * `describe` for each workflow, and one call more for a wedged one.
 */
import type { Client } from '@temporalio/client';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { temporal } from '@temporalio/proto';
import type { RunConfig } from '../../domain/formats/config.js';
import { SCHEDULER_BUSY } from '../../domain/protocol/thrown-failure.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { TRIES_OF_STUCK } from '../../worker/sight/engine-sight.js';
import type { StalledWork } from '../output/stalled-text.js';
import { isoTime } from './iso-time.js';
import { waitingCalls } from './waiting-calls.js';

type Description = temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
/** Of a run's settings, what is asked for. */
export type Asked = Pick<RunConfig, 'run_id' | 'agent_queue'>;
type Failure = temporal.api.failure.v1.IFailure;

/** A watch begins its next window in this way (activities/poll-metrics). */
const NO_FAILURE = 'still_running';
export const TASK = 'workflow task';
/** Of a task that ran out of time: its worker was away, or is slow. */
export const UNANSWERED = 'no worker answered in time';
const ANSWER_MS = 5_000;
const EVENTS_BACK = 20;

const ADVICE = {
  task:
    'nothing is lost, and the server goes on trying: see logs/autoresearch.log, and serve the run with the version that ' +
    'it was begun with, or a newer one (stop the engine, then `autoresearch run` with the workdir; with --take-over that ' +
    'ends a stuck engine, and a new one goes on from the event log)',
  [SCHEDULER_BUSY]:
    "its jobs go on, and this does as well as soon as the cluster's scheduler takes it: ask there what keeps it from that",
  activity: 'it is tried again by itself: mend what its last failure names; logs/autoresearch.log says more',
} as const;

/**
 * Of the engine, its calls of agents and these experiments, what cannot go on. Nothing where the server does not answer
 * in time.
 */
export async function stalledWork(client: Client, config: Asked, nodeIds: readonly string[]): Promise<StalledWork[]> {
  const { run_id: run } = config;
  const workflows = [
    { who: 'engine', workflowId: engineWorkflowId(run) },
    ...nodeIds.map((nodeId) => ({ who: nodeId, workflowId: experimentWorkflowId(run, nodeId) })),
  ];
  const ask = () =>
    Promise.all([
      ...workflows.map(({ who, workflowId }) => stalledIn(client, who, workflowId)),
      waitingCalls(client, config),
    ]);
  try {
    return (await client.withDeadline(Date.now() + ANSWER_MS, ask)).flat();
  } catch {
    return [];
  }
}

async function stalledIn(client: Client, who: string, workflowId: string): Promise<StalledWork[]> {
  let raw: Description;
  try {
    ({ raw } = await client.workflow.getHandle(workflowId).describe());
  } catch {
    // The workflow has not begun, or ended long ago.
    return [];
  }
  const found: StalledWork[] = [];
  const task = raw.pendingWorkflowTask;
  if (task && (task.attempt ?? 0) >= TRIES_OF_STUCK) {
    const since = isoTime(task.originalScheduledTime ?? task.scheduledTime);
    const failure = await lastTaskFailure(client, workflowId);
    found.push({ who, what: TASK, attempts: task.attempt ?? 0, since, failure, advice: ADVICE.task });
  }
  for (const { activityType, attempt, lastFailure, scheduledTime, lastStartedTime } of raw.pendingActivities ?? []) {
    const isWatch = lastFailure?.applicationFailureInfo?.type === NO_FAILURE;
    if (!lastFailure || isWatch || (attempt ?? 0) < TRIES_OF_STUCK) continue;
    found.push({
      who,
      what: activityType?.name ?? 'activity',
      attempts: attempt ?? 0,
      since: isoTime(lastStartedTime ?? scheduledTime),
      failure: await messageOf(client, lastFailure),
      advice: lastFailure.applicationFailureInfo?.type === SCHEDULER_BUSY ? ADVICE[SCHEDULER_BUSY] : ADVICE.activity,
    });
  }
  return found;
}

/** Only the first of several failures in a row is written into the history; the later ones are like it. */
async function lastTaskFailure(client: Client, workflowId: string): Promise<string> {
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: EVENTS_BACK,
  });
  for (const {
    workflowTaskFailedEventAttributes: failed,
    workflowTaskTimedOutEventAttributes: late,
  } of history?.events ?? []) {
    if (failed?.failure) return await messageOf(client, failed.failure);
    if (failed || late) return UNANSWERED;
  }
  return UNANSWERED;
}

async function messageOf(client: Client, failure: Failure): Promise<string> {
  const error = await decodeOptionalFailureToOptionalError(client.options.loadedDataConverter, failure);
  return (error?.message ?? failure.message ?? '').split('\n')[0]!.slice(0, MESSAGE_LENGTH);
}

const MESSAGE_LENGTH = 300;
