/**
 * The limits of a job that no runner of ours watches, as its hosts do not see the workdir: its time and its silence are
 * told from here, its scheduler ends it, and the reason stays on record for whoever asks later.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exists } from '../platforms/job-record.js';
import { type RecordedEnd, RecordFile } from './submission.js';

const StartSchema = z.object({ startedAtMs: z.number() });
const LimitSchema = z.object({ cause: z.enum(['timeout', 'stalled']) });

/** When it was first seen running: what it waited before is not its time. */
const startFile = new RecordFile('scheduler_start.json', StartSchema);
const limitFile = new RecordFile('limit_reached.json', LimitSchema);

export interface JobLimits {
  timeoutS: number;
  /** 0 = never. */
  stallTimeoutS: number;
}

/** In Unix milliseconds; `told` by the scheduler, where it tells. */
export async function firstSeenRunning(jobDir: string, told: number | undefined): Promise<number> {
  if (told !== undefined) return told;
  const before = await startFile.read(jobDir);
  if (before !== null) return before.startedAtMs;
  const startedAtMs = Date.now();
  await startFile.write(jobDir, { startedAtMs });
  return startedAtMs;
}

/** Null where it was never seen running. */
export async function seenRunning(jobDir: string): Promise<number | null> {
  return (await startFile.read(jobDir))?.startedAtMs ?? null;
}

/** Whether the job is to be ended now; on record before anybody ends it. */
export async function isOverLimit(jobDir: string, limits: JobLimits, startedAtMs: number): Promise<boolean> {
  const cause = await causeToEnd(jobDir, limits, startedAtMs);
  if (cause === null) return false;
  await limitFile.write(jobDir, { cause });
  return true;
}

async function causeToEnd(
  jobDir: string,
  { timeoutS, stallTimeoutS }: JobLimits,
  startedAtMs: number,
): Promise<'timeout' | 'stalled' | null> {
  const before = await limitFile.read(jobDir);
  if (before !== null) return before.cause;
  if (Date.now() - startedAtMs >= timeoutS * 1000) return 'timeout';
  if (stallTimeoutS === 0) return null;
  const logs = ['stdout.log', 'stderr.log'].map((name) => stat(join(jobDir, name)).catch(() => null));
  const printedAtMs = (await Promise.all(logs)).map((log) => log?.mtimeMs ?? 0);
  return Date.now() - Math.max(startedAtMs, ...printedAtMs) >= stallTimeoutS * 1000 ? 'stalled' : null;
}

/** A scheduler says that the job was killed, or failed: who had that done knows why. */
export async function withOurReason(jobDir: string, end: RecordedEnd): Promise<RecordedEnd> {
  const isByItself = end.cause === 'exit' && end.returnCode === 0;
  if (isByItself || !['exit', 'cancelled', 'lost'].includes(end.cause)) return end;
  const limit = await limitFile.read(jobDir);
  if (limit !== null) return { ...end, cause: limit.cause };
  return (await exists(join(jobDir, 'cancel'))) ? { ...end, cause: 'cancelled' } : end;
}
