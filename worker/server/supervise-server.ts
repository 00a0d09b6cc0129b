/** Restarts the workdir's Temporal server when it dies while a run is on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessLock } from '../../host/process-lock.js';
import type { Workdir } from '../../workdir/paths.js';
import type { WorkdirLog } from '../workdir-log.js';
import { ensureServer } from './embedded-server.js';
import { claimPort } from './port-claims.js';
import { isAlive, portsOf, serverRecord } from './server-record.js';

/** A look costs one read of /proc; workers bear an absence of a second without notice. */
const LOOK_MS = 500;
/** A server that cannot be started now (its port is taken, say) is tried again at this pace. */
const RETRY_MS = 5_000;

/**
 * Watches until it is disposed of. A server that was stopped on purpose stays stopped. `onProcess` hears which process
 * the server is, and null once that has died.
 */
export function superviseServer(
  workdir: Workdir,
  log: WorkdirLog,
  onProcess: (pid: number | null) => void = () => undefined,
): AsyncDisposable {
  const ending = new AbortController();
  const watch = async () => {
    const claim = await claimedPort(workdir, log);
    while (!ending.signal.aborted)
      await pause((await look(workdir, log, onProcess)) ? LOOK_MS : RETRY_MS, ending.signal);
    await claim?.release();
  };
  const watching = watch();
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await watching;
    },
  };
}

/** Keeps the server's port for it while it is down. Without the claim it is watched all the same. */
async function claimedPort(workdir: Workdir, log: WorkdirLog): Promise<ProcessLock | null> {
  try {
    const record = await serverRecord(workdir);
    return record && (await claimPort(portsOf(record).port));
  } catch (error) {
    log('the port of the Temporal server could not be claimed', { error: String(error) });
    return null;
  }
}

async function look(workdir: Workdir, log: WorkdirLog, onProcess: (pid: number | null) => void): Promise<boolean> {
  try {
    const record = await serverRecord(workdir);
    if (record === null || record.pid === null || (await isAlive(record))) return true;
    log('the Temporal server died; starting it again', { pid: record.pid, address: record.address });
    onProcess(null);
    const renewed = await ensureServer(workdir, { keepAddress: true, say: log, onProcess });
    log('the Temporal server is back', { pid: renewed.pid, address: renewed.address });
    return true;
  } catch (error) {
    log('the Temporal server could not be started again; trying on', { error: String(error) });
    return false;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
