/**
 * Records the histories of the scenarios: `npm run record-histories`. It adds files for this version of the package and
 * never overwrites one: an old history shows that new code still replays what old code began.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, it } from 'vitest';
import { openEngineMailbox } from '../../activities/engine-mailbox.js';
import { packageFile } from '../../activities/package-files.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/naming.js';
import type { EngineInput } from '../../workflows/messages.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';
import { SCENARIOS } from './scenarios.js';

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };

it.each(SCENARIOS)('records $name', async (scenario) => {
  const folder = packageFile('test', 'replay', 'histories', version);
  const fake = new FakeRun(scenario.options);
  await using worker = await startTestWorker({ activities: fake.activities });
  const { client, run, taskQueue } = worker;
  fake.reportTo(openEngineMailbox(run, client));
  const input: EngineInput = { run, limits: scenario.limits, tuning: { chartIntervalMs: 50, ...scenario.tuning } };
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [input],
  });
  await scenario.act(fake, handle, client);
  await handle.result();

  await mkdir(folder, { recursive: true });
  let part = 0;
  for (let runId: string | null = handle.firstExecutionRunId; runId; part += 1) {
    runId = await save(client, `${folder}/${scenario.name}.engine-${part + 1}.json`, engineWorkflowId(run), runId);
  }
  for (const nodeId of scenario.experiments) {
    await save(client, `${folder}/${scenario.name}.${nodeId}.json`, experimentWorkflowId(run, nodeId), undefined);
  }
  expect(part).toBeGreaterThan(scenario.tuning?.eventsPerRun ? 1 : 0);
});

/** Returns the run that continued this one, if any. */
async function save(
  client: Client,
  path: string,
  workflowId: string,
  runId: string | undefined,
): Promise<string | null> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const next = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  if (!existsSync(path))
    await writeFile(path, `${JSON.stringify({ workflowId, history: JSON.parse(historyToJSON(history)) })}\n`);
  return next || null;
}
