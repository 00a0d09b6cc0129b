/**
 * The engine's memory: applies events to the state and exports them in order, one export at a time. Nothing else in the
 * workflow writes to the state.
 */
import { ActivityFailure, ApplicationFailure, condition, workflowInfo } from '@temporalio/workflow';
import { applyEvent } from '../domain/run/apply-event.js';
import type { EngineState } from '../domain/run/engine-state.js';
import type { EngineEvent, EventBody, Money } from '../domain/run/event-types.js';
import { inTask } from './activity-options.js';

/** Keeps a single export's payload far below the server's warning at 256 KB. */
const EVENTS_PER_EXPORT = 40;

export class Journal {
  /** Grows with everything that may change what the engine does next. */
  wakeups = 0;
  /** Events recorded in this run of the workflow. */
  recorded = 0;
  /** Rejects when the workdir's log is not, or not any more, this engine's: nothing that it does can be recorded. */
  readonly refused: Promise<never>;
  /**
   * Called when the log tells that this engine's history was put back (a reset, a kill): with whom it had granted slots
   * since, and whom it has granted them anew, which none of those has heard. Null in a run that began before it
   * recovered what is lost: there nobody is told of a slot before the engine's own history says so.
   */
  putBack:
    | ((granted: readonly string[], anew: readonly string[], slots?: Readonly<Record<string, number>>) => void)
    | null = null;
  private refuse: (reason: ApplicationFailure) => void = () => undefined;
  private pending: EngineEvent[] = [];
  /** What the last exports of this run wrote, as far as one more export can tell again. */
  private exported: EngineEvent[] = [];
  /** Grants, by number of their event, of which an export told the experiment. */
  private readonly told = new Set<number>();
  private exporting = false;
  /**
   * True while the engine's loop pumps after each of its turns; otherwise exports begin by themselves. An export may
   * outlast its workflow task, and a replay then delivers its end together with what came before it in the live run:
   * only where one turn of the loop lies between an end and the next export, both make the same exports.
   */
  isPumpedByLoop = false;

  constructor(
    readonly state: EngineState,
    private exportedSeq: number,
  ) {
    this.refused = new Promise((_, reject) => {
      this.refuse = reject;
    });
  }

  record(...bodies: (EventBody & { money?: Money })[]): void {
    for (const body of bodies) {
      const event: EngineEvent = { seq: this.state.seq + 1, atMs: Date.now(), ...body };
      applyEvent(this.state, event);
      this.pending.push(event);
      this.recorded += 1;
    }
    this.wake();
  }

  wake(): void {
    this.wakeups += 1;
  }

  /** Starts an export of what is pending unless one is under way. */
  pump(): void {
    if (!this.exporting && this.pending.length > 0) void this.exportPending();
  }

  get isFlushed(): boolean {
    return this.exportedSeq >= this.state.seq;
  }

  /** Once for each grant, by the number of its event: whether its export told the experiment. */
  takeTold(seq: number): boolean {
    return this.told.delete(seq);
  }

  /** Resolves when everything recorded so far stands in the workdir. */
  async flushed(): Promise<void> {
    const { seq } = this.state;
    if (this.isPumpedByLoop) this.wake();
    else this.pump();
    await condition(() => this.exportedSeq >= seq);
  }

  private async exportPending(): Promise<void> {
    this.exporting = true;
    let isDone = false;
    try {
      // What is recorded together is exported together: the step that asked for the export goes on recording.
      await Promise.resolve();
      const events = this.pending.slice(0, EVENTS_PER_EXPORT);
      const { firstExecutionRunId: chain, runId: link } = workflowInfo();
      const { run } = this.state;
      const tells = this.putBack !== null ? { tells: true } : {};
      const input = { run, chain, link, events, exported: this.exported, ...tells };
      const { granted, slots, told = [] } = await inTask.exportWorkdir(input);
      // Before whoever waits for the export goes on.
      for (const event of events)
        if (event.type === 'slot_granted' && told.includes(event.nodeId)) this.told.add(event.seq);
      this.exportedSeq = events.at(-1)?.seq ?? this.exportedSeq;
      this.exported = [...this.exported, ...events].slice(-EVENTS_PER_EXPORT);
      this.pending = this.pending.slice(events.length);
      isDone = true;
      if (granted !== undefined) {
        const grants = [...events, ...this.pending].flatMap((each) =>
          each.type === 'slot_granted' ? each.nodeId : [],
        );
        this.putBack?.(granted, grants, slots);
      }
    } catch (error) {
      // A local activity's failure comes as it was thrown.
      const cause = error instanceof ActivityFailure ? error.cause : error;
      if (cause instanceof ApplicationFailure && cause.nonRetryable) this.refuse(cause);
      // Else tried without end by its retry policy; only a cancelled engine comes here, and the next event tries again.
    } finally {
      this.exporting = false;
      this.wake();
      if (isDone && !this.isPumpedByLoop) this.pump();
    }
  }
}
