/**
 * A lock file held by a living process: made whole or not at all (a hard link to a finished file), naming its holder by
 * host, pid and start time, and taken over when the holder is dead, kill -9 included. Whether a process of another host
 * lives cannot be asked from here: its lock is renewed while it does, and is taken over only when a person says so.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { readTextIfAny } from './atomic-file.js';
import { type HostIdentity, HostSchema, isNamedLike, sharesPids, thisHost } from './host-identity.js';
import { isSameProcess, processIdentity } from './process-identity.js';

const HolderSchema = z.object({
  pid: z.number().int(),
  /** Start token of the process, from process-identity. */
  process_start: z.string(),
  /** Names this one act of locking. */
  nonce: z.string().regex(/^[\w-]+$/),
  taken_at: z.string(),
  /** Absent in locks of earlier versions, which are taken for this host's. */
  host: HostSchema.optional(),
});

export type LockHolder = z.infer<typeof HolderSchema>;

export interface ProcessLock {
  release(): Promise<void>;
  /** Looks whether it is still this process's, which `onLost` hears where it is not. */
  isHeld(): Promise<boolean>;
}

/** Somebody else's, or no file any more: its folder was moved or removed. */
export type LockLoss = 'taken' | 'gone';

/** A holder on another host; how long ago it was last renewed, by the clocks of both. */
export interface HolderElsewhere extends LockHolder {
  elsewhere: { host: string; renewedAgoMs: number };
}

export type LockAttempt =
  | { lock: ProcessLock; holder?: never }
  | { holder: LockHolder | HolderElsewhere; lock?: never };

export interface LockOptions {
  /**
   * A person says that the holder on another host is gone; one that is seen to renew its lock keeps it all the same.
   */
  takeOver?: boolean;
  /** Called once when this process has the lock no more. */
  onLost?: (how: LockLoss) => void;
  /** This host, when absent. */
  host?: HostIdentity;
  /** Between two renewals, ms. */
  renewMs?: number;
}

/** Often enough to be told from a dead one soon, and next to nothing on a network file system. */
const RENEW_MS = 5_000;
/** Renewals that a machine under load or a slow network may miss before a namesake's lock counts as left behind. */
const MISSED_RENEWALS = 6;

/** One attempt: the lock, or who has it. Not reentrant: a process that holds it is told so. */
export async function tryLock(path: string, options: LockOptions = {}): Promise<LockAttempt> {
  const { renewMs = RENEW_MS, host = await thisHost() } = options;
  await mkdir(dirname(path), { recursive: true });
  const mine: LockHolder = {
    pid: process.pid,
    process_start: (await processIdentity(process.pid)) ?? 'unknown',
    nonce: randomUUID(),
    taken_at: new Date().toISOString(),
    host,
  };
  const draft = `${path}.${mine.nonce}.draft`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(draft, path)) return { lock: lockOf(path, mine, options) };
      const holder = await readHolder(path);
      if (holder === null) continue;
      const living = await lifeOf(path, holder, host, renewMs);
      const isLeft =
        living === null || ('elsewhere' in living && options.takeOver === true && !(await isRenewed(path, renewMs)));
      if (!isLeft) return { holder: living };
      if (await takeOver(path, holder, draft)) return { lock: lockOf(path, mine, options) };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** The holder if it lives, or may live on another host; null when it is dead. */
async function lifeOf(
  path: string,
  holder: LockHolder,
  here: HostIdentity,
  renewMs: number,
): Promise<LockHolder | HolderElsewhere | null> {
  if (holder.host === undefined || sharesPids(holder.host, here)) {
    return (await isSameProcess(holder.pid, holder.process_start)) ? holder : null;
  }
  const renewedAgoMs = Date.now() - (await renewedAtMs(path));
  // This machine was started anew, or this container: what held the lock ended with its earlier life, unless another
  // bears the name.
  if (isNamedLike(holder.host, here) && renewedAgoMs > MISSED_RENEWALS * renewMs) return null;
  return { ...holder, elsewhere: { host: holder.host.name, renewedAgoMs } };
}

/** Looks for as long as a living holder needs to show itself, whatever the clocks say. */
async function isRenewed(path: string, renewMs: number): Promise<boolean> {
  const before = await renewedAtMs(path);
  for (let looks = 0; looks < LOOKS_FOR_RENEWAL; looks++) {
    await sleep((2 * renewMs) / LOOKS_FOR_RENEWAL);
    if ((await renewedAtMs(path)) !== before) return true;
  }
  return false;
}

const LOOKS_FOR_RENEWAL = 8;

async function renewedAtMs(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}

/** Waits for a lock that others hold for moments only. */
export async function waitForLock(path: string, timeoutMs: number, options: LockOptions = {}): Promise<ProcessLock> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { lock, holder } = await tryLock(path, options);
    if (lock) return lock;
    if (Date.now() > deadline) {
      const where = 'elsewhere' in holder ? ` on ${holder.elsewhere.host}` : '';
      throw new Error(
        `${path} is held by process ${holder.pid}${where} since ${holder.taken_at}; it should have let go by now`,
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

function lockOf(path: string, mine: LockHolder, { renewMs = RENEW_MS, onLost }: LockOptions): ProcessLock {
  let isLost = false;
  const isHeld = async () => {
    const loss = isLost ? null : await renew(path, mine);
    if (loss === null || isLost) return !isLost;
    isLost = true;
    clearInterval(renewal);
    onLost?.(loss);
    return false;
  };
  const renewal = setInterval(() => void isHeld(), renewMs);
  renewal.unref();
  return {
    isHeld,
    async release() {
      isLost = true;
      clearInterval(renewal);
      if ((await readHolder(path))?.nonce === mine.nonce) await rm(path, { force: true });
    },
  };
}

/** Null while the lock is this process's. A file system that is away for now does not tell. */
async function renew(path: string, mine: LockHolder): Promise<LockLoss | null> {
  try {
    const holder = await readHolder(path);
    if (holder === null) return 'gone';
    if (holder.nonce !== mine.nonce) return 'taken';
    const now = new Date();
    await utimes(path, now, now);
  } catch {
    // Not to be reached: the next renewal looks again.
  }
  return null;
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

/** Null when nobody holds it who lives, or may live on another host. */
export async function livingHolder(path: string): Promise<LockHolder | HolderElsewhere | null> {
  const holder = await readHolder(path);
  return holder === null ? null : lifeOf(path, holder, await thisHost(), RENEW_MS);
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
