/** How one process is ended: asked first, and killed where it does not heed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess } from './process-identity.js';

/** False when there is no such process any more. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** SIGTERM lets it close what it has open; one that does not end is killed. `name` says in an error what it is. */
export async function endProcess(pid: number, token: string, name: string): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', TERM_PATIENCE_MS],
    ['SIGKILL', KILL_PATIENCE_MS],
  ] as const) {
    if (!(await isSameProcess(pid, token))) return;
    if (!signalProcess(pid, signal)) return;
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (!(await isSameProcess(pid, token))) return;
      await sleep(20);
    }
  }
  throw new Error(`${name} (process ${pid}) does not end, not even by SIGKILL`);
}

/** A dev server with open polls takes about a second; ten are for a loaded machine. */
const TERM_PATIENCE_MS = 10_000;
/** The kernel needs moments only, unless the disk hangs. */
const KILL_PATIENCE_MS = 5_000;
