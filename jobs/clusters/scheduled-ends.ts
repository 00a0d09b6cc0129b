/**
 * How a cluster's job ended. Two tell of it, its own runner and its scheduler, either of which may be late, know
 * nothing, or know less than the other; what was decided stands in the job's folder for good.
 */
import { join } from 'node:path';
import { writeFileAtomic } from '../../host/atomic-file.js';
import { type EndedStatus, exists, readEnd } from '../platforms/job-record.js';
import type { JobStatus } from '../platforms/platform.js';
import type { StatePoll } from './state-poll.js';
import { endFile, type RecordedEnd, submissionFile } from './submission.js';

export class ScheduledEnds {
  /** When each side first told of a job's end; the other is waited for from then on. */
  private readonly toldAtMs = { record: new Map<string, number>(), word: new Map<string, number>() };

  constructor(
    private readonly poll: StatePoll,
    /** Clients of a shared file system keep what they read for a while. */
    private readonly recordLagMs: number,
  ) {}

  /** One side has told of the end, and the other may still. */
  isHeardOf(jobDir: string): boolean {
    return this.toldAtMs.record.has(jobDir) || this.toldAtMs.word.has(jobDir);
  }

  /** The job runs after all, or another one takes its folder. */
  forget(jobDir: string): void {
    this.toldAtMs.record.delete(jobDir);
    this.toldAtMs.word.delete(jobDir);
  }

  /** What the runner wrote, with the scheduler's word where the runner only knows that the job was killed. */
  async onRecord(jobDir: string): Promise<EndedStatus | null> {
    const end = await endFile.read(jobDir);
    if (end !== null) return { state: 'ended', ...end };
    const told = await readEnd(jobDir);
    if (told === null || !isUnexplained(told)) return told;
    const submission = await submissionFile.read(jobDir);
    if (submission?.schedulerId == null) return told;
    const state = await this.poll.stateOf(submission.schedulerId);
    const word = state === 'unknown' || state === 'silent' || state.state !== 'ended' ? null : state;
    if (word === null && state !== 'unknown') {
      const isOver = this.isToldForLong('record', jobDir);
      // What it said last is of before the end.
      if (!isOver) this.poll.hurry();
      // One that its scheduler put back into the queue starts once more, and its script takes this record away.
      if (!isOver || (state !== 'silent' && state.state === 'pending')) return null;
    }
    const isExplained = word !== null && word.cause !== 'exit' && word.cause !== 'lost';
    const { startedAtMs, endedAtMs, returnCode, cause } = told;
    const why = isExplained ? { cause: word.cause, said: word.said } : { cause };
    const known: RecordedEnd = { startedAtMs, endedAtMs, returnCode, ...why };
    await endFile.write(jobDir, known);
    return { ...told, ...known };
  }

  /** By the scheduler's word: the job's own record, which may come a moment later, would say how. */
  async byWord(jobDir: string, end: RecordedEnd, mayStillRecord: boolean): Promise<JobStatus> {
    if (mayStillRecord && !this.isToldForLong('word', jobDir))
      return { state: 'running', startedAtMs: end.startedAtMs };
    await endFile.write(jobDir, end);
    // As the runner leaves it, for people and programs that look there.
    if (end.returnCode !== null && !(await exists(join(jobDir, 'returncode.txt'))))
      await writeFileAtomic(join(jobDir, 'returncode.txt'), `${end.returnCode}\n`);
    return { state: 'ended', ...end };
  }

  /** The record of a time before the job was put back into the queue says nothing of what its scheduler says now. */
  private isToldForLong(by: 'record' | 'word', jobDir: string): boolean {
    const since = this.toldAtMs[by].get(jobDir) ?? Date.now();
    this.toldAtMs[by].set(jobDir, since);
    return Date.now() - since >= this.recordLagMs;
  }
}

/** By a signal, or by nobody knows whom. */
function isUnexplained({ cause, returnCode }: EndedStatus): boolean {
  return cause === 'lost' || (cause === 'exit' && returnCode !== null && (returnCode < 0 || returnCode > 128));
}
