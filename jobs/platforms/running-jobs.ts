/** Which jobs of a workdir still run on this host, whoever started them. */
import { existsSync } from 'node:fs';
import { isLocalJobId } from '../../domain/run/naming.js';
import { namesIn } from '../../host/names-in.js';
import type { Workdir } from '../../workdir/paths.js';
import type { LocalPlatform } from './local.js';

/** Ids of the jobs that run. A job of which `isAsked` says no is not looked at. */
export async function runningJobs(
  workdir: Workdir,
  platform: Pick<LocalPlatform, 'status'>,
  isAsked: (jobId: string) => boolean = () => true,
): Promise<string[]> {
  const running: string[] = [];
  for (const jobId of await namesIn(workdir.localJobs)) {
    if (!isLocalJobId(jobId) || !isAsked(jobId)) continue;
    // An end on record needs no look at processes.
    if (existsSync(workdir.job(jobId, 'returncode.txt'))) continue;
    if ((await platform.status(jobId)).state === 'running') running.push(jobId);
  }
  return running;
}
