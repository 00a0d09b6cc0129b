/**
 * Ends the server of a run that was taken over. Its new owner on another host cannot use it, and has a server of its
 * own on the same database; and as that owner renews the lock, the server's own watch would never find it idle.
 */
import { endProcess } from '../host/process-end.js';
import { processIdentity } from '../host/process-identity.js';
import type { Workdir } from '../workdir/paths.js';
import { engineProcess } from './engine-lock.js';
import { databaseOf, stopServer } from './server/embedded-server.js';
import { findServerOf, SERVER } from './server/server-process.js';

/** An owner on this host has joined the server, and keeps it. */
export async function endAbandonedServer(workdir: Workdir): Promise<void> {
  const owner = await engineProcess(workdir);
  if (owner === null) return stopServer(workdir);
  if (!('elsewhere' in owner)) return;
  // What is recorded is the server of the other host: this host's is known by its command line.
  const here = await findServerOf(await databaseOf(workdir));
  const token = here && (await processIdentity(here.pid));
  if (here && token) await endProcess(here.pid, token, SERVER);
}
