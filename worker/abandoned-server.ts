/**
 * Ends the server of a run that this process serves no more. A new owner on another host cannot use it, and has a
 * server of its own on the same database; and as that owner renews the lock, the server's own watch would never find it
 * idle. Of a workdir that was moved, nobody finds it by the workdir.
 */
import { processIdentity } from '../host/process-identity.js';
import type { Workdir } from '../workdir/paths.js';
import { engineProcess } from './engine-lock.js';
import { stopServer } from './server/embedded-server.js';
import { endServer, findServerOf } from './server/server-process.js';

/** `database`: as the server was started on it. An owner on this host has joined the server, and keeps it. */
export async function endAbandonedServer(workdir: Workdir, database: string): Promise<void> {
  const owner = await engineProcess(workdir);
  if (owner !== null && !('elsewhere' in owner)) return;
  if (owner === null) await stopServer(workdir);
  // What is recorded is the server of the other host, or gone: this host's is known by its command line.
  const here = await findServerOf(database);
  const token = here && (await processIdentity(here.pid));
  if (here && token) await endServer(here.pid, token);
}
