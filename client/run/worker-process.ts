/** The process that `start` leaves behind: spawned in a session of its own, and watched until it serves the run. */
import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTextIfAny } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { findConnection, type TemporalTarget } from '../../worker/connection.js';
import { engineProcess } from '../../worker/engine-lock.js';
import { secondEngine } from './prepare-run.js';
import { engineLife } from './run-state.js';

interface DetachedWorker {
  pid: number;
  /** Rejects when the process ends while it is waited for. */
  failure: Promise<never>;
  hasEnded(): boolean;
  /** Lets this process end before that one. */
  leave(): void;
}

export async function spawnWorker(command: string[], workdir: Workdir, log: string): Promise<DetachedWorker> {
  await mkdir(dirname(log), { recursive: true, mode: 0o700 });
  const before = ((await readTextIfAny(log)) ?? '').length;
  const file = await open(log, 'a', 0o600);
  const child = spawn(process.execPath, command, { detached: true, stdio: ['ignore', file.fd, file.fd] });
  await file.close();
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`the engine's process ended (${signal ?? `exit code ${code}`})`));
  });
  const failure = exited.then(async (how): Promise<never> => {
    ended = true;
    // Another one was faster, or serves the run since.
    const holder = await engineProcess(workdir);
    if (holder !== null && holder.pid !== child.pid) throw secondEngine(workdir, holder);
    const said = ((await readTextIfAny(log)) ?? '').slice(before).trim().split('\n').slice(-5).join('\n');
    throw new Error(`${how}: ${said || `it said nothing; see ${workdir.log}`}`);
  });
  failure.catch(() => undefined);
  return { pid: child.pid ?? 0, failure, hasEnded: () => ended, leave: () => child.unref() };
}

/** A worker takes its lock first, and its server follows: where both are there, the run can be started. */
export async function untilServed(workdir: Workdir, worker: DetachedWorker): Promise<TemporalTarget> {
  while (!worker.hasEnded()) {
    const isServed = (await engineLife(workdir))?.pid === worker.pid;
    const target = isServed ? await findConnection(workdir) : null;
    if (target !== null) return target;
    await sleep(LOOK_MS);
  }
  return worker.failure;
}

const LOOK_MS = 50;
