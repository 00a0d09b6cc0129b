/** The output of a job whose hosts do not see the workdir, fetched into the files that a local job writes itself. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scheduler } from './scheduler.js';
import { printedFile } from './submission.js';

/** A log may lag behind the end of its job; one that grows for longer is not the job's any more. */
const MOST_LOOKS = 20;

export class FetchedLogs {
  /** One fetch at a time for each job: two would append the same part twice. */
  private readonly fetching = new Map<string, Promise<void>>();

  constructor(private readonly scheduler: Pick<Scheduler, 'logs'>) {}

  /** Whether the scheduler keeps what jobs print; else it is in the job's folder already. */
  get isNeeded(): boolean {
    return this.scheduler.logs !== undefined;
  }

  /** After the end of the job: until a look `pauseMs` after the one before brings nothing new. */
  async fetchToEnd(schedulerId: string, jobDir: string, pauseMs: number): Promise<void> {
    if (!this.isNeeded) return;
    for (let look = 0; look < MOST_LOOKS; look++) {
      const before = JSON.stringify(await printedFile.read(jobDir));
      await this.fetch(schedulerId, jobDir);
      if (look > 0 && JSON.stringify(await printedFile.read(jobDir)) === before) return;
      await sleep(pauseMs);
    }
  }

  async fetch(schedulerId: string, jobDir: string): Promise<void> {
    const before = this.fetching.get(jobDir);
    if (before !== undefined) return await before;
    const fetching = this.fetchNow(schedulerId, jobDir).finally(() => this.fetching.delete(jobDir));
    this.fetching.set(jobDir, fetching);
    await fetching;
  }

  /** Each part once, also when the process dies in between: what stands behind the cursor is cut off first. */
  private async fetchNow(schedulerId: string, jobDir: string): Promise<void> {
    if (this.scheduler.logs === undefined) return;
    const before = (await printedFile.read(jobDir)) ?? { cursor: null, stdoutBytes: 0, stderrBytes: 0 };
    const { stdout, stderr, cursor } = await this.scheduler.logs(schedulerId, before.cursor);
    if (stdout === '' && stderr === '' && cursor === before.cursor) return;
    const stdoutBytes = await writeAt(join(jobDir, 'stdout.log'), before.stdoutBytes, stdout);
    const stderrBytes = await writeAt(join(jobDir, 'stderr.log'), before.stderrBytes, stderr);
    await printedFile.write(jobDir, { cursor, stdoutBytes, stderrBytes });
  }
}

/** Gives the length of the file then, in bytes. */
async function writeAt(path: string, at: number, text: string): Promise<number> {
  const file = await open(path, 'a+', 0o600);
  try {
    await file.truncate(at);
    await file.appendFile(text);
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
