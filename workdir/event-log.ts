/**
 * engine/events.jsonl, the truth that a workdir keeps: one event a line. This file owns appending to it, and the fold
 * of what it holds; event-lines.ts reads it. What stands in it stays, but for the newest lines of an engine that was
 * killed while it exported them: they say what it was about to do, and its successor may decide otherwise.
 */
import { appendFile, mkdir, open, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { eventProblem } from '../domain/formats/events.js';
import { applyToRecord, newRunRecord, type RunRecord } from '../domain/reports/run-record.js';
import type { EngineState } from '../domain/run/engine-state.js';
import type { EngineEvent } from '../domain/run/event-types.js';
import { makeTurns } from '../host/in-turn.js';
import { DamagedLog, type Line, lineOf, NEWEST_EVENTS, readBytes, readFrom } from './event-lines.js';
import type { Workdir } from './paths.js';

export interface RunLog {
  /**
   * Appends the events that the log does not hold yet and returns the last sequence number in it. Safe to call twice.
   * Where one of its newest events says something else, the log goes on from there with the events given, and what it
   * gives up is kept in events-superseded.jsonl, and said. A LogMismatch says where the sequence has a gap, or where
   * the log went another way so long ago that no kill of an engine explains it; a RangeError what is wrong with an
   * event. Nothing is written then.
   * `superseded` hears the events that are given up, before they are: where it fails nothing is written.
   */
  append(events: readonly EngineEvent[], superseded?: (events: EngineEvent[]) => Promise<void>): Promise<number>;
  /** The fold of all events, brought up to date by reading what was appended since the last call. Do not change it. */
  state(): Promise<EngineState>;
  /**
   * The state and the texts beside it; the same object is renewed in place, another one stands for a log that forked.
   */
  record(): Promise<RunRecord>;
  /**
   * The same of the first events alone, through `seq`: where an engine's history was put back (a reset), the log goes
   * on beyond what that engine knows until it decides otherwise. A RangeError where the log ends before.
   */
  recordThrough(seq: number): Promise<RunRecord>;
  events(): Promise<EngineEvent[]>;
}

/**
 * The log is not what the engine wrote last: one of the two was put back to an earlier copy, or is another engine's.
 */
export class LogMismatch extends RangeError {
  override readonly name = 'LogMismatch';
}

/** `say` hears, in a line for people, of events that the log gives up. */
export function openRunLog(workdir: Workdir, say: Say = () => undefined): RunLog {
  return new EventLog(workdir.events, workdir.supersededEvents, say);
}

type Say = (message: string, fields: Record<string, unknown>) => void;

class EventLog implements RunLog {
  /** Bytes of the log that `folded` holds. */
  private offset = 0;
  private folded = newRunRecord();
  private newest: Line[] = [];
  /** Reads and appends of one process follow each other. */
  private readonly inTurn = makeTurns();

  constructor(
    private readonly path: string,
    private readonly superseded: string,
    private readonly say: Say,
  ) {}

  append(events: readonly EngineEvent[], superseded?: (events: EngineEvent[]) => Promise<void>): Promise<number> {
    return this.inTurn(async () => {
      let size = await this.catchUp();
      await this.refuseOldFork(events);
      const fork = this.forkOf(events);
      if (fork !== undefined) {
        const given = await this.keepSuperseded(fork);
        await superseded?.(given);
        await truncate(this.path, fork.begin);
        size = await this.catchUp();
      }
      const fresh = eventsAfter(this.folded.state.seq, events);
      if (fresh.length > 0) {
        await this.write(fresh, size).catch((error: unknown) => {
          this.forget();
          throw error;
        });
      }
      return this.folded.state.seq;
    });
  }

  async state(): Promise<EngineState> {
    return (await this.record()).state;
  }

  record(): Promise<RunRecord> {
    return this.inTurn(async () => {
      await this.catchUp();
      return this.folded;
    });
  }

  async recordThrough(seq: number): Promise<RunRecord> {
    const record = newRunRecord();
    for (const event of await this.events()) if (event.seq <= seq) applyToRecord(record, event);
    if (record.state.seq < seq) throw new RangeError(`the event log ends at ${record.state.seq}, before ${seq}`);
    return record;
  }

  async events(): Promise<EngineEvent[]> {
    return (await readFrom(this.path, 0)).events;
  }

  /**
   * Folds what was appended since the last look; returns the size of the file, a torn last line included. Where the
   * last line known does not stand there any more, another process has let the log fork, and all of it is read anew.
   */
  private async catchUp(): Promise<number> {
    if (!(await this.stillHolds(this.newest.at(-1)))) this.forget();
    const tail = await readFrom(this.path, this.offset, this.folded.state.seq).catch((error: unknown) => {
      if (!(error instanceof DamagedLog) || this.offset === 0) throw error;
      // It may have forked since the look.
      this.forget();
      return readFrom(this.path, 0);
    });
    this.fold(tail.events, tail.lines);
    this.offset += tail.wholeBytes;
    return tail.size;
  }

  private async stillHolds(line: Line | undefined): Promise<boolean> {
    if (line === undefined) return true;
    const bytes = Buffer.from(`${line.text}\n`);
    return (await readBytes(this.path, line.begin, bytes.length))?.data.equals(bytes) ?? false;
  }

  /** The first line that says something else than the event of its number. */
  private forkOf(events: readonly EngineEvent[]): Line | undefined {
    const known = new Map(this.newest.map((line) => [line.seq, line]));
    const other = events.find((event) => (known.get(event.seq)?.text ?? lineOf(event)) !== lineOf(event));
    return other && known.get(other.seq);
  }

  /** Events from before the newest lines are compared with the file itself: they come when a history was put back. */
  private async refuseOldFork(events: readonly EngineEvent[]): Promise<void> {
    const firstKnown = this.newest[0]?.seq ?? 0;
    const old = new Map(events.filter(({ seq }) => seq < firstKnown).map((event) => [event.seq, lineOf(event)]));
    if (old.size === 0) return;
    for (const event of (await readFrom(this.path, 0)).events) {
      const mine = old.get(event.seq);
      if (mine === undefined || mine === lineOf(event)) continue;
      throw new LogMismatch(
        `event ${event.seq} stands otherwise in the event log, which goes on to ${this.folded.state.seq}: the engine's ` +
          'history was put back to before that (a reset, or an older copy of its database). Start the engine again with ' +
          '`autoresearch run`: it goes on from the log',
      );
    }
  }

  /** A killed engine's last plans, or what a newer copy of its database had done: from here nobody can tell. */
  private async keepSuperseded(fork: Line): Promise<EngineEvent[]> {
    const lines = this.newest.filter(({ seq }) => seq >= fork.seq).map(({ text }) => `${text}\n`);
    await appendFile(this.superseded, lines.join(''), { mode: 0o600 });
    this.say(
      'the engine decided otherwise than the newest events of its log (it was killed, or its database was put back): the log goes on without them, and they are kept',
      {
        from: fork.seq,
        count: lines.length,
        file: this.superseded,
      },
    );
    return lines.map((line) => JSON.parse(line) as EngineEvent);
  }

  private async write(fresh: readonly EngineEvent[], size: number): Promise<void> {
    const lines: Line[] = [];
    let end = this.offset;
    for (const event of fresh) {
      const text = lineOf(event);
      lines.push({ seq: event.seq, text, begin: end });
      end += Buffer.byteLength(text) + 1;
    }
    const bytes = Buffer.from(lines.map(({ text }) => `${text}\n`).join(''));
    // First in memory: an event that cannot be folded must not stand in the file.
    this.fold(fresh, lines);
    await mkdir(dirname(this.path), { recursive: true });
    const file = await open(this.path, 'a', 0o600);
    try {
      // What follows the last whole line was never acknowledged: a crash tore it, and its event comes again.
      if (size > this.offset) await file.truncate(this.offset);
      await file.appendFile(bytes);
      await file.sync();
      this.offset += bytes.length;
    } finally {
      await file.close();
    }
  }

  private fold(events: readonly EngineEvent[], lines: readonly Line[]): void {
    try {
      for (const event of events) applyToRecord(this.folded, event);
      this.newest = [...this.newest, ...lines].slice(-NEWEST_EVENTS);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  private forget(): void {
    this.offset = 0;
    this.folded = newRunRecord();
    this.newest = [];
  }
}

/** The events beyond `seq`, without a gap. */
function eventsAfter(seq: number, events: readonly EngineEvent[]): EngineEvent[] {
  const fresh: EngineEvent[] = [];
  let last = seq;
  for (const event of events) {
    if (event.seq <= last) continue;
    if (event.seq !== last + 1) {
      throw new LogMismatch(
        `event ${event.seq} cannot be appended: the log ends at ${last}, and the events between are missing, as in an ` +
          'older copy that was put back. Put the newer copy of engine/events.jsonl back, or leave it as it is; then start ' +
          'the engine again with `autoresearch run`: it goes on from the log',
      );
    }
    const problem = eventProblem(event);
    if (problem !== null) throw new RangeError(`event ${event.seq}: ${problem}`);
    fresh.push(event);
    last = event.seq;
  }
  return fresh;
}
