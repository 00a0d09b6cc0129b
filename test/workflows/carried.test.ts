/** An engine that is handed over what it cannot read fails at once, in words, and the run goes on from its log. */
import { afterEach, expect, it } from 'vitest';
import type { EngineInput } from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker, type TestWorker } from '../support/temporal-env.js';

let worker: TestWorker | null = null;

afterEach(async () => {
  await worker?.[Symbol.asyncDispose]();
  worker = null;
});

it('refuses a state that lacks a field with a failure that names it, and another engine goes on', async () => {
  const fake = new FakeRun({ autoEnd: true });
  worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const { ledger: _, ...state } = fake.state;
  const start = (carried?: unknown) => {
    const args = [{ run, tuning: { chartIntervalMs: 50 }, ...(carried ? { carried } : {}) } as EngineInput] as const;
    return client.workflow.start('engineWorkflow', { workflowId: engineWorkflowId(run), taskQueue, args: [...args] });
  };
  const broken = await start({ state, exportedSeq: 0, chartsAtMs: 0 });
  await expect(broken.result()).rejects.toMatchObject({
    cause: {
      type: 'carried_state_unreadable',
      message: expect.stringMatching(/^state\.ledger is missing: .* `autoresearch run <workdir>` begins a new engine/),
    },
  });
  expect(await (await start()).result()).toMatchObject({ reason: 'planner_stopped' });
});
