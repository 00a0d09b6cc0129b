/** Somebody else who reaches the Temporal server of a run: nothing that they start or send runs anything. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.js';
import { ConfigSchema } from '../../domain/formats/config.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import type { StatusView } from '../../domain/protocol/views.js';
import type { EventBody } from '../../domain/run/event-types.js';
import { engineWorkflowId, experimentWorkflowId, taskQueueFor } from '../../domain/run/naming.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { packageFile } from '../../host/package-files.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import { Workdir } from '../../workdir/paths.js';
import { writePlan } from '../../workdir/spec-store.js';
import { openClient } from '../../worker/connection.js';
import { buildWorkflowBundle } from '../../worker/workflow-bundle.js';
import { run as git } from '../activities/source-fixture.js';
import type { ForeignCall } from '../support/foreign-workflows.js';
import { removeFolder } from '../support/remove-folder.js';
import { startTestWorker, type TestWorker, testTarget } from '../support/temporal-env.js';

const run = `foreign-${process.pid}`;
const root = realpathSync(mkdtempSync(join(tmpdir(), 'autoresearch-foreign-')));
const source = join(root, 'source');
const workdir = new Workdir(join(root, 'workdir'));
const ledger = join(root, 'jobs.jsonl');
/** What every hostile command would leave behind. */
const mark = join(root, 'mark');
const taskQueue = taskQueueFor(run);
const base = `python3 ${join(source, 'train.py')}`;
const evil = `${base}; touch ${mark}`;
const config = ConfigSchema.parse({
  run_id: run,
  pipeline_script: join(source, 'train.py'),
  source_dir: source,
  base_launch_command: base,
  platform: 'local',
  agent: 'claude',
  agent_command: packageFile('test', 'fixtures', 'agents', 'scripted-claude.py'),
  poll_interval: 1,
  calibration_runs: 0,
  confirm_runs: 0,
  verify_runs: 0,
});

let ours: TestWorker;
let theirs: TestWorker;
let client: Client;
let calls = 0;

beforeAll(async () => {
  Object.assign(process.env, { JOB_SECONDS: '0.3', AUTORESEARCH_JOB_LEDGER: ledger, AGENT_PLAN_SIZE: '0' });
  cpSync(packageFile('test', 'fixtures', 'projects', 'knobs'), source, { recursive: true });
  git(source, 'init', '-q', '-b', 'main');
  git(source, 'add', '-A');
  git(source, 'commit', '-q', '-m', 'first');
  mkdirSync(workdir.root);
  await writeJsonAtomic(workdir.config, config);
  // A proposal that was refused stands in its plan file.
  await writePlan(workdir, 9, [SpecSchema.parse({ name: 'evil', changes: ['x'], launch_command: evil })]);
  client = await openClient(testTarget());
  const context = { workdir, config, log: () => undefined };
  ours = await startTestWorker({ activities: await createActivities({ context, client }), run });
  const codePath = packageFile('node_modules', '.cache', 'autoresearch', 'foreign-workflow-bundle.js');
  await buildWorkflowBundle({
    workflowsPath: packageFile('test', 'support', 'foreign-workflows.ts'),
    sources: [packageFile('test', 'support')],
    out: codePath,
  });
  theirs = await startTestWorker({ activities: {}, codePath });
});

afterAll(async () => {
  await theirs?.[Symbol.asyncDispose]();
  await ours?.[Symbol.asyncDispose]();
  await client?.connection.close();
  await removeFolder(root);
});

/** The whole text of why a workflow failed. */
async function failureOf(result: Promise<unknown>): Promise<string> {
  const messages: string[] = [];
  const value = await result.catch((error: unknown) => {
    for (let each = error; each instanceof Error; each = each.cause) messages.push(each.message);
  });
  return messages.length > 0 ? messages.join(' <- ') : JSON.stringify(value);
}

