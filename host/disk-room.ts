/** Whether there is room on the disk: what is written to a full one is lost, and what was paid for it as well. */
import { statfs } from 'node:fs/promises';

/** Far more than the files of an experiment; what is left below that is for the event log. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;
const CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT'];
/** As programs that we run say it: git, Python, a shell. */
const SAID = /\b(ENOSPC|EDQUOT)\b|no space left on device|out of disk ?space|disk quota exceeded/i;

/** What an error says about a full disk, in itself or in its cause. */
export function saysDiskIsFull(error: unknown): boolean {
  if (!(error instanceof Error)) return SAID.test(String(error));
  const { code } = error as NodeJS.ErrnoException;
  return CODES.includes(code) || SAID.test(error.message) || (error.cause !== undefined && saysDiskIsFull(error.cause));
}

/** Null when there is room to work in the folder, or nobody knows; else what is left, in words. */
export async function shortOfRoom(folder: string): Promise<string | null> {
  const found = await statfs(folder).catch(() => null);
  // Some file systems count nothing.
  if (found === null || found.blocks === 0) return null;
  const free = found.bavail * found.bsize;
  return free >= LEAST_FREE_BYTES ? null : `${(free / 1024 / 1024).toFixed(1)} MiB are free where ${folder} is`;
}

/** Whoever makes room again within this time has hardly filled the disk. */
const LOOK_MS = 200;

export interface RoomWatch extends Disposable {
  /** Whether there was too little room at any time since the watch began. */
  wasShort(): Promise<boolean>;
}

/** For what fails meanwhile without saying why: a build's `echo`, git's "unable to write file". */
export function watchRoom(folder: string): RoomWatch {
  let isShort = false;
  const look = async () => {
    isShort ||= (await shortOfRoom(folder)) !== null;
  };
  const looks = setInterval(look, LOOK_MS).unref();
  return {
    async wasShort() {
      await look();
      return isShort;
    },
    [Symbol.dispose]: () => clearInterval(looks),
  };
}
