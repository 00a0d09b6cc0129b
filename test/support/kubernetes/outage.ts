/** A server of Kubernetes that is down while a job runs, whichever server it is. */
import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { SchedulerBusy } from '../../../jobs/clusters/scheduler.js';
import type { Platform } from '../../../jobs/platforms/platform.js';
import { type Bench, endOf, running, until } from '../platforms/conformance.js';
import { whileDown } from '../platforms/outage-time.js';
import { kubernetesPlatform } from './kubernetes-bench.js';

/** The job is waited for meanwhile, nothing new begins, and its end is told once the server is up again. */
export async function endsBesideOutage(
  bench: Bench,
  platform: Platform,
  server: { down(): Promise<void>; up(): Promise<void> },
): Promise<void> {
  const go = bench.file('go');
  const command = `echo one; until [ -e '${go}' ]; do sleep 0.1; done; echo two`;
  const { jobId } = await platform.launch(await bench.request('n1', command));
  await running(platform, jobId);
  await server.down();
  await whileDown();
  const other = await kubernetesPlatform(bench.context);
  const silent = { state: 'pending', reason: 'the scheduler does not answer' };
  await until(async () => ((await other.status(jobId)).state === 'pending' ? true : null));
  expect(await other.status(jobId)).toEqual(silent);
  // The container goes on meanwhile.
  await writeFile(go, '');
  await expect(other.launch(await bench.request('n2', 'true'))).rejects.toThrow(SchedulerBusy);
  await server.up();
  expect(await endOf(other, jobId)).toMatchObject({ cause: 'exit', returnCode: 0 });
  expect((await other.logs(jobId, 100)).stdout).toBe('one\ntwo\n');
}
