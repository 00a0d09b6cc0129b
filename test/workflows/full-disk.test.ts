/** A workdir that cannot be written for a while: the run shows why it waits, costs nothing meanwhile, and goes on by itself. */
import { afterEach, expect, it, vi } from 'vitest';
import { engineWorkflowId } from '../../domain/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

let worker: TestWorker | null = null;
afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

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
