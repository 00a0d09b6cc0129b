/** job.json and its neighbours in local_jobs/<job_id>/: what a job's runner recorded, on this host or another. */
import { access, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonIfAny, readTextIfAny } from '../../host/atomic-file.js';
import { HostSchema, isElsewhere, thisHost } from '../../host/host-identity.js';
import { isSameProcess } from '../../host/process-identity.js';
import type { JobLogs, JobStatus, KeptApart } from './platform.js';

const JobRecordSchema = z.looseObject({
  job_id: z.string(),
  command: z.string(),
  requested_command: z.string().nullish(),
  pid: z.number().int(),
  /** Unix seconds. */
  started_at: z.number(),
  ended_at: z.number().nullish(),
  returncode: z.number().int().nullish(),
  mode: z.string().nullish(),
  /**
   * How the user's files were kept apart from its writes: overlay, read-only or none
   * (probe/autoresearch_job/shelter.py).
   */
  sheltered: z.string().nullish(),
  shelter: z.looseObject({ folders: z.array(z.string()), named: z.array(z.string()).default([]) }).nullish(),
  /** Folders that it named and that could not be kept apart. */
  bare: z.array(z.string()).nullish(),
  /** Of the files that it wrote to places of the user's: the first ones, and how many. */
  kept_apart: z.object({ files: z.array(z.string()), count: z.number() }).nullish(),
  /** While it ran, as its runner saw. */
  disk_was_full: z.boolean().nullish(),
  cause: z.enum(['exit', 'timeout', 'stalled', 'cancelled', 'lost']).nullish(),
  process_start: z.string().nullish(),
  runner_pid: z.number().int().nullish(),
  runner_start: z.string().nullish(),
  /** Where its processes are; absent in records of earlier versions, which are taken for this host's. */
  host: HostSchema.nullish(),
  timeout_s: z.number().nullish(),
});

export type JobRecord = z.infer<typeof JobRecordSchema>;

const WaitingSchema = z.looseObject({ since: z.number(), runner_pid: z.number().int(), runner_start: z.string() });
/** Of a job that waits for its slot on this host. */
export type WaitingRecord = z.infer<typeof WaitingSchema>;
export type RunnerIdentity = Pick<JobRecord, 'runner_pid' | 'runner_start'>;
export type EndedStatus = Extract<JobStatus, { state: 'ended' }>;

/** Null when no runner got as far as a job. Throws on a file that is not one of ours, with the field's name. */
export async function readJobRecord(jobDir: string): Promise<JobRecord | null> {
  const path = join(jobDir, 'job.json');
  const value = await readJsonIfAny(path);
  if (value === null) return null;
  const parsed = JobRecordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Error(`${path} is not a job's record: ${z.prettifyError(parsed.error)}`);
}

/** Null when the job does not wait, or has its slot. */
export async function readWaiting(jobDir: string): Promise<WaitingRecord | null> {
  const parsed = WaitingSchema.safeParse(await readJsonIfAny(join(jobDir, 'waiting.json')));
  return parsed.success ? parsed.data : null;
}

/** How the job ended, as it is on record; null while nothing is. */
export async function readEnd(jobDir: string): Promise<EndedStatus | null> {
  const returnCode = await readReturnCode(jobDir);
  // Read after the return code, which is written last: the record is then the final one.
  const record = await readJobRecord(jobDir);
  if (record === null || (returnCode === null && !isOver(record))) return null;
  const startedAtMs = record.started_at * 1000;
  return {
    state: 'ended',
    startedAtMs,
    endedAtMs: (record.ended_at ?? record.started_at) * 1000,
    returnCode,
    cause: record.cause ?? 'exit',
    ...(record.disk_was_full ? { diskWasFull: true } : {}),
  };
}

/** An end without a return code: nobody was there to take it. */
function isOver(record: JobRecord): boolean {
  return record.ended_at != null && record.returncode == null && record.cause != null;
}

export async function isRunnerAlive(record: RunnerIdentity): Promise<boolean> {
  return (
    record.runner_pid != null && record.runner_start != null && isSameProcess(record.runner_pid, record.runner_start)
  );
}

export async function isJobAlive(record: JobRecord): Promise<boolean> {
  return record.process_start != null && isSameProcess(record.pid, record.process_start);
}

/** A job's runner enforces its time limit, and writes the end of the job within this time after that. */
const END_MS = 10 * 60 * 1000;

/** Another host runs it, as far as anybody can tell from here: until its time limit has passed without a word. */
export async function mayRunElsewhere({ host, started_at, timeout_s }: JobRecord): Promise<boolean> {
  if (host == null || !isElsewhere(host, await thisHost())) return false;
  return timeout_s == null || Date.now() < (started_at + timeout_s) * 1000 + END_MS;
}

/** The runner's last word, or null while there is none. */
async function readReturnCode(jobDir: string): Promise<number | null> {
  const text = await readTextIfAny(join(jobDir, 'returncode.txt'));
  if (text === null) return null;
  const code = Number(text.trim());
  if (text.trim() === '' || !Number.isInteger(code)) {
    throw new Error(`${join(jobDir, 'returncode.txt')} must hold a whole number, not ${JSON.stringify(text.trim())}`);
  }
  return code;
}

/** The command's process takes the claim right before it becomes the command; nothing is ever started twice. */
export async function wasStarted(jobDir: string): Promise<boolean> {
  return (await modifiedAtMs(join(jobDir, 'claim'))) !== null;
}

/** When the job was last heard of. */
export async function lastSignOfLifeMs(jobDir: string): Promise<number | null> {
  const files = ['stdout.log', 'stderr.log', 'claim', 'job.json'].map((name) => modifiedAtMs(join(jobDir, name)));
  const times = (await Promise.all(files)).filter((time) => time !== null);
  return times.length === 0 ? null : Math.max(...times);
}

export async function readTail(path: string, maxBytes: number): Promise<string> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - maxBytes);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function modifiedAtMs(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The last `maxBytes` of each log. */
export async function readLogTails(jobDir: string, maxBytes: number): Promise<JobLogs> {
  const paths = ['stdout.log', 'stderr.log'].map((name) => join(jobDir, name));
  const [stdout, stderr] = (await Promise.all(paths.map((path) => readTail(path, maxBytes)))) as [string, string];
  const [out, err] = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  return out && err ? { stdout, stderr, stdoutOutlastsS: (out.mtimeMs - err.mtimeMs) / 1000 } : { stdout, stderr };
}

export async function wasSheltered(jobDir: string): Promise<boolean> {
  const record = await readJobRecord(jobDir);
  return (record?.sheltered ?? 'none') !== 'none';
}

export async function readKeptApart(jobDir: string): Promise<KeptApart> {
  const record = await readJobRecord(jobDir);
  const isSheltered = (record?.sheltered ?? 'none') !== 'none';
  const bare = record?.bare ?? [];
  const { folders = [], named = [] } = (isSheltered ? record?.shelter : null) ?? {};
  return {
    wrote: record?.kept_apart?.files ?? [],
    count: record?.kept_apart?.count ?? 0,
    covered: [...folders, ...named].filter((folder) => !bare.includes(folder)),
    bare,
  };
}

/** Once: what stands in the folder already stays. */
export async function moveRecord(jobDir: string, folder: string): Promise<void> {
  if ((await exists(folder)) || !(await exists(jobDir))) return;
  await rename(jobDir, folder);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
