/** An activity that fails for good at the edge of a run must not end the run. */
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, expect, it } from 'vitest';
import type { Activities } from '../../domain/protocol/activities.js';
import type { EngineInput } from '../../domain/protocol/messages.js';
import * as messages from '../../domain/protocol/messages.js';
import type { SetLimitsMessage } from '../../domain/protocol/steering-messages.js';
import { statusView } from '../../domain/protocol/views.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { type FakeOptions, FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

let worker: TestWorker | null = null;

afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

async function fullDisk(): Promise<never> {
  throw ApplicationFailure.nonRetryable('ENOSPC: no space left on device', 'unexpected_exception');
}

async function startEngine(options: FakeOptions, activities: Partial<Activities>, limits: SetLimitsMessage = {}) {
  const fake = new FakeRun(options);
  worker = await startTestWorker({ activities: { ...fake.activities, ...activities } });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const args: [EngineInput] = [{ run, limits, tuning: { chartIntervalMs: 50 } }];
  const handle = await client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args });
  return { fake, handle };
}

it('ends a run whose last chart fails with its reports, and says so in the log', async () => {
  const { fake, handle } = await startEngine({ autoEnd: true }, { drawCharts: fullDisk });
  expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
  expect(fake.calls.at(-1)).toBe('report');
  expect(fake.events.at(-1)).toMatchObject({
    type: 'reported',
    skipped: [{ step: 'charts', reason: 'ENOSPC: no space left on device' }],
  });
});

it('ends a run whose reports fail as it had ended, and holds no money for them', async () => {
  const { fake, handle } = await startEngine(
    { autoEnd: true, usdPerCall: 0.1 },
    { report: fullDisk },
    { budget_usd: 9 },
  );
  expect(await handle.result()).toMatchObject({ reason: 'planner_stopped', best: '000_baseline' });
  expect(fake.events.at(-1)).toMatchObject({ type: 'reported', skipped: [{ step: 'reports' }] });
  expect(fake.state).toMatchObject({ status: 'stopped', ledger: { reserved: {} } });
});

it('refuses an addition that could not be checked, as a signal and as an update, and goes on', async () => {
  const { fake, handle } = await startEngine({}, { acceptExperiment: fullDisk }, { max_concurrency: 1 });
  await fake.until((run) => run.statusOf('000_baseline') === 'running');
  await handle.signal(messages.addSignal, { request: 'r1', experiment: { name: 'mine' } });
  const receipt = await handle.executeUpdate(messages.addUpdate, {
    args: [{ request: 'r2', experiment: { name: 'mine' } }],
  });
  expect(receipt).toEqual({
    accepted: false,
    message: 'it could not be checked, so that it was not added: ENOSPC: no space left on device',
  });
  for (const nodeId of ['000_baseline', '000_headspace', '001_mtp']) fake.endJob(nodeId);
  expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
  // Who sent the signal heard nothing: what is shown of the run says so.
  const shown = 'add mine: it could not be checked (ENOSPC: no space left on device); it was not added: ';
  expect(statusView(fake.state).warnings).toEqual([expect.stringContaining(shown), expect.stringContaining(shown)]);
});
