/**
 * The states of all jobs of a run by one question an interval, however many watch them: a controller that serves
 * thousands of jobs must not be asked once for each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSchedulerBusy, type Scheduler, type SchedulerState } from './scheduler.js';

/** Watches that begin together, after a restart say, are one question. */
const GATHER_MS = 50;
/** The same for acts after which somebody waits: fifty jobs that are cancelled together are asked about together. */
const HURRIED_MS = 1000;

export class StatePoll {
  /** What is asked about; a job whose end is known is asked about no more. */
  private readonly open = new Set<string>();
  private readonly known = new Map<string, SchedulerState>();
  private answeredAtMs = Number.NEGATIVE_INFINITY;
  private asking: Promise<void> | null = null;
  private isHurried = false;
  /** Since when the scheduler does not answer, in Unix milliseconds; null while it does. */
  silentSinceMs: number | null = null;

  constructor(
    private readonly scheduler: Pick<Scheduler, 'states'>,
    private readonly everyMs: number,
    private readonly log: (message: string, fields?: Record<string, unknown>) => void,
  ) {}

  /**
   * As the scheduler said last, at most one interval ago; 'unknown' where it said nothing of this job, 'silent' where
   * it does not answer. One that was submitted just now is asked about with the others, and is pending until then.
   */
  async stateOf(id: string): Promise<SchedulerState | 'unknown' | 'silent'> {
    const known = this.known.get(id);
    if (known?.state === 'ended') return known;
    const isNew = !this.open.has(id);
    this.open.add(id);
    if (isNew && this.asksAgainInMs() > 0) return known ?? { state: 'pending' };
    if (this.asksAgainInMs() <= 0) await this.ask();
    return this.silentSinceMs === null ? (this.known.get(id) ?? 'unknown') : (this.known.get(id) ?? 'silent');
  }

  /** The next question does not wait for its time, but a second: something was done that changes the answer. */
  hurry(): void {
    this.isHurried = true;
  }

  forget(id: string): void {
    this.open.delete(id);
    this.known.delete(id);
  }

  private asksAgainInMs(): number {
    const everyMs = this.isHurried ? Math.min(HURRIED_MS, this.everyMs) : this.everyMs;
    return this.answeredAtMs + everyMs - Date.now();
  }

  private ask(): Promise<void> {
    this.asking ??= this.askNow().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  private async askNow(): Promise<void> {
    await sleep(GATHER_MS);
    this.isHurried = false;
    const ids = [...this.open];
    try {
      const states = await this.scheduler.states(ids);
      for (const id of ids) {
        const state = states.get(id);
        if (state === undefined) this.known.delete(id);
        else this.known.set(id, state);
        if (state?.state === 'ended') this.open.delete(id);
      }
      this.silentSinceMs = null;
    } catch (error) {
      if (!isSchedulerBusy(error)) throw error;
      // What it said before still holds, as far as anybody knows.
      this.silentSinceMs ??= Date.now();
      this.log('the scheduler does not answer', { since_ms: this.silentSinceMs, error: error.message });
    } finally {
      this.answeredAtMs = Date.now();
    }
  }
}
