/** `stop`: asks the engine to end, and waits until its process on this host is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, StopMessage } from '../../domain/protocol/steering-messages.js';
import type { Workdir } from '../../workdir/paths.js';
import { configuredTarget } from '../../worker/connection.js';
import { acquireEngineLock } from '../../worker/engine-lock.js';
import { runningServer, stopServer } from '../../worker/server/embedded-server.js';
import { engineLife } from '../run/run-state.js';
import { existingRun } from '../run/workdir-config.js';
import { type Repeatable, requestStop } from './steer.js';

export interface StopAnswer extends Receipt {
  /** False when the engine's process still ran when the wait was over. */
  engine_ended: boolean;
}

export interface StopOptions extends Repeatable {
  mode: StopMessage['mode'];
  /** Return with the receipt, without waiting for the end. */
  noWait: boolean;
}

export async function stop(path: string, { mode, noWait, request }: StopOptions): Promise<StopAnswer> {
  const { workdir } = await existingRun(path);
  const left = mode === 'interrupt' ? await endServerLeftBehind(workdir) : null;
  if (left !== null) return left;
  const receipt = await requestStop(path, mode, { request });
  const deadline = mode === 'drain' ? Number.POSITIVE_INFINITY : Date.now() + END_TIMEOUT_MS;
  while (!noWait && Date.now() < deadline) {
    if ((await engineLife(workdir)) === null) return { ...receipt, engine_ended: true };
    await sleep(LOOK_MS);
  }
  return { ...receipt, engine_ended: (await engineLife(workdir)) === null };
}

/** What an engine that was killed left running. Null when an engine lives, or there is no such server. */
async function endServerLeftBehind(workdir: Workdir): Promise<StopAnswer | null> {
  if (configuredTarget() !== null || (await engineLife(workdir)) !== null) return null;
  const server = await runningServer(workdir);
  if (server === null) return null;
  // No engine may come up on it meanwhile.
  const lock = await acquireEngineLock(workdir);
  try {
    await stopServer(workdir);
  } finally {
    await lock.release();
  }
  const message = `no engine worked on it; its Temporal server, left running (process ${server.pid}), has ended. Jobs go on`;
  return { accepted: true, message, engine_ended: true };
}

/** An engine that was told to end takes a few seconds: running activities get their grace time. */
const END_TIMEOUT_MS = 60_000;
const LOOK_MS = 100;
