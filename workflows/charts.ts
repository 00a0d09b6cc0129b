/** When the charts are drawn: at most every few seconds while things change, and once at the end. */
import { isCancellation, sleep } from '@temporalio/workflow';
import type { EngineState } from '../domain/run/engine-state.js';
import { source } from './activity-options.js';

export class Charts {
  isDrawing = false;
  private isDue = false;
  private isClosed = false;
  private shownBefore = 0;

  constructor(
    private readonly run: string,
    private readonly intervalMs: number,
    public drawnAtMs: number,
    private readonly wake: () => void,
  ) {}

  /** Only ended experiments and new ones change the pictures enough to draw them again. */
  draw(state: EngineState): void {
    const shown = state.tally.completed + state.tally.failed + state.tally.cancelled;
    if (shown === this.shownBefore || this.isDue || this.isClosed) return;
    this.shownBefore = shown;
    void this.drawSoon();
  }

  /** Begins no drawing any more but the last one. */
  close(): void {
    this.isClosed = true;
  }

  async finish(): Promise<void> {
    await source.drawCharts({ run: this.run });
  }

  private async drawSoon(): Promise<void> {
    this.isDue = true;
    try {
      // Always a timer: whether there is one must not depend on the clock, which may read another time in a replay.
      await sleep(Math.max(1, this.drawnAtMs + this.intervalMs - Date.now()));
      if (this.isClosed) return;
      this.isDrawing = true;
      await source.drawCharts({ run: this.run });
      this.drawnAtMs = Date.now();
    } catch (error) {
      // A picture that could not be drawn is no reason to end a run; the next change tries again.
      if (isCancellation(error)) return;
    } finally {
      this.isDue = false;
      this.isDrawing = false;
      this.wake();
    }
  }
}
