/** What a workdir alone tells of its run: the fold of its event log, and which process serves it. Needs no server. */

import type { RunConfig } from '../../domain/formats/config.js';
import { applyToRecord, newRunRecord, type RunRecord } from '../../domain/reports/run-record.js';
import type { EngineState } from '../../domain/run/engine-state.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { budgetWarnings } from '../../domain/schedule/budget.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { engineProcess } from '../../worker/engine-lock.js';
import { EventLogReader } from './followed-log.js';
import { newWarnings } from './progress.js';
import { existingRun } from './workdir-config.js';

export interface EngineLife {
  pid: number;
  since: string;
  /** The other host that it is on; this host cannot see whether it lives. */
  host?: string;
}

/** A run that was started, as its event log tells it: in its initial state before the first event. */
export async function runAsLogged(path: string): Promise<{ workdir: Workdir; config: RunConfig; state: EngineState }> {
  const { workdir, config } = await existingRun(path);
  return { workdir, config, state: await openRunLog(workdir).state() };
}

/** Null before the first event. */
export async function readRecord(workdir: Workdir): Promise<RunRecord | null> {
  const record = await openRunLog(workdir).record();
  return record.state.seq === 0 ? null : record;
}

/** Null before the first event. */
export async function readState(workdir: Workdir): Promise<EngineState | null> {
  return (await readRecord(workdir))?.state ?? null;
}

/** A state that grows with the log, and the texts beside it. */
export class LiveState {
  record: RunRecord;
  readonly #reader: EventLogReader;
  readonly #run: string;
  /** Sequence number of the last event that `seen` was told of, or that was there before anybody asked. */
  #told = 0;
  /** The newest interruption that was told. */
  #interruptedMs = 0;

  constructor(workdir: Workdir, config: RunConfig) {
    this.#run = config.run_id;
    this.record = this.#begun();
    this.#reader = new EventLogReader(workdir.events);
  }

  get state(): EngineState {
    return this.record.state;
  }

  #begun(): RunRecord {
    const record = newRunRecord();
    record.state.run = this.#run;
    return record;
  }

  /** Applies what is new; `seen` is called after each event, with the budget warnings that it brought. */
  async catchUp(seen?: (event: EngineEvent, warnings: readonly string[]) => void): Promise<void> {
    for (const event of await this.#reader.next()) {
      // The log begins anew; what was told of it is not told again.
      if (event.seq <= this.state.seq) this.record = this.#begun();
      const before = budgetWarnings(this.state);
      applyToRecord(this.record, event);
      if (event.seq <= this.#told && !this.#isNewInterruption(event)) continue;
      this.#told = Math.max(this.#told, event.seq);
      seen?.(event, newWarnings(before, budgetWarnings(this.state)));
      if (isInterruption(event)) this.#interruptedMs = event.atMs;
    }
  }

  /** Whoever waits for the run must hear of it also where the log, begun anew, counts from a lower number. */
  #isNewInterruption(event: EngineEvent): boolean {
    return isInterruption(event) && event.atMs > this.#interruptedMs;
  }
}

function isInterruption(event: EngineEvent): boolean {
  return event.type === 'stop_requested' && event.mode === 'interrupt';
}

/** The process that serves the run, or null; one on another host may be gone. */
export async function engineLife(workdir: Workdir): Promise<EngineLife | null> {
  const holder = await engineProcess(workdir);
  if (holder === null) return null;
  const elsewhere = 'elsewhere' in holder ? { host: holder.elsewhere.host } : {};
  return { pid: holder.pid, since: holder.taken_at, ...elsewhere };
}
