/**
 * A workdir that cannot be written for a while: the run shows why it waits, costs nothing meanwhile, and goes on by
 * itself.
 */
import { afterEach, expect, it, vi } from 'vitest';
import { failure } from '../../domain/run/failure.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

let worker: TestWorker | null = null;
afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

it('lets a job whose disk was full run again in a new tree, and a few times at most', async () => {
  const asked: string[] = [];
  const fake = new FakeRun({ autoEnd: true, plans: [] });
  const { activities } = fake;
  const ends = new Map<string, number>();
  worker = await startTestWorker({
    activities: {
      ...activities,
      releaseTree: async ({ nodeId, anew }) => void asked.push(`releaseTree ${nodeId}${anew ? ' anew' : ''}`),
      buildImage: async (input) => {
        asked.push(`buildImage ${input.nodeId}`);
        return { image: 'img', reused: true };
      },
      launchJob: async (input) => {
        asked.push(`launchJob ${input.nodeId} ${input.again ?? 0}`);
        return await activities.launchJob(input);
      },
      // The baseline's disk is full once, that of the headspace always.
      pollMetrics: async (input) => {
        const end = await activities.pollMetrics(input);
        const times = ends.get(input.nodeId) ?? 0;
        ends.set(input.nodeId, times + 1);
        const isFull = input.nodeId === '000_headspace' || (input.nodeId === '000_baseline' && times === 0);
        return isFull
          ? { ...end, failure: failure('job_failed', 'full', 0, { details: { disk_was_full: true } }) }
          : end;
      },
    },
  });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [{ run, tuning: { chartIntervalMs: 50 } }],
  });
  await handle.result();
  const of = (nodeId: string) =>
    asked.filter((each) => each.includes(nodeId)).map((each) => each.replace(`${nodeId}`, ''));
  expect(of('000_baseline')).toEqual([
    ...['buildImage ', 'launchJob  0', 'releaseTree  anew', 'buildImage ', 'launchJob  1'],
    'releaseTree ',
  ]);
  expect(fake.statusOf('000_baseline')).toBe('completed');
  expect(of('000_headspace').filter((each) => each.startsWith('launchJob'))).toEqual(
    [0, 1, 2, 3].map((times) => `launchJob  ${times}`),
  );
  expect(fake.statusOf('000_headspace')).toBe('failed');
}, 90_000);

it('becomes an activity that everybody sees, and ends when there is room again', async () => {
  const fake = new FakeRun({ autoEnd: true, plans: [] });
  let room: 'yet' | 'none' | 'again' = 'yet';
  let tries = 0;
  worker = await startTestWorker({
    activities: {
      ...fake.activities,
      exportWorkdir: async (input) => {
        if (room === 'none') {
          tries += 1;
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        }
        // From the first measurement on, until the test makes room.
        const isMeasured = input.events.some(({ type }) => type === 'experiment_completed');
        if (isMeasured && room === 'yet') room = 'none';
        return await fake.activities.exportWorkdir(input);
      },
    },
  });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [{ run, tuning: { chartIntervalMs: 50 } }],
  });
  const pending = async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'exportWorkdir');
  };
  await vi.waitUntil(async () => ((await pending())?.attempt ?? 0) > 1, { timeout: 30_000, interval: 100 });
  expect((await pending())?.lastFailure?.message).toContain('no space left on device');
  const length = async () => Number((await handle.describe()).historyLength);
  const [before, triesBefore] = [await length(), tries];
  await vi.waitUntil(() => tries > triesBefore, { timeout: 30_000 });
  // The tries cost the history nothing; the experiments that end meanwhile report as ever.
  expect((await length()) - before).toBeLessThan(20);

  room = 'again';
  expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
  expect(fake.state.status).toBe('stopped');
  expect(fake.events.map(({ seq }) => seq)).toEqual(fake.events.map((_, index) => index + 1));
}, 90_000);
