/**
 * Counts attempts of one activity that reached their time limit. The server discards what such an attempt comes to, and
 * asks again: what hangs each time would be asked for without end, so that the next attempt has to say it.
 */
interface Attempt {
  /** Of attempts of the same activity in a row, this worker's. */
  readonly hungBefore: number;
  end(): void;
}

interface Open {
  sinceMs: number;
  hung: number;
}

export class HungAttempts {
  private readonly open = new Map<string, Open>();

  /**
   * `limitMs` is the server's for one attempt; below it an attempt is repeated for other reasons: a worker that was
   * slow to beat.
   */
  begin(key: string, limitMs: number, nowMs = performance.now()): Attempt {
    const before = this.open.get(key);
    const hasHung = before !== undefined && limitMs > 0 && nowMs - before.sinceMs >= limitMs;
    const mine: Open = { sinceMs: nowMs, hung: (before?.hung ?? 0) + (hasHung ? 1 : 0) };
    this.open.set(key, mine);
    return {
      hungBefore: mine.hung,
      end: () => {
        // One that heeded the end of its time has hung all the same: it stays until the next attempt has looked at it.
        const hasReachedLimit = limitMs > 0 && performance.now() - mine.sinceMs >= limitMs;
        if (this.open.get(key) === mine && !hasReachedLimit) this.open.delete(key);
      },
    };
  }
}
