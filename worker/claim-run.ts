/**
 * Whether a worker may serve the run here: its event log must belong to the engine of this Temporal server, or to
 * nobody. Asked before the worker takes up tasks, because an engine with another history would go on from where it
 * knows.
 */
import { existsSync } from 'node:fs';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { engineWorkflowId } from '../domain/run/naming.js';
import {
  isSamePlace,
  type LogOwner,
  type LogPlace,
  ownershipProblem,
  readLogOwner,
  writeLogOwner,
} from '../workdir/log-owner.js';
import type { Workdir } from '../workdir/paths.js';
import type { TemporalTarget } from './connection.js';
import { TRIES_OF_STUCK, taskTries } from './sight/engine-sight.js';
import type { WorkdirLog } from './workdir-log.js';

export class RunOwnedElsewhere extends Error {
  override readonly name = 'RunOwnedElsewhere';
}

export interface RunClaim {
  workdir: Workdir;
  run: string;
  client: Client;
  target: TemporalTarget;
  log: WorkdirLog;
  /** A person says that the engine that owns the log, or is stuck, is to be left, and that the log goes on here. */
  takeOver: boolean;
}

/** Needs the engine's lock and no worker. Returns where this engine's history is; throws RunOwnedElsewhere. */
export async function claimRun({ workdir, run, client, target, log, takeOver }: RunClaim): Promise<LogPlace> {
  const place = await placeOf(client, target);
  const owner = (await readLogOwner(workdir)) ?? presumedOwner(workdir, target);
  const open = await openChain(client, run);
  const problem =
    owner === null || isReplaced(owner, place, open)
      ? null
      : ownershipProblem(
          owner,
          place,
          open ?? '',
          (await hasSucceeded(client, run, owner, open)) ? 'begins' : 'goes on',
        );
  if (problem === null) {
    if (owner !== null && !isSamePlace(owner, place)) {
      log('the database of the Temporal server is a new one; the run goes on from its event log', { before: owner });
      await writeLogOwner(workdir, place, null);
    }
    if (takeOver && open !== null && (await taskTries(client, run)) >= TRIES_OF_STUCK) {
      log('the run is taken over: its engine is stuck, and the run goes on from its event log', { left: open });
      await client.workflow.getHandle(engineWorkflowId(run)).terminate('taken over: its workflow task fails');
    }
    return place;
  }
  if (!takeOver) throw new RunOwnedElsewhere(problem);
  log('the run is taken over: it goes on from its event log', { before: owner, here: place, left: open });
  // Experiments go on by themselves; the engine that begins finds them by their names.
  if (open !== null) {
    await client.workflow.getHandle(engineWorkflowId(run)).terminate('taken over: its history is behind the event log');
  }
  await writeLogOwner(workdir, place, null);
  return place;
}

/** Runs of earlier versions name no owner; one that has a database of its own was served by that. */
function presumedOwner(workdir: Workdir, { kind }: TemporalTarget): LogOwner | null {
  if (kind === 'embedded' || !existsSync(workdir.at('engine', 'temporal.db')) || !existsSync(workdir.events))
    return null;
  const since = 'an earlier version';
  return { kind: 'embedded', address: '', cluster: '', namespace: '', namespace_id: '', chain: null, links: [], since };
}

/** The workdir's own database is gone, and with it the engine that owned the log: nobody is left who could write it. */
function isReplaced(owner: LogOwner, place: LogPlace, open: string | null): boolean {
  return owner.kind === 'embedded' && place.kind === 'embedded' && !isSamePlace(owner, place) && open === null;
}

/** The server answers a question after anything else with an error. */
const RUN_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Whether the open engine began after the owner: it was killed before it claimed the log. A server runs one workflow of
 * an id at a time, so that one which knows the owner's as closed has no older one open; a restored database does not
 * know it.
 */
async function hasSucceeded(client: Client, run: string, owner: LogOwner, open: string | null): Promise<boolean> {
  if (open === null) return true;
  if (owner.chain === null || owner.chain === open || !RUN_ID.test(owner.chain)) return false;
  try {
    const { status } = await client.workflow.getHandle(engineWorkflowId(run), owner.chain).describe();
    return status.name !== 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function placeOf(client: Client, { kind, address, namespace }: TemporalTarget): Promise<LogPlace> {
  const { workflowService } = client;
  // Some clusters keep these to their operators; the address then has to do.
  const [cluster, described] = await Promise.all([
    workflowService.getClusterInfo({}).catch(() => null),
    workflowService.describeNamespace({ namespace }).catch(() => null),
  ]);
  return {
    kind,
    address,
    namespace,
    cluster: cluster?.clusterId ?? '',
    namespace_id: described?.namespaceInfo?.id ?? '',
  };
}

/** First run id of the engine that is open on this server; null when none is. */
async function openChain(client: Client, run: string): Promise<string | null> {
  try {
    const { status, raw } = await client.workflow.getHandle(engineWorkflowId(run)).describe();
    if (status.name !== 'RUNNING') return null;
    return raw.workflowExecutionInfo?.firstRunId || (raw.workflowExecutionInfo?.execution?.runId ?? '');
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
