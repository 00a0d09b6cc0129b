/**
 * Keeps repeated work below a share of the time that passes: it costs what it costs, and so it waits longer or shorter.
 */

export class DutyCycle {
  private creditMs: number;
  private atMs: number;

  /** `share` of the time may be spent, after up to `creditMs` at once. */
  constructor(
    private readonly share: number,
    private readonly mostMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.creditMs = mostMs;
    this.atMs = now();
  }

  /** How long the work has to wait; 0 when its turn has come. */
  waitMs(): number {
    this.earn();
    return this.creditMs >= 0 ? 0 : Math.ceil(-this.creditMs / this.share);
  }

  async spend(work: () => Promise<void>): Promise<void> {
    const begin = this.now();
    try {
      await work();
    } finally {
      this.creditMs -= this.now() - begin;
    }
  }

  private earn(): void {
    const now = this.now();
    this.creditMs = Math.min(this.mostMs, this.creditMs + (now - this.atMs) * this.share);
    this.atMs = now;
  }
}
