/**
 * A file that names a process which may outlive whoever started it: its pid and start token, so that the next one can
 * end it and no other process that has got its number.
 */
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { readJsonIfAny, writeJsonAtomic } from './atomic-file.js';
import { isSameProcess, processIdentity } from './process-identity.js';

const ProcessSchema = z.object({ pid: z.number().int().positive(), identity: z.string() });

export async function recordProcess(file: string, pid: number): Promise<void> {
  const identity = await processIdentity(pid);
  if (identity !== null) await writeJsonAtomic(file, { pid, identity });
}

/** The pid, where that process is alive; null as well for a file that nobody can read as such a record. */
export async function recordedProcess(file: string): Promise<number | null> {
  const left = ProcessSchema.safeParse(await readJsonIfAny(file).catch(() => null));
  return left.success && (await isSameProcess(left.data.pid, left.data.identity)) ? left.data.pid : null;
}

export async function forgetProcess(file: string): Promise<void> {
  await rm(file, { force: true });
}
