/**
 * The output of a job whose hosts do not see the workdir, fetched into the files that a local job writes itself. What
 * the probe told in between stands in a file of its own, where nobody reads it as the job's.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE_LOG, separated } from '../output/marked-lines.js';
import { keepTold } from '../output/told-tables.js';
import type { PrintedSince, Scheduler } from './scheduler.js';
import { type Printed, printedFile } from './submission.js';

/** A log may lag behind the end of its job; one that grows for longer is not the job's any more. */
const MOST_LOOKS = 20;
const NOTHING = {
  cursor: null,
  ...{ stdoutBytes: 0, stderrBytes: 0, probeBytes: 0 },
  ...{ stdoutRest: '', stderrRest: '', stdoutIsOpen: false, stderrIsOpen: false },
};

export class FetchedLogs {
  /** One fetch at a time for each job: two would append the same part twice. */
  private readonly fetching = new Map<string, Promise<void>>();

  constructor(private readonly scheduler: Pick<Scheduler, 'logs'>) {}

  /** Whether the scheduler keeps what jobs print; else it is in the job's folder already. */
  get isNeeded(): boolean {
    return this.scheduler.logs !== undefined;
  }

  /** What a job is told whose host may not see the workdir: its probe looks, and tells its rows in the log. */
  get environment(): Record<string, string> {
    return this.isNeeded ? { AUTORESEARCH_PROBE_TO: 'auto' } : {};
  }

  /** After the end of the job: until a look `pauseMs` after the one before brings nothing new. */
  async fetchToEnd(schedulerId: string, jobDir: string, metricsDir: string, pauseMs: number): Promise<void> {
    if (!this.isNeeded) return;
    for (let look = 0; look < MOST_LOOKS; look++) {
      const before = JSON.stringify(await printedFile.read(jobDir));
      await this.fetch(schedulerId, jobDir);
      if (look > 0 && JSON.stringify(await printedFile.read(jobDir)) === before) break;
      await sleep(pauseMs);
    }
    const printed = await printedFile.read(jobDir);
    if (printed !== null && (printed.stdoutRest !== '' || printed.stderrRest !== ''))
      await keep(jobDir, printed, { stdout: '', stderr: '', cursor: printed.cursor }, { isEnd: true });
    await keepTold(join(jobDir, PROBE_LOG), metricsDir);
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
    const before = (await printedFile.read(jobDir)) ?? NOTHING;
    const printed = await this.scheduler.logs(schedulerId, before.cursor);
    if (printed.stdout === '' && printed.stderr === '' && printed.cursor === before.cursor) return;
    await keep(jobDir, before, printed, { isEnd: false });
  }
}

async function keep(
  jobDir: string,
  before: Omit<Printed, 'cursor'>,
  printed: PrintedSince,
  { isEnd }: { isEnd: boolean },
): Promise<void> {
  const stdout = separated(before.stdoutRest + printed.stdout, { isEnd, isOpen: before.stdoutIsOpen });
  const stderr = separated(before.stderrRest + printed.stderr, { isEnd, isOpen: before.stderrIsOpen });
  const told = [...stdout.marked, ...stderr.marked].map((line) => `${line}\n`).join('');
  await printedFile.write(jobDir, {
    cursor: printed.cursor,
    stdoutBytes: await writeAt(join(jobDir, 'stdout.log'), before.stdoutBytes, stdout.text),
    stderrBytes: await writeAt(join(jobDir, 'stderr.log'), before.stderrBytes, stderr.text),
    probeBytes: told === '' ? before.probeBytes : await writeAt(join(jobDir, PROBE_LOG), before.probeBytes, told),
    stdoutRest: stdout.rest,
    stderrRest: stderr.rest,
    stdoutIsOpen: stdout.isOpen,
    stderrIsOpen: stderr.isOpen,
  });
}

/** Gives the length of the file then, in bytes. */
async function writeAt(path: string, at: number, text: string): Promise<number> {
  const file = await open(path, 'a+', 0o600);
  try {
    // The time of its last change tells whether the job still prints: what only the probe told is none.
    if (text === '' && (await file.stat()).size === at) return at;
    await file.truncate(at);
    await file.appendFile(text);
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
