/**
 * An engine that somebody reset to before it was resumed waits, interrupted, for a word that was said already. Whoever
 * serves the run says it again, where nobody has interrupted the run since it was seen to go on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunConfig } from '../domain/formats/config.js';
import { resumeSignal } from '../domain/protocol/messages.js';
import { engineWorkflowId } from '../domain/run/naming.js';
import { openRunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { OpenRun } from './open-run.js';
import { glanceAt } from './sight/engine-sight.js';

type Asked = Pick<OpenRun, 'client' | 'workdir'> & { config: Pick<RunConfig, 'run_id'> };

const LOOK_MS = 200;

/** Tells the newest interruption in the log from every other; null when there is none. */
export async function newestInterruption(workdir: Workdir): Promise<string | null> {
  const events = await openRunLog(workdir).events();
  const newest = events.findLast((event) => event.type === 'stop_requested' && event.mode === 'interrupt');
  return newest ? `${newest.seq} ${newest.atMs}` : null;
}

/**
 * Of an engine that is interrupted, and has exported all that it has to say. `known` was the newest interruption before
 * it was seen to go on: where another one stands in the log, somebody has interrupted it since, and this answers false.
 */
export async function resumesAgain({ client, workdir, config }: Asked, known: string | null): Promise<boolean> {
  if ((await newestInterruption(workdir)) !== known) return false;
  await client.workflow.getHandle(engineWorkflowId(config.run_id)).signal(resumeSignal);
  return true;
}

/**
 * For whoever learned that the engine closed and finds it open: it was reset, or another one was started. Answers with
 * its run.
 */
export async function goOnAfterReset(asked: Asked, known: string | null, signal: AbortSignal): Promise<string> {
  const sinceMs = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const { sight, runId } = await glanceAt(asked.client, asked.config.run_id, sinceMs);
    if (sight === 'interrupted') await resumesAgain(asked, known);
    if (sight !== 'unknown') return runId;
    await sleep(LOOK_MS, undefined, { signal });
  }
}
