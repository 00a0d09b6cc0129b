/** A run that lay without a worker for longer than every time-out goes on as if it had been a minute. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CompleteAsyncError } from '@temporalio/activity';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../domain/protocol/activities.js';
import * as messages from '../../domain/protocol/messages.js';
import { SEEDS } from '../../domain/run/experiment-record.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { packageFile } from '../../host/package-files.js';
import { announceReturn } from '../../worker/announce-return.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

const codePath = packageFile('node_modules', '.cache', 'autoresearch', 'hasty-workflow-bundle.js');

beforeAll(async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: packageFile('workflows', 'index.ts'),
    workflowInterceptorModules: [packageFile('test', 'support', 'hasty-time-outs.ts')],
    logger: new DefaultLogger('WARN'),
  });
  await mkdir(dirname(codePath), { recursive: true });
  await writeFile(codePath, code);
});

type Call = (input: { nodeId?: string; experiment?: { nodeId: string } }) => Promise<unknown>;

/**
 * Each activity, of the run itself and of its one follow-up, is lost once, as by a worker that is killed while it runs
 * it: the server hears of it no more, and its time-outs pass.
 */
function lostOnce(activities: Activities, except: readonly string[]): { activities: Activities; lost: Set<string> } {
  const lost = new Set<string>();
  const wrapped = Object.entries(activities).map(([name, act]: [string, Call]) => {
    if (except.includes(name)) return [name, act];
    const wrap: Call = async (input) => {
      const nodeId = input.nodeId ?? input.experiment?.nodeId ?? '';
      const call = `${name} ${nodeId}`;
      if (lost.has(call) || SEEDS.some((seed) => seed.nodeId === nodeId)) return await act(input);
      lost.add(call);
      throw new CompleteAsyncError();
    };
    return [name, wrap];
  });
  return { activities: Object.fromEntries(wrapped) as unknown as Activities, lost };
}

/** They run inside a workflow task and are repeated with it. */
const LOCAL = ['exportWorkdir', 'tellEngine', 'releaseTree'];

describe('time-outs of the server', () => {
  it('judge nothing: each activity that they end runs again, and the outcome is the same', async () => {
    const fake = new FakeRun({ autoEnd: true, plans: [['a']] });
    const { activities, lost } = lostOnce(fake.activities, LOCAL);
    await using worker = await startTestWorker({ activities, codePath });
    const { client, run, taskQueue } = worker;
    fake.serve(run, client);
    const handle = await client.workflow.start('engineWorkflow', {
      workflowId: engineWorkflowId(run),
      taskQueue,
      args: [{ run, tuning: { chartIntervalMs: 50 } }],
    });
    expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
    expect(fake.state.tally).toMatchObject({ completed: 4, failed: 0, cancelled: 0 });
    expect(fake.launched.sort()).toEqual(['000_baseline', '000_headspace', '001_mtp', '002_a']);
    for (const name of ['setup', 'instrument', 'plan', 'report']) expect(lost).toContain(`${name} `);
    for (const name of ['applyPatch', 'buildImage', 'launchJob', 'pollMetrics', 'collectEvidence', 'analyze'])
      expect(lost).toContain(`${name} 002_a`);
  }, 120_000);

  it('do not count the time without a worker as the run’s', async () => {
    const fake = new FakeRun({});
    await using worker = await startTestWorker({ activities: fake.activities, codePath });
    const { client, run, taskQueue } = worker;
    fake.serve(run, client);
    const handle = await client.workflow.start('engineWorkflow', {
      workflowId: engineWorkflowId(run),
      taskQueue,
      args: [{ run, limits: { max_concurrency: 1 } }],
    });
    await fake.until(({ launched }) => launched.includes('000_baseline'));
    // The worker must be gone before the limit is reached, however slow this host is at it.
    const stopsAtMs = Date.now();
    await worker.stop();
    const leftMs = 3000 + 2 * (Date.now() - stopsAtMs);
    await worker.restart();
    const ranMs = Date.now() - (fake.state.runsSinceMs ?? 0);
    await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_hours: (ranMs + leftMs) / 3_600_000 }] });
    await worker.stop();
    // The engine's alarm goes off meanwhile, and waits for a worker.
    await sleep(leftMs + 1000);
    // What is sent meanwhile is heard before the return.
    await handle.signal('note', { text: 'while it was away' });
    expect(await announceReturn(client, run)).toBe(true);
    await worker.restart();
    await fake.until(({ events }) => events.some(({ type }) => type === 'returned'));
    await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_hours: 1 }] });
    fake.endJob('000_baseline');
    await fake.until(({ launched }) => launched.includes('000_headspace'));
    expect(fake.events.map(({ type }) => type)).not.toContain('limit_reached');
    await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'cancel_jobs' }] });
    await handle.result();
  }, 60_000);
});
