/** What a workdir alone tells of its run: the fold of its event log, and which process serves it. Needs no server. */
import { openRunLog } from '../activities/run-log.js';
import type { Workdir } from '../activities/workdir.js';
import { applyEvent, type EngineState, initialState } from '../domain/engine-state.js';
import type { EngineEvent } from '../domain/events.js';
import type { RunConfig } from '../domain/formats/config.js';
import { budgetWarnings } from '../domain/policies/budget.js';
import { engineProcess } from '../worker/engine-lock.js';
import { EventLogReader } from './event-log.js';
import { newWarnings } from './progress.js';

export interface EngineLife {
  pid: number;
  since: string;
}

/** Null before the first event. */
export async function readState(workdir: Workdir): Promise<EngineState | null> {
  const state = await openRunLog(workdir).state();
  return state.seq === 0 ? null : state;
}

/** A state that grows with the log. */
export class LiveState {
  readonly state: EngineState;
  readonly #reader: EventLogReader;

  constructor(workdir: Workdir, config: RunConfig) {
    this.state = initialState(config.run_id);
    this.#reader = new EventLogReader(workdir.events);
  }

  /** Applies what is new; `seen` is called after each event, with the budget warnings that it brought. */
  async catchUp(seen?: (event: EngineEvent, warnings: readonly string[]) => void): Promise<void> {
    for (const event of await this.#reader.next()) {
      const before = budgetWarnings(this.state);
      applyEvent(this.state, event);
      seen?.(event, newWarnings(before, budgetWarnings(this.state)));
    }
  }
}

/** The process on this host that serves the run, or null. */
export async function engineLife(workdir: Workdir): Promise<EngineLife | null> {
  const holder = await engineProcess(workdir);
  return holder === null ? null : { pid: holder.pid, since: holder.taken_at };
}
