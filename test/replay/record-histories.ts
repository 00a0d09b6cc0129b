/**
 * Records the histories of the scenarios: `npm run record-histories`. It adds files for this version of the package and
 * never overwrites one: an old history shows that new code still replays what old code began.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, it } from 'vitest';
import type { EngineInput } from '../../domain/protocol/messages.js';
import type { GivenMessage } from '../../domain/protocol/steering-messages.js';
import { engineWorkflowId, experimentWorkflowId } from '../../domain/run/naming.js';
import { packageFile } from '../../host/package-files.js';
import { FakeRun } from '../support/fake-activities.js';
import { startTestWorker } from '../support/temporal-env.js';
import { SCENARIOS } from './scenarios.js';

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };

it.each(SCENARIOS)('records $name', async (scenario) => {
  const folder = packageFile('test', 'replay', 'histories', version);
  const fake = new FakeRun(scenario.options);
  const run = `record-${randomUUID()}`;
  const activities = { ...fake.activities, ...scenario.activities?.(fake) };
  await using worker = await startTestWorker({ run, activities });
  const { client, taskQueue } = worker;
  fake.serve(run, client);
  const engines: WorkflowHandleWithFirstExecutionRunId[] = [];
  const start = async (given?: GivenMessage[]) => {
    const limits = engines.length === 0 ? scenario.limits : {};
    const input: EngineInput = {
      run,
      limits,
      tuning: { chartIntervalMs: 50, ...scenario.tuning },
      ...(given ? { given } : {}),
    };
    const workflowId = engineWorkflowId(run);
    const handle = await client.workflow.start('engineWorkflow', { workflowId, taskQueue, args: [input] });
    engines.push(handle);
    return handle;
  };
  const keep = async (nodeId: string) => {
    await save(client, `${folder}/${scenario.name}.${nodeId}.json`, experimentWorkflowId(run, nodeId), undefined);
  };
  await mkdir(folder, { recursive: true });
  await scenario.act(fake, await start(), { client, run, startAgain: start, keep });
  await engines.at(-1)?.result();

  let part = 0;
  for (const { firstExecutionRunId } of engines) {
    for (let runId: string | null = firstExecutionRunId; runId; part += 1)
      runId = await save(client, `${folder}/${scenario.name}.engine-${part + 1}.json`, engineWorkflowId(run), runId);
  }
  for (const nodeId of scenario.experiments) await keep(nodeId);
  expect(part).toBeGreaterThanOrEqual(engines.length + (scenario.tuning?.eventsPerRun ? 1 : 0));
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
