/** What a job printed, line by line: from its files where they are here, else from its platform. */
import type { JobOutput } from '../../domain/evidence/job-output.js';
import { isJobFolder } from '../../domain/run/naming.js';
import type { RunContext } from '../../workdir/run-context.js';
import type { Platform } from '../platforms/platform.js';
import { eachLine } from './read-lines.js';

/** Of a platform that keeps logs elsewhere; local logs are read whole. */
const REMOTE_LOG_BYTES = 16 * 1024 * 1024;

/** Whole files where the job directory is here, the tails that the platform gives elsewhere. Gives findings. */
export async function readLogs(
  { workdir }: Pick<RunContext, 'workdir'>,
  platform: Platform,
  jobId: string,
  stdout: JobOutput,
  stderr: JobOutput,
): Promise<string[]> {
  if (!isJobFolder(jobId)) return await readRemoteLogs(platform, jobId, stdout, stderr);
  const hasStdout = await eachLine(workdir.job(jobId, 'stdout.log'), (line) => stdout.readLine(line));
  const hasStderr = await eachLine(workdir.job(jobId, 'stderr.log'), (line) => stderr.readLine(line));
  if (hasStdout || hasStderr) return hasStdout ? [] : ['the job has no stdout.log'];
  return await readRemoteLogs(platform, jobId, stdout, stderr);
}

async function readRemoteLogs(
  platform: Platform,
  jobId: string,
  stdout: JobOutput,
  stderr: JobOutput,
): Promise<string[]> {
  const logs = await platform.logs(jobId, REMOTE_LOG_BYTES);
  for (const line of logs.stdout.split(/\r?\n/)) stdout.readLine(line);
  for (const line of logs.stderr.split(/\r?\n/)) stderr.readLine(line);
  return logs.stdout === '' && logs.stderr === '' ? ['the job left no output'] : [];
}
