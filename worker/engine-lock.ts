/**
 * One engine for a workdir, whichever host it is on: the worker process holds this lock as long as it serves the run.
 */
import { hostname } from 'node:os';
import {
  type HolderElsewhere,
  type LockHolder,
  type LockOptions,
  livingHolder,
  type ProcessLock,
  tryLock,
} from '../host/process-lock.js';
import type { Workdir } from '../workdir/paths.js';
import { originalOf } from '../workdir/workdir-place.js';

export class EngineAlreadyRunning extends Error {
  override readonly name = 'EngineAlreadyRunning';
  constructor(
    readonly workdir: string,
    readonly holder: LockHolder | HolderElsewhere,
  ) {
    super(`${workdir}: ${engineText(holder)}`);
  }
}

/** Who has the workdir, and what to do about it. */
export function engineText(holder: LockHolder | HolderElsewhere): string {
  if (!('elsewhere' in holder)) {
    return (
      `an engine works on it already (process ${holder.pid}, since ${holder.taken_at}); watch it with ` +
      '`autoresearch status --watch`, end it with `autoresearch stop`'
    );
  }
  const { host, renewedAgoMs } = holder.elsewhere;
  return (
    `an engine on host ${host} (process ${holder.pid}, since ${holder.taken_at}) holds it, and showed itself ` +
    `${Math.max(0, Math.round(renewedAgoMs / 1000))} s ago; from this host (${hostname()}) nobody can see whether it lives. Stop it ` +
    'there with `autoresearch stop`; if that host is gone for good, go on here with `autoresearch run --take-over`'
  );
}

/**
 * Throws EngineAlreadyRunning when another process has it that lives, or may live on another host; a dead one's lock is
 * taken over.
 */
export async function acquireEngineLock(workdir: Workdir, options: LockOptions = {}): Promise<ProcessLock> {
  const { lock, holder } = await tryLock(lockFile(workdir), options);
  if (lock) return lock;
  throw new EngineAlreadyRunning(workdir.root, holder);
}

/**
 * The process that serves the run now, as far as this host can tell, or null. A copied lock names one that serves the
 * original.
 */
export async function engineProcess(workdir: Workdir): Promise<LockHolder | HolderElsewhere | null> {
  const holder = await livingHolder(lockFile(workdir));
  return holder !== null && (await originalOf(workdir)) === null ? holder : null;
}

function lockFile(workdir: Workdir): string {
  return workdir.at('engine', 'engine.lock');
}
