/** One engine for a workdir: the worker process holds this lock as long as it serves the run. */

import type { Workdir } from '../activities/workdir.js';
import { type LockHolder, livingHolder, type ProcessLock, tryLock } from './process-lock.js';

export class EngineAlreadyRunning extends Error {
  override readonly name = 'EngineAlreadyRunning';
  constructor(
    readonly workdir: string,
    readonly pid: number,
    since: string,
  ) {
    super(
      `an engine already works on ${workdir}: process ${pid}, since ${since}. ` +
        'Stop it with `autoresearch stop`, or give another workdir',
    );
  }
}

/** Throws EngineAlreadyRunning when another living process has it; a dead one's lock is taken over. */
export async function acquireEngineLock(workdir: Workdir): Promise<ProcessLock> {
  const { lock, holder } = await tryLock(lockFile(workdir));
  if (lock) return lock;
  throw new EngineAlreadyRunning(workdir.root, holder.pid, holder.taken_at);
}

/** The process that serves the run now, or null. */
export async function engineProcess(workdir: Workdir): Promise<LockHolder | null> {
  return livingHolder(lockFile(workdir));
}

function lockFile(workdir: Workdir): string {
  return workdir.at('engine', 'engine.lock');
}
