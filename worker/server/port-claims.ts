/**
 * Ports that belong to servers of this host's runs also while such a server is down: whoever brings it back, where its
 * clients look for it, claims its port, and no other run takes it meanwhile. Other programs know nothing of claims.
 */
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { livingHolder, type ProcessLock, tryLock } from '../../host/process-lock.js';

/** Pid of the living process that claims the port, or null. */
export async function claimantOf(port: number): Promise<number | null> {
  const folder = await ownFolder();
  const holder = folder === null ? null : await livingHolder(fileOf(folder, port));
  return holder?.pid ?? null;
}

/** The claim lasts until it is released or this process dies. Null when another process has it. */
export async function claimPort(port: number): Promise<ProcessLock | null> {
  const folder = await ownFolder();
  return folder === null ? null : ((await tryLock(fileOf(folder, port))).lock ?? null);
}

/**
 * One for all runs of this user, whatever their environment. Null where somebody else put something: no claim is
 * believed then.
 */
async function ownFolder(): Promise<string | null> {
  const folder = `/tmp/autoresearch-ports-${process.getuid?.() ?? 0}`;
  const made = await mkdir(folder, { recursive: true, mode: 0o700 })
    .then(() => lstat(folder))
    .catch(() => null);
  const isOwn = made?.isDirectory() && made.uid === process.getuid?.() && (made.mode & 0o022) === 0;
  return isOwn ? folder : null;
}

function fileOf(folder: string, port: number): string {
  return join(folder, `${port}.lock`);
}
