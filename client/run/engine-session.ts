/** Starts a run's engine workflow, or goes on with the one that is open, and waits for its end. */
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { TerminatedFailure, TimeoutFailure, type UpdateDefinition } from '@temporalio/common';
import { configuredApproval, configuredLimits, type RunConfig } from '../../domain/formats/config.js';
import {
  addUpdate,
  type EngineResult,
  noteUpdate,
  resumeUpdate,
  setApprovalUpdate,
  setLimitsUpdate,
  type Workflows,
} from '../../domain/protocol/messages.js';
import type { Receipt } from '../../domain/protocol/steering-messages.js';
import { engineWorkflowId, taskQueueFor } from '../../domain/run/naming.js';
import type { Workdir } from '../../workdir/paths.js';
import { goOnAfterReset, newestInterruption } from '../../worker/after-reset.js';
import { outsideText } from '../../worker/sight/ended-outside.js';
import { untilEngineCloses } from '../../worker/sight/engine-end.js';
import { glanceAt, isDeleted } from '../../worker/sight/engine-sight.js';
import { EXIT } from '../output/exit-codes.js';
import { Refusal } from '../output/refusal.js';
import { engineStatus } from '../stalled/stuck-engine.js';
import { waitingMessages } from '../steering/message-box.js';
import { sendUpdate } from '../steering/steering-client.js';
import { recordQueueEdits, sendQueueEdits } from './edited-queue.js';
import type { EngineHost } from './engine-host.js';
import type { PreparedRun } from './prepare-run.js';
import { readState } from './run-state.js';

export type EngineHandle = WorkflowHandle<Workflows['engineWorkflow']>;

/**
 * Needs a worker that serves the run. An open engine that was interrupted is told to resume, and confirms; what a
 * person asked of it otherwise (a pause, a drain) outlives the processes that served it. `notices` are for a person:
 * what was made of the edits of the queue; `runId` is the run of the engine's workflow that was begun, or that was
 * open.
 */