async function foreign(activity: string, input: object, as: { type: string; workflowId: string }): Promise<string> {
  const call: ForeignCall = { taskQueue, activity, input: { run, ...input } };
  const { type, workflowId } = as;
  return await failureOf(client.workflow.execute(type, { workflowId, taskQueue: theirs.taskQueue, args: [call] }));
}

/**
 * Everything there is, but what belongs to git and Python themselves, and the folder of attempts, in which nothing is
 * left.
 */
function everything(): string[] {
  return (readdirSync(root, { recursive: true }) as string[])
    .filter((path) => !/\.git\/|__pycache__|engine\/attempts$/.test(path))
    .sort();
}

const event = (body: EventBody) => ({ events: [{ seq: 1, atMs: 1, ...body }] });
const added = (fields: object) =>
  event({
    type: 'experiment_added',
    experiment: {
      nodeId: '002_evil',
      name: 'evil',
      kind: 'planned',
      origin: { from: 'plan', iteration: 9, index: 0 },
      parentId: '000_baseline',
      startCommit: null,
      priority: -2000,
      changeSet: ['x'],
      tags: [],
      ...fields,
    },
  });

describe('before the run', () => {
  it.each<[string, string, object, RegExp]>([
    ['a job of a node outside', 'launchJob', { nodeId: '../../x', slot: 0 }, /nodeId must be letters/],
    ['a build of a node outside', 'buildImage', { nodeId: '../../x' }, /nodeId must be letters/],
    ['evidence of a node outside', 'collectEvidence', { nodeId: '../../x' }, /nodeId must be letters/],
    ['an analysis of a node outside', 'analyze', { nodeId: '../../x' }, /nodeId must be letters/],
    ['a job that was never prepared', 'launchJob', { nodeId: '002_evil', slot: 0 }, /was not prepared|has no commit/],
    ['code of no experiment', 'applyPatch', { experiment: { nodeId: '002_evil' } }, /is no experiment of this run/],
    ['a plan by a path', 'plan', { iteration: '../../../x', throughSeq: 0 }, /is not planning round/],
    [
      'a request by a path',
      'acceptExperiment',
      { request: '../../../x', experiment: { name: 'x' } },
      /request must be/,
    ],
    [
      'code in a message',
      'acceptExperiment',
      { request: 'r', experiment: { name: 'x', edits: [{ path: 'train.py', content: 'x' }] } },
      /cannot carry code/,
    ],
    ['the command of a refused proposal', 'exportWorkdir', added({}), /shell operators \(;\)/],
    ['a node id that leads outside', 'exportWorkdir', added({ nodeId: '../../x' }), /must be 1 to 128 letters/],
    ['a name of the language', 'exportWorkdir', added({ nodeId: 'constructor' }), /a name of the language/],
    [
      'a plan by a path',
      'exportWorkdir',
      added({ origin: { from: 'plan', iteration: '../x', index: 0 } }),
      /iteration/,
    ],
    [
      'a request that nobody made',
      'exportWorkdir',
      added({ origin: { from: 'user', request: 'r' } }),
      /does not exist/,
    ],
    ['an event of no node', 'exportWorkdir', event({ type: 'experiment_preparing', nodeId: 'n' }), /no experiment n/],
    ['an event of no type', 'exportWorkdir', { events: [{ seq: 1, atMs: 1, type: 'run' }] }, /no event of type "run"/],
  ])('%s', async (_, activity, input, reason) => {
    const before = everything();
    // Under the very name of the run's engine; any other name is refused at the door.
    const as = { type: 'engineWorkflow', workflowId: engineWorkflowId(run) };
    expect(await foreign(activity, input, as)).toMatch(reason);
    calls += 1;
    expect(await foreign(activity, input, { type: 'foreignWorkflow', workflowId: `evil-${run}-${calls}` })).toMatch(
      /is not of this run/,
    );
    expect(everything()).toEqual(before);
  });

  it.each<[string, string, string, object, RegExp]>([
    ['the engine of another run', 'engineWorkflow', engineWorkflowId('other'), { run: 'other' }, /is not of this run/],
    ['a second engine', 'engineWorkflow', 'evil', { run }, /the engine of .* is autoresearch/],
    [
      'an experiment that no engine started',
      'experimentWorkflow',
      experimentWorkflowId(run, '002_evil'),
      { run, experiment: { nodeId: '002_evil', name: 'evil' }, slot: 0 },
      /did not start 002_evil/,
    ],
  ])('%s', async (_, type, workflowId, input, reason) => {
    const before = everything();
    expect(await failureOf(client.workflow.execute(type, { workflowId, taskQueue, args: [input] }))).toMatch(reason);
    expect(everything()).toEqual(before);
  });

  it('a job id that leads to the record of another process', async () => {
    const record = join(root, 'job');
    mkdirSync(record);
    writeFileSync(join(record, 'job.json'), JSON.stringify({ runner_pid: process.pid }));
    const platform = new LocalPlatform({ workdir, config, log: () => undefined });
    for (const jobId of [`../../job`, record, 'local_../../job']) {
      await expect(platform.cancel(jobId)).rejects.toThrow(/is no id of a local job/);
      await expect(platform.status(jobId)).rejects.toThrow(/is no id of a local job/);
    }
    expect(readdirSync(record)).toEqual(['job.json']);
  });
});

