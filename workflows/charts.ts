/** When the charts are drawn: at most every few seconds while things change, and once at the end. */
import { isCancellation, sleep } from '@temporalio/workflow';
import type { EngineState } from '../domain/engine-state.js';
import { source } from './activity-options.js';

export class Charts {
  isDrawing = false;
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
    if (shown === this.shownBefore || this.isDrawing) return;
    this.shownBefore = shown;
    void this.drawSoon();
  }

  async finish(): Promise<void> {
    await source.drawCharts({ run: this.run });
  }

  private async drawSoon(): Promise<void> {
    this.isDrawing = true;
    try {
      const wait = this.drawnAtMs + this.intervalMs - Date.now();
      if (wait > 0) await sleep(wait);
      await source.drawCharts({ run: this.run });
      this.drawnAtMs = Date.now();
    } catch (error) {
      // A picture that could not be drawn is no reason to end a run; the next change tries again.
      if (isCancellation(error)) return;
    } finally {
      this.isDrawing = false;
      this.wake();
    }
  }
}
