/** One run as the dashboard follows it: the fold of its event log, renewed as it grows, also when no engine runs. */
import { basename } from 'node:path';
import { applyToBoard, type BoardRecord, newBoardRecord } from '../../domain/board/board-record.js';
import type { RunInfo } from '../../domain/board/page-answers.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { QueueWait } from '../../domain/overview/under-way.js';
import { untilChange } from '../../host/file-change.js';
import type { Workdir } from '../../workdir/paths.js';
import { pendingJobs } from '../../workdir/pending-jobs.js';
import { EventLogReader } from '../run/followed-log.js';
import { existingRun } from '../run/workdir-config.js';

export class RunFeed {
  record: BoardRecord = newBoardRecord();
  /** Grows with each change of the record, and of what jobs wait for. */
  version = 0;
  /** What jobs in the queue of a cluster wait for. */
  pending: ReadonlyMap<string, QueueWait> = new Map();
  readonly #reader: EventLogReader;
  readonly #listeners = new Set<() => void>();

  private constructor(
    readonly info: RunInfo,
    readonly workdir: Workdir,
    readonly config: RunConfig,
  ) {
    this.#reader = new EventLogReader(workdir.events);
  }

  /** A Refusal where no run is at the path. */
  static async open(path: string, index: number): Promise<RunFeed> {
    const { workdir, config } = await existingRun(path);
    const info = { index, run: config.run_id, workdir: workdir.root, title: basename(workdir.root) };
    const feed = new RunFeed(info, workdir, config);
    await feed.catchUp();
    return feed;
  }

  /** Applies what is new; a log that was begun anew is folded from its first event. */
  async catchUp(): Promise<void> {
    const events = await this.#reader.next();
    for (const event of events) {
      if (event.seq <= this.record.state.seq) this.record = newBoardRecord();
      applyToBoard(this.record, event);
    }
    const pending = await pendingJobs(this.workdir, this.record.state);
    const isSame = JSON.stringify([...pending]) === JSON.stringify([...this.pending]);
    this.pending = pending;
    if (events.length === 0 && isSame) return;
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }

  /** Ends when `signal` aborts. A log that cannot be read now is read at its next change. */
  async follow(signal: AbortSignal, told: (problem: string) => void): Promise<void> {
    let last = '';
    while (!signal.aborted) {
      try {
        await this.catchUp();
        last = '';
      } catch (error) {
        const problem = `${this.workdir.events}: ${(error as Error).message}`;
        if (problem !== last) told(problem);
        last = problem;
      }
      await untilChange(this.workdir.events, signal);
    }
  }

  /** Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
