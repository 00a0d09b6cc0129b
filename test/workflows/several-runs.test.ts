/** One process that serves several runs of a configured server. */
import { randomBytes } from 'node:crypto';
import { beforeEach, expect, inject, onTestFinished, test, vi } from 'vitest';
import { engineWorkflowId, taskQueueFor } from '../../domain/run/naming.js';
import { readTextIfAny } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { openClient } from '../../worker/connection.js';
import { acquireEngineLock, EngineAlreadyRunning, engineProcess } from '../../worker/engine-lock.js';
import { type ServedEnd, serveRuns } from '../../worker/worker-main.js';
import { testTarget } from '../support/temporal-env.js';
import { endChild, startInChild } from '../support/temporal-processes.js';
import { traceFile, tracingActivities } from '../support/temporal-starters.js';
import { tracedBundle, workdirOf } from '../support/traced-runs.js';

const bundle = tracedBundle();
beforeEach(() => {
  vi.stubEnv('TEMPORAL_ADDRESS', inject('temporalAddress'));
  onTestFinished(() => void vi.unstubAllEnvs());
});

async function newRun(): Promise<{ workdir: Workdir; run: string }> {
  const run = `demo-${randomBytes(4).toString('hex')}`;
  return { workdir: await workdirOf(run), run };
}

async function newClient() {
  const client = await openClient(testTarget());
  onTestFinished(() => client.connection.close());
  return client;
}

async function begun(
  client: Awaited<ReturnType<typeof newClient>>,
  { workdir, run }: { workdir: Workdir; run: string },
) {
  const how = { workflowId: engineWorkflowId(run), taskQueue: taskQueueFor(run), args: [{ run }] };
  const handle = await client.workflow.start('engineWorkflow', how);
  await vi.waitFor(async () => expect(await readTextIfAny(traceFile(workdir))).toContain('drawCharts'), {
    timeout: 30_000,
  });
  return handle;
}

const fixture = {
  createActivities: ({ context }: { context: { workdir: Workdir } }) => tracingActivities(context.workdir),
};

test('the end of one run leaves the others served, and the process ends with the last', async () => {
  const runs = [await newRun(), await newRun()] as const;
  const client = await newClient();
  const ended: ServedEnd[] = [];
  const roots = runs.map(({ workdir }) => workdir.root);
  const served = serveRuns(roots, { ...fixture, codePath: bundle.codePath }, (each) => ended.push(each));
  const [first, second] = await Promise.all(runs.map((run) => begun(client, run)));
  await first!.signal('finish');
  expect(await first!.result()).toBe(runs[0].run);
  await vi.waitFor(() => expect(ended).toEqual([{ workdir: roots[0], end: 'closed' }]), { timeout: 30_000 });
  expect(await engineProcess(runs[0].workdir)).toBeNull();
  expect(await engineProcess(runs[1].workdir)).toMatchObject({ pid: process.pid });
  await second!.signal('finish');
  expect(await second!.result()).toBe(runs[1].run);
  expect(await served).toEqual(roots.map((workdir) => ({ workdir, end: 'closed' })));
});

test('serves none of them where one is served by another process, and leaves no lock behind', async () => {
  const [one, two] = [await newRun(), await newRun()];
  const lock = await acquireEngineLock(two.workdir);
  const roots = [one.workdir.root, two.workdir.root];
  await expect(serveRuns(roots, { ...fixture, codePath: bundle.codePath })).rejects.toThrow(EngineAlreadyRunning);
  expect(await engineProcess(one.workdir)).toBeNull();
  await lock.release();
});

test('a signal ends the process and leaves every run open for the next', async () => {
  const runs = [await newRun(), await newRun()];
  const client = await newClient();
  const roots = runs.map(({ workdir }) => workdir.root);
  const child = startInChild<ServedEnd[]>('serveSeveral', roots, bundle.codePath);
  const handles = await Promise.all(runs.map((run) => begun(client, run)));
  child.process.kill('SIGTERM');
  expect(await child.result).toEqual(roots.map((workdir) => ({ workdir, end: 'signal' })));
  for (const { workdir } of runs) expect(await engineProcess(workdir)).toBeNull();
  await endChild(child, 'SIGTERM');
  const next = serveRuns(roots, { ...fixture, codePath: bundle.codePath });
  for (const handle of handles) await handle.signal('finish');
  expect((await next).map(({ end }) => end)).toEqual(['closed', 'closed']);
});
