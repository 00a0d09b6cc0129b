/**
 * Jobs whose runner was killed. Another runner takes over: it keeps the limits of a job that still runs, and closes the
 * record of one that ended with nobody watching.
 */
import { once } from 'node:events';
import { type EndedStatus, readEnd, wasStarted } from './job-record.js';
import { startRunner } from './job-runner.js';

/** An adopter that found the job taken is not started again at each look. */
const ADOPT_EVERY_MS = 5_000;
/** The grace of what a lost job left running, and time for the kernel to take it down. */
const CLOSE_LIMIT_MS = 20_000;

export class OrphanedJobs {
  private readonly adoptedAtMs = new Map<string, number>();
  private readonly closing = new Map<string, Promise<EndedStatus | null>>();

  constructor(
    private readonly python: () => string,
    private readonly log: (message: string, fields?: Record<string, unknown>) => void,
  ) {}

  /** Only for the limits: the job itself goes on without a runner. */
  async watch(jobId: string, jobDir: string): Promise<void> {
    const last = this.adoptedAtMs.get(jobId);
    if (last !== undefined && Date.now() - last < ADOPT_EVERY_MS) return;
    this.adoptedAtMs.set(jobId, Date.now());
    this.log('a job lost its runner and gets another one', { job_id: jobId });
    await startRunner(this.python(), jobDir, { action: 'adopt' });
  }

  /** Ends what a job that has ended left running, and records its end. Null when that is not possible. */
  close(jobId: string, jobDir: string): Promise<EndedStatus | null> {
    const closing = this.closing.get(jobId) ?? this.closeNow(jobId, jobDir);
    this.closing.set(jobId, closing);
    return closing.finally(() => this.closing.delete(jobId));
  }

  private async closeNow(jobId: string, jobDir: string): Promise<EndedStatus | null> {
    if (!(await wasStarted(jobDir))) return null;
    this.log('a job ended without its runner', { job_id: jobId });
    try {
      const closer = await startRunner(this.python(), jobDir, { action: 'adopt' });
      const signal = AbortSignal.timeout(CLOSE_LIMIT_MS);
      if (closer.exitCode === null && closer.signalCode === null) await once(closer, 'exit', { signal });
    } catch (error) {
      // What is known of the job stands in its files all the same.
      this.log('the record of a lost job could not be closed', { job_id: jobId, error: String(error) });
    }
    return readEnd(jobDir);
  }
}
