/** An engine with which no worker can go on: who comes back hears why, and begins another from the event log. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { expect, it, vi } from 'vitest';
import { beginOrAttach } from '../../client/run/engine-session.js';
import type { PreparedRun } from '../../client/run/prepare-run.js';
import { engineWorkflowId } from '../../domain/run/naming.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import { claimRun } from '../../worker/claim-run.js';
import { TRIES_OF_STUCK, taskTries } from '../../worker/sight/engine-sight.js';
import { FakeRun } from '../support/fake-activities.js';
import { syntheticConfig } from '../support/run-events.js';
import { temporaryWorkdir } from '../support/synthetic-workdir.js';
import { startTestWorker, testTarget } from '../support/temporal-env.js';

async function preparedFor(run: string): Promise<PreparedRun> {
  const workdir = await temporaryWorkdir();
  const config = syntheticConfig(run);
  await writeJsonAtomic(workdir.config, config);
  return { workdir, config, isNew: false, setsApproval: false, limits: {}, edits: [], notices: [] };
}

function claim(client: Client, { workdir, config }: PreparedRun, takeOver: boolean) {
  return claimRun({ workdir, run: config.run_id, client, target: testTarget(), log: () => undefined, takeOver });
}

it('is told with what fails and what to do, ended by --take-over alone, and followed by one that goes on', async () => {
  const run = `run-${randomUUID()}`;
  const prepared = await preparedFor(run);
  const fake = new FakeRun({ autoEnd: true, plans: [] });
  await using worker = await startTestWorker({ run, activities: fake.activities });
  const { client, taskQueue } = worker;
  fake.serve(run, client);
  // Code that throws what is no failure of Temporal's fails its task, and the server tries that again.
  const wedged = await client.workflow.start('engineWorkflow', {
    ...{ workflowId: engineWorkflowId(run), taskQueue, workflowTaskTimeout: 1_000 },
    args: [null],
  });
  await expect(beginOrAttach(client, prepared)).rejects.toThrow(
    /engine: the server tries its workflow task again and again \(try \d+, since .*null.*Nothing is lost.*run \S+ --take-over/,
  );
  await vi.waitUntil(async () => (await taskTries(client, run)) >= TRIES_OF_STUCK, { timeout: 30_000 });
  await claim(client, prepared, false);
  expect((await wedged.describe()).status.name).toBe('RUNNING');
  await claim(client, prepared, true);
  expect((await wedged.describe()).status.name).toBe('TERMINATED');
  const { handle } = await beginOrAttach(client, prepared);
  expect(await handle.result()).toMatchObject({ reason: 'planner_stopped' });
  await openRunLog(prepared.workdir).append(fake.events);
  expect(fake.state.tally.completed).toBe(3);
  // One that works is left alone.
  await claim(client, prepared, true);
}, 120_000);
