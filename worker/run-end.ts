/** Tells when a worker's work is over: the engine workflow has closed, or a person interrupted the run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { RunConfig } from '../domain/formats/config.js';
import { stopSignal } from '../domain/protocol/messages.js';
import { engineWorkflowId } from '../domain/run/naming.js';
import { untilChange } from '../host/file-change.js';
import { openRunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import { newestInterruption, resumesAgain } from './after-reset.js';
import type { OpenRun } from './open-run.js';
import type { OutsideEnd } from './sight/ended-outside.js';
import { untilEngineCloses } from './sight/engine-end.js';
import { glanceAt, isDeleted } from './sight/engine-sight.js';

export type RunEnd = 'closed' | OutsideEnd | 'interrupted' | 'never_started';

/** A look is a describe and a query. There are some at the beginning only, and after an interruption. */
const LOOK_MS = 1_000;
/** Six calls a minute, for as long as a cluster's worker waits for its run. */
const CLUSTER_LOOK_MS = 10_000;
/** A client starts or resumes the workflow once the worker is there; a minute later none will come. */
const START_PATIENCE_MS = 60_000;
/**
 * What an engine had not written before its worker died, it writes when it is served again: who starts that one resumes
 * it at once.
 */
const RESUME_PATIENCE_MS = 10_000;

/** What an end is learned from: the run's server, and the event log of its workdir. */
export type ServedRun = Pick<OpenRun, 'client' | 'target' | 'workdir'> & { config: Pick<RunConfig, 'run_id'> };

/** Resolves with the reason; with null when the signal aborts. A server that is away for now is waited for. */
export async function untilRunEnds(
  served: ServedRun,
  signal: AbortSignal,
  { startPatienceMs = START_PATIENCE_MS, resumePatienceMs = RESUME_PATIENCE_MS } = {},
): Promise<RunEnd | null> {
  const sinceMs = Date.now();
  // A worker of a cluster is there before its run, and nobody waits at it: it asks seldom and stays until it is ended.
  const isOfCluster = served.target.kind === 'configured';
  const patienceMs = isOfCluster ? Number.POSITIVE_INFINITY : startPatienceMs;
  const lookMs = isOfCluster ? CLUSTER_LOOK_MS : LOOK_MS;
  const interruption = () => newestInterruption(served.workdir).catch(() => null);
  let wasOn = false;
  let known = await interruption();
  while (!signal.aborted) {
    const newest = await interruption();
    const { sight, runId, outside } = await glanceAt(served.client, served.config.run_id, sinceMs);
    if (sight === 'closed') return outside ?? 'closed';
    // An aborted look tells nothing.
    const isGone = () => isDeleted(served.client, served.config.run_id, signal).catch(() => false);
    if (sight === 'missing' && wasOn && (await isGone())) return 'deleted';
    if (sight === 'interrupted' && wasOn && !(await resumesAgain(served, known))) return 'interrupted';
    if (sight === 'on') {
      wasOn = true;
      known = newest;
      await untilClosedOrInterrupted(served, runId, signal);
      continue;
    }
    const isOff = sight === 'missing' || sight === 'interrupted' || sight === 'closed_before';
    const waitedMs = Date.now() - sinceMs;
    if (isOff && !wasOn && waitedMs > patienceMs) return 'never_started';
    // Interrupted since this worker began, and before it saw the run go on.
    const isJustInterrupted = sight === 'interrupted' && !isOfCluster && (await interruption()) !== known;
    if (isJustInterrupted && waitedMs > resumePatienceMs) return 'interrupted';
    await sleep(wasOn ? LOOK_MS : lookMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

/**
 * While the run is on, the server is asked nothing but when it closes: an interruption stands in the event log. What is
 * read there may be an old one, when the run was resumed a moment ago.
 */
async function untilClosedOrInterrupted(
  { target, workdir, config }: ServedRun,
  runId: string,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const interrupted = untilInterrupted(workdir, either).then(() => sleep(INTERRUPT_LOOK_MS));
  const ends = [untilEngineCloses(target, config.run_id, either, { runId }), interrupted];
  try {
    await Promise.race(ends);
  } catch {
    // An abort, or a log that cannot be read now: what is true is looked up.
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  } finally {
    over.abort();
    await Promise.allSettled(ends);
  }
}

async function untilInterrupted(workdir: Workdir, signal: AbortSignal): Promise<void> {
  const log = openRunLog(workdir);
  while (!signal.aborted && (await log.state()).status !== 'interrupted') await untilChange(workdir.events, signal);
}

/** The engine writes its interruption within a second; the run is resumable without that as well. */
const INTERRUPT_PATIENCE_MS = 10_000;
/** A person waits for this one. */
const INTERRUPT_LOOK_MS = 100;

/**
 * Interrupts the run (jobs go on, the run is resumable) and waits until the workdir says so. Needs the run's worker.
 * True when it is written or the run is over anyway; false when the server or the engine did not answer in time.
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
    const { sight } = await glanceAt(client, run, sinceMs);
    if (sight !== 'on' && sight !== 'unknown') return true;
    await sleep(INTERRUPT_LOOK_MS);
  }
  return false;
}