export async function beginOrAttach(
  client: Client,
  prepared: PreparedRun,
): Promise<{ handle: EngineHandle; runId: string; notices: string[] }> {
  const { workdir, config, limits, edits } = prepared;
  const place = { client, workdir, config };
  const handle = client.workflow.getHandle<Workflows['engineWorkflow']>(engineWorkflowId(config.run_id));
  const open = await openRunOf(handle);
  const status = open === null ? null : await engineStatus(client, prepared);
  // One that makes its last reports takes nothing more: what is given goes to the next engine.
  if (status === 'stopped' && (await isGiven(prepared))) await handle.result().catch(() => undefined);
  else if (open !== null && status === 'stopped') return { handle, runId: open, notices: [] };
  else if (open !== null && status !== null) {
    // Before it goes on: what was taken out must not start.
    const notices = await sendQueueEdits(place, edits);
    if (status === 'interrupted') {
      await sendUpdate(client, prepared, resumeUpdate, [], { about: { field: 'workdir', value: workdir.root } });
    }
    if (Object.keys(limits).length > 0) {
      await sendUpdate(client, prepared, setLimitsUpdate, [limits], { about: { field: 'limits', value: limits } });
    }
    if (prepared.setsApproval) {
      const about = { field: '--approve', value: config.approve };
      await sendUpdate(client, prepared, setApprovalUpdate, [configuredApproval(config)], { about });
    }
    return { handle, runId: open, notices: [...notices, ...(await sendWaiting(place))] };
  }
  const notices = await recordQueueEdits(place, edits);
  // A run that has events keeps its limits; those that a person gave now come on top.
  const first = (await readState(workdir)) === null;
  const given = await waitingMessages(workdir);
  let runId = '';
  try {
    const begun = await client.workflow.start<Workflows['engineWorkflow']>('engineWorkflow', {
      workflowId: engineWorkflowId(config.run_id),
      taskQueue: taskQueueFor(config.run_id),
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `autoresearch: ${config.pipeline_script}`,
      args: [
        {
          run: config.run_id,
          limits: first ? configuredLimits(config) : limits,
          approval: configuredApproval(config),
          ...(given.length > 0 ? { given } : {}),
        },
      ],
    });
    runId = begun.firstExecutionRunId;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const added = edits.filter((edit) => edit.do === 'add');
  return { handle, runId, notices: [...notices, ...(await sendQueueEdits(place, added))] };
}

const UPDATES = { note: noteUpdate, set_limits: setLimitsUpdate, add: addUpdate } as const;

/** What was given while nobody served an engine that is open. Answers with what the engine refused, for a person. */
async function sendWaiting(place: { client: Client; workdir: Workdir; config: RunConfig }): Promise<string[]> {
  const refused: string[] = [];
  for (const { request, do: act, message } of await waitingMessages(place.workdir)) {
    const about = { field: act, value: message };
    try {
      const sent = act === 'set_limits' ? message : { ...message, request };
      const update = UPDATES[act] as UpdateDefinition<Receipt, [unknown]>;
      await sendUpdate(place.client, place, update, [sent], { request, about });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.push(error.message);
      // Nobody has decided about it: it waits for the next engine.
      if (error.exitCode !== EXIT.refused) continue;
    }
    await rm(place.workdir.boxed(request), { force: true });
  }
  return refused;
}

async function isGiven({ workdir, limits, edits }: PreparedRun): Promise<boolean> {
  return Object.keys(limits).length > 0 || edits.length > 0 || (await waitingMessages(workdir)).length > 0;
}

/** Null when the engine is not open. */
async function openRunOf(handle: EngineHandle): Promise<string | null> {
  try {
    const { status, runId } = await handle.describe();
    return status.name === 'RUNNING' ? runId : null;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** The server has the result: it is asked once more at most, over a restart. */
const RESULT_MS = 5_000;

/**
 * The workflow's result, over restarts of the server and over resets of the workflow; rejects when the workflow failed,
 * or once
 * `signal` aborts. `begunIn` is the run of it that was begun or gone on with. The client's connection may be closed
 * when it has settled, not before.
 */
export async function untilEnd(
  { client, target }: Pick<EngineHost, 'client' | 'target'>,
  { workdir, config }: Pick<PreparedRun, 'workdir' | 'config'>,
  begunIn: string,
  signal: AbortSignal,
): Promise<EngineResult> {
  const handle = client.workflow.getHandle<Workflows['engineWorkflow']>(engineWorkflowId(config.run_id));
  const known = await newestInterruption(workdir);
  let runId = begunIn;
  for (;;) {
    await untilEngineCloses(target, config.run_id, signal, { runId });
    try {
      return await client.withDeadline(Date.now() + RESULT_MS, () => handle.result());
    } catch (error) {
      signal.throwIfAborted();
      const isMissing = error instanceof WorkflowNotFoundError;
      if (isMissing && (await isDeleted(client, config.run_id, signal)))
        throw new Error(outsideText('deleted', workdir));
      if (!isMissing && !isGrpcError(error)) throw endedFromOutside(error, workdir) ?? error;
      runId = await goOnAfterReset({ client, workdir, config }, known, signal);
    }
  }
}

/** Null where the engine itself says why it ended. */
function endedFromOutside(error: unknown, workdir: Workdir): Error | null {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  if (!(cause instanceof TerminatedFailure || cause instanceof TimeoutFailure)) return null;
  const how = cause instanceof TerminatedFailure ? 'terminated' : 'timed_out';
  return new Error(outsideText(how, workdir, cause.message), { cause: error });
}

/**
 * Receipts are sent a moment after what they confirm stands in the event log; longer than this, nobody waits for one.
 */
const RECEIPTS_MS = 5_000;
const LOOK_MS = 50;

/**
 * For whoever read of an interruption in the event log: whether the engine is interrupted, once its export and its
 * receipts are out. What is read there may be older than the word that resumed the run: an engine whose worker died
 * writes it when it is served again.
 */
export async function isInterrupted(client: Client, run: string): Promise<boolean> {
  const sinceMs = Date.now();
  for (;;) {
    const { sight } = await glanceAt(client, run, sinceMs);
    if (sight !== 'unknown') return sight === 'interrupted';
    if (Date.now() - sinceMs > RECEIPTS_MS) return true;
    await sleep(LOOK_MS);
  }
}

function isGrpcError(error: unknown): boolean {
  return error instanceof ServiceError || isGrpcServiceError(error);
}
