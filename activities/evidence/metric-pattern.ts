/**
 * Looks for the pattern of `--metric` in lines that nobody vouches for. A backtracking expression can take exponential time,
 * and a job may print just what makes it do so: it runs under a time limit, over many lines at once, because to arm the
 * limit costs more than a match.
 */
import { createContext, Script } from 'node:vm';

const LINES_AT_ONCE = 512;
/** A thousand times what so many lines take, and well within the heartbeat of the activity that reads them. */
const TIME_LIMIT_MS = 2000;

const SEARCH = new Script(`lines.map((line) => {
  const match = pattern.exec(line);
  return match === null ? undefined : (match.groups?.value ?? match[1]);
})`);

export class MetricPattern {
  /** It took too long: what follows was not looked through, so that nothing is known. */
  gaveUp = false;
  private waiting: string[] = [];
  private readonly sandbox: { pattern: RegExp; lines: string[] };

  constructor(
    pattern: string,
    /** Gets what the group holds, line by line. */
    private readonly onNumber: (text: string) => void,
    private readonly timeLimitMs = TIME_LIMIT_MS,
  ) {
    this.sandbox = { pattern: new RegExp(pattern), lines: [] };
    createContext(this.sandbox);
  }

  readLine(line: string): void {
    this.waiting.push(line);
    if (this.waiting.length >= LINES_AT_ONCE) this.flush();
  }

  flush(): void {
    const lines = this.waiting;
    this.waiting = [];
    if (this.gaveUp || lines.length === 0) return;
    this.sandbox.lines = lines;
    try {
      const found = SEARCH.runInContext(this.sandbox, { timeout: this.timeLimitMs }) as (string | undefined)[];
      for (const text of found) if (text !== undefined) this.onNumber(text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      this.gaveUp = true;
    }
  }
}
