/** How a worker names itself to the Temporal server, whose UI shows it, and what the name tells of its process. */
import { type HostIdentity, hostMark, markedBy } from '../host/host-identity.js';
import { isRunning } from '../host/process-identity.js';

export function workerIdentity(build: string, here: HostIdentity): string {
  return `autoresearch ${build}, ${process.pid}@${hostMark(here)}`;
}

/** Whether the worker's process was one of this host, as pids count now, and is gone; false where nobody can tell. */
export function hasEndedHere(identity: string, here: HostIdentity): boolean {
  const [, pid, mark] = /(\d+)@(.+)$/.exec(identity) ?? [];
  return mark !== undefined && markedBy(mark, here) === 'ours' && !isRunning(Number(pid));
}
