/** Whether there is room on the disk: what is written to a full one is lost, and what was paid for it as well. */
import { statfs } from 'node:fs/promises';

/** Far more than the files of an experiment; what is left below that is for the event log. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;
const CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT'];
/** As programs that we run say it: git, Python, a shell. */
const SAID = /\b(ENOSPC|EDQUOT)\b|no space left on device|out of disk ?space|disk quota exceeded|disk is full/i;

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

export interface RoomSince extends Disposable {
  /** Whether there was too little room at any time since this began. */
  wasShort(): Promise<boolean>;
}

/**
 * For what fails meanwhile without saying why: a build's `echo`, git's "unable to write file". One watch serves all who
 * ask.
 */
export class RoomWatch {
  private readonly open = new Set<{ isShort: boolean }>();
  private looks: NodeJS.Timeout | null = null;

  constructor(private readonly folder: string) {}

  begin(): RoomSince {
    const mine = { isShort: false };
    this.open.add(mine);
    this.looks ??= setInterval(() => this.look(), LOOK_MS).unref();
    return {
      wasShort: async () => {
        await this.look();
        return mine.isShort;
      },
      [Symbol.dispose]: () => this.end(mine),
    };
  }

  private async look(): Promise<void> {
    const asked = [...this.open];
    if ((await shortOfRoom(this.folder)) === null) return;
    for (const one of asked) one.isShort = true;
  }

  private end(mine: { isShort: boolean }): void {
    this.open.delete(mine);
    if (this.open.size > 0 || this.looks === null) return;
    clearInterval(this.looks);
    this.looks = null;
  }
}
