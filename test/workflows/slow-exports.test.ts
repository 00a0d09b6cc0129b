/**
 * Exports that outlast their workflow task, as on a slow disk, beside what goes on meanwhile: a replay delivers the end
 * of such an export together with what came before it, and the workflow must order the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { expect, inject, it } from 'vitest';
import type { Activities } from '../../domain/protocol/activities.js';
import * as messages from '../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { makeDataConverter } from '../../worker/encryption/data-converter.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';

/** The SDK reports a task after four fifths of it, and begins the next: what came meanwhile comes with that. */
const TASK_MS = 1_000;
const SLOW_MS = 1_400;
const LOOK_MS = 700;

/** Something that waits until it is let go. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

async function begin(fake: FakeRun, others: Partial<Activities>) {
  const worker = await startTestWorker({ activities: { ...fake.activities, ...others } });
  const { client, run, taskQueue } = worker;
  fake.serve(run, client);
  const workflowId = engineWorkflowId(run);
  const handle = await client.workflow.start('engineWorkflow', {
    ...{ workflowId, taskQueue, workflowTaskTimeout: TASK_MS },
    args: [{ run, limits: { max_concurrency: 2 }, tuning: { chartIntervalMs: 50, lookMs: LOOK_MS } }],
  });
  return { worker, handle: client.workflow.getHandle(handle.workflowId) };
}

const interrupt = (handle: WorkflowHandle) =>
  handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'interrupt' }] });
const resume = (handle: WorkflowHandle) => handle.executeUpdate(messages.resumeUpdate);

/** Resolves when a task has brought the end of an activity, and the workflow has had the time to act on it. */
async function activityEndBrought(handle: WorkflowHandle): Promise<void> {
  for (;;) {
    const { events } = await handle.fetchHistory();
    const all = events ?? [];
    const brought = all.slice(all.findLastIndex((event) => event.workflowTaskCompletedEventAttributes));
    const isEnded = brought.some((event) => event.activityTaskCompletedEventAttributes);
    if (isEnded && all.at(-1)?.workflowTaskStartedEventAttributes) break;
    await sleep(20);
  }
  await sleep(TASK_MS / 5);
}

async function replay(handle: WorkflowHandle): Promise<void> {
  const options = { workflowBundle: { codePath: inject('workflowBundle') }, dataConverter: makeDataConverter() };
  await Worker.runReplayHistory(options, await handle.fetchHistory(), handle.workflowId);
}

it('in set-up: a run that is interrupted begins its next step once it goes on', async () => {
  const fake = new FakeRun({ plans: [] });
  const { activities } = fake;
  const [anchored, held, exports] = [gate(), gate(), gate()];
  const { worker, handle } = await begin(fake, {
    setup: async (input) => {
      const answer = await activities.setup(input);
      await anchored.opened;
      return answer;
    },
    exportWorkdir: async (input) => {
      held.open();
      await exports.opened;
      return await activities.exportWorkdir(input);
    },
  });
  await using _worker = worker;
  await fake.until(({ calls }) => calls.includes('setup'));
  const stopped = interrupt(handle);
  await held.opened;
  anchored.open();
  await activityEndBrought(handle);
  exports.open();
  await stopped;
  const { events } = await handle.fetchHistory();
  const begun = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
  expect(begun).not.toContain('instrument');
  await resume(handle);
  await fake.until(({ launched }) => launched.length === 2);
  await replay(handle);
});

it('while jobs run, and at the end: all that comes is ordered as it was', async () => {
  const fake = new FakeRun({ autoEnd: true, plans: [['a', 'b', 'c'], ['d']] });
  const { activities } = fake;
  let exports = 0;
  const { worker, handle } = await begin(fake, {
    exportWorkdir: async (input) => {
      exports += 1;
      if (exports % 3 !== 0) await sleep(SLOW_MS);
      return await activities.exportWorkdir(input);
    },
  });
  await using _worker = worker;
  const ended = handle.result();
  const isOver = ended.then(() => true);
  // As a person who leaves and comes back; a run that has stopped refuses both.
  for (let turn = 0; turn < 6 && !(await Promise.race([isOver, sleep(TASK_MS / 2, false)])); turn += 1) {
    await interrupt(handle).catch(() => undefined);
    await resume(handle).catch(() => undefined);
  }
  await ended;
  await replay(handle);
}, 120_000);