it('the run itself obeys no hostile signal, stumbles over none, and ends well', async () => {
  const handle = await client.workflow.start('engineWorkflow', {
    workflowId: engineWorkflowId(run),
    taskQueue,
    args: [{ run, limits: { max_iterations: 1, max_concurrency: 1 } }],
  });
  const signals: [string, unknown][] = [
    ['add', { request: 'e1', experiment: { name: 'evil', launch_command: evil } }],
    ['add', { request: 'e2', experiment: { name: 'evil', edits: [{ path: '../x.py', content: 'x' }] } }],
    ['add', { request: '../../e3', experiment: { name: 'evil' } }],
    ['add', null],
    ['reprioritize', { node_id: { $ne: 1 }, priority: { valueOf: 1 } }],
    ['reprioritize', { node_id: '__proto__', priority: 1 }],
    ['remove', { node_id: 'constructor' }],
    ['set_limits', { max_concurrency: 1e9, constructor: 2 }],
    ['set_limits', 'all'],
    ['stop', { mode: 'rm -rf' }],
    ['note', { text: 'x'.repeat(1e5) }],
    ['reports', null],
    ['reports', { type: 'finished', nodeId: '000_baseline' }],
    ['reports', [null]],
    ['reports', [{ type: 'finished', nodeId: 'constructor', outcome: { type: 'completed' } }]],
    ['reports', [{ type: 'finished', nodeId: '000_baseline', outcome: { type: 'completed' } }]],
    ['reports', [{ type: 'prepared', nodeId: '000_headspace', commit: '--exec=id', image: '', spent: {} }]],
    ['reports', [{ type: 'launched', nodeId: '009_none', jobId: '/etc', launchedAtMs: 1 }]],
  ];
  for (const [name, message] of signals) await handle.signal(name, message);
  const child = client.workflow.getHandle(experimentWorkflowId(run, '000_baseline'));
  while ((await child.describe().catch(() => null)) === null) await sleep(50);
  for (const message of [null, 'all', { slot: '0' }, { slot: -1 }]) await child.signal('slot_granted', message);
  const view = await handle.query<StatusView>('status');
  expect(view.limits).toMatchObject({ max_concurrency: 1 });
  await handle.result();

  const text = readFileSync(ledger, 'utf8').trim().split('\n');
  const nodes = new Set(text.map((line) => (JSON.parse(line) as { node: string }).node));
  expect([...nodes].sort()).toEqual(['000_baseline', '000_headspace', '001_mtp']);
  expect(existsSync(mark)).toBe(false);
  expect(readFileSync(workdir.events, 'utf8')).not.toContain('evil');
  expect(existsSync(workdir.at('engine', 'requests'))).toBe(false);
  expect(readFileSync(workdir.report, 'utf8')).toContain('000_baseline');
});
