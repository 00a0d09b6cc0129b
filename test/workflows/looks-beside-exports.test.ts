/**
 * Looks that end together with exports: what followed from each comes in the same order when the history is replayed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { expect, inject, it } from 'vitest';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { makeDataConverter } from '../../worker/encryption/data-converter.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

it('a history of an engine that looks all the time is replayed', async () => {
  const fake = new FakeRun({
    autoEnd: true,
    plans: [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ],
  });
  const { activities } = fake;
  await using worker = await startTestWorker({
    activities: {
      ...activities,
      // Longer than a look waits: the next one falls due, and reports come, while an export goes on.
      exportWorkdir: async (input) => {
        await sleep(100);
        return await activities.exportWorkdir(input);
      },
      lookupExperiments: async (input) => {
        await sleep(150);
        return await activities.lookupExperiments(input);
      },
    },
  });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId,
    taskQueue,
    args: [{ run, limits: { max_concurrency: 2 }, tuning: { chartIntervalMs: 50, lookMs: 20 } }],
  });
  expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
  const options = { workflowBundle: { codePath: inject('workflowBundle') }, dataConverter: makeDataConverter() };
  await Worker.runReplayHistory(options, await handle.fetchHistory(), workflowId);
}, 60_000);
