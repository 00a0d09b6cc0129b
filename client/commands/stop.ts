/** `stop`: asks the engine to end, and waits until its process on this host is gone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, StopMessage } from '../../domain/steering.js';
import { engineLife } from '../run-state.js';
import { existingRun } from '../workdir-config.js';
import { type Repeatable, requestStop } from './steering.js';

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
  const receipt = await requestStop(path, mode, { request });
  const deadline = mode === 'drain' ? Number.POSITIVE_INFINITY : Date.now() + END_TIMEOUT_MS;
  while (!noWait && Date.now() < deadline) {
    if ((await engineLife(workdir)) === null) return { ...receipt, engine_ended: true };
    await sleep(LOOK_MS);
  }
  return { ...receipt, engine_ended: (await engineLife(workdir)) === null };
}

/** An engine that was told to end takes a few seconds: running activities get their grace time. */
const END_TIMEOUT_MS = 60_000;
const LOOK_MS = 100;
