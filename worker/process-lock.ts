/**
 * A lock file held by a living process: made whole or not at all (a hard link to a finished file), naming its holder by
 * pid and start time, and taken over when the holder is dead, kill -9 included. It excludes processes of one host.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readTextIfAny } from '../activities/atomic-file.js';
import { isSameProcess, processIdentity } from '../activities/process-identity.js';

const HolderSchema = z.object({
  pid: z.number().int(),
  /** Start token of the process, from process-identity. */
  process_start: z.string(),
  /** Names this one act of locking. */
  nonce: z.string().regex(/^[\w-]+$/),
  taken_at: z.string(),
});

export type LockHolder = z.infer<typeof HolderSchema>;

export interface ProcessLock {
  release(): Promise<void>;
}

export type LockAttempt = { lock: ProcessLock; holder?: never } | { holder: LockHolder; lock?: never };

/** One attempt: the lock, or who has it. Not reentrant: a process that holds it is told so. */
export async function tryLock(path: string): Promise<LockAttempt> {
  await mkdir(dirname(path), { recursive: true });
  const mine: LockHolder = {
    pid: process.pid,
    process_start: (await processIdentity(process.pid)) ?? 'unknown',
    nonce: randomUUID(),
    taken_at: new Date().toISOString(),
  };
  const draft = `${path}.${mine.nonce}.draft`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(draft, path)) return { lock: lockOf(path, mine) };
      const holder = await readHolder(path);
      if (holder === null) continue;
      if (await isSameProcess(holder.pid, holder.process_start)) return { holder };
      if (await takeOver(path, holder, draft)) return { lock: lockOf(path, mine) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Waits for a lock that others hold for moments only. */
export async function waitForLock(path: string, timeoutMs: number): Promise<ProcessLock> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { lock, holder } = await tryLock(path);
    if (lock) return lock;
    if (Date.now() > deadline) {
      throw new Error(
        `${path} is held by process ${holder.pid} since ${holder.taken_at}; it should have let go by now`,
      );
    }
    await sleep(RETRY_MS);
  }
}

/** Short against the start of a server (0.3 s), long against reading a file. */
const RETRY_MS = 25;

/**
 * Replaces a dead holder's lock. Two processes may both have seen it dead, and the slower one must not remove the lock
 * of the faster: only the holder of a second lock, named after the dead one's nonce, may replace that very lock.
 */
async function takeOver(path: string, dead: LockHolder, draft: string): Promise<boolean> {
  const { lock: right } = await tryLock(`${path}.${dead.nonce}`);
  if (!right) {
    await sleep(RETRY_MS);
    return false;
  }
  try {
    if ((await readHolder(path))?.nonce !== dead.nonce) return false;
    await rename(draft, path);
    return true;
  } finally {
    await right.release();
  }
}

function lockOf(path: string, mine: LockHolder): ProcessLock {
  return {
    async release() {
      if ((await readHolder(path))?.nonce === mine.nonce) await rm(path, { force: true });
    },
  };
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Null when no living process holds it. */
export async function livingHolder(path: string): Promise<LockHolder | null> {
  const holder = await readHolder(path);
  return holder !== null && (await isSameProcess(holder.pid, holder.process_start)) ? holder : null;
}

/** Null when nobody holds it. Text that is no lock of ours counts as a dead holder's. */
export async function readHolder(path: string): Promise<LockHolder | null> {
  const text = await readTextIfAny(path);
  if (text === null) return null;
  try {
    return HolderSchema.parse(JSON.parse(text));
  } catch {
    return { pid: 0, process_start: '', nonce: 'unreadable', taken_at: '' };
  }
}
