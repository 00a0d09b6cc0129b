/**
 * A local job that the Python engine started and that still runs: its record gets what our job runner needs to find its
 * process and to keep its limits. One that ended while nobody noted it gets the time of its return code.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunConfig } from '../domain/formats/config.js';
import { isLocalJobId } from '../domain/run/naming.js';
import { writeFileAtomic, writeJsonAtomic } from '../host/atomic-file.js';
import { processIdentity } from '../host/process-identity.js';
import { runApart } from '../host/short-program.js';
import type { Workdir } from '../workdir/paths.js';
import { readJobRecord } from './platforms/job-record.js';
import { jobNameOf } from './platforms/platform.js';

/** The Python engine notes the time once the process is there; `ps` counts in whole seconds. */
const START_TOLERANCE_S = 3;
/** As for jobs of our own. */
const KILL_GRACE_S = 5;

export async function takeOverJob(workdir: Workdir, config: RunConfig, nodeId: string, jobId: string): Promise<void> {
  if (!isLocalJobId(jobId)) return;
  const dir = workdir.job(jobId);
  const ended = await stat(join(dir, 'returncode.txt')).catch(() => null);
  const record = await readJobRecord(dir);
  if (record === null || (ended !== null && record.ended_at != null)) return;
  if (ended !== null) {
    // The engine that watched it went before it noted when the job ended.
    await writeJsonAtomic(join(dir, 'job.json'), { ...record, ended_at: ended.mtimeMs / 1000 });
    return;
  }
  const identity = await processIdentity(record.pid);
  // A pid alone may be another process's by now.
  if (identity === null || !(await startedAround(record.pid, record.started_at))) return;
  await writeJsonAtomic(join(dir, 'job.json'), {
    ...record,
    job_name: jobNameOf(config.run_id, nodeId),
    node_id: nodeId,
    process_start: identity,
    ended_at: null,
    cause: null,
    timeout_s: config.job_timeout_s,
    stall_timeout_s: config.stall_timeout_s,
    metrics_dir: workdir.metrics(nodeId),
    kill_grace_s: KILL_GRACE_S,
  });
  await writeFileAtomic(join(dir, 'claim'), `${JSON.stringify({ pid: record.pid, process_start: identity })}\n`);
}

async function startedAround(pid: number, atS: number): Promise<boolean> {
  const env = { ...process.env, LC_ALL: 'C' };
  const { stdout } = await runApart('ps', ['-o', 'lstart=', '-p', String(pid)], { env });
  return Math.abs(Date.parse((stdout ?? '').trim()) / 1000 - atS) <= START_TOLERANCE_S;
}
