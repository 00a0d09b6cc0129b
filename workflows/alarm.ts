/**
 * Wakes the engine when its time is up, even if nothing else happens. No decision reads the clock: a task that is done
 * again, or replayed, may read another time than it did at first.
 */
import { condition } from '@temporalio/workflow';
import { timeUpAtMs } from '../domain/schedule/budget.js';
import type { Journal } from './journal.js';

export class Alarm {
  /** The time that it certainly is: the latest at which an alarm rang. */
  reachedMs = 0;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(private readonly journal: Journal) {}

  reach(atMs: number): void {
    this.reachedMs = Math.max(this.reachedMs, atMs);
  }

  /** Earlier than before, when a person shortens the time. */
  set(): void {
    const { state } = this.journal;
    const atMs = timeUpAtMs(state);
    if (state.status !== 'running' || atMs >= this.#atMs) return;
    this.#atMs = atMs;
    void this.#ring(atMs);
  }

  async #ring(atMs: number): Promise<void> {
    const { state } = this.journal;
    const isOver = await condition(() => state.status === 'stopped', Math.max(1, atMs - Date.now()));
    if (!isOver) this.reach(atMs);
    if (this.#atMs === atMs) this.#atMs = Number.POSITIVE_INFINITY;
    this.journal.wake();
  }
}
