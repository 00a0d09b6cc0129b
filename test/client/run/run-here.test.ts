/**
 * `run` and the steering commands against a real Temporal server and the real workflows, with activities that only
 * pretend.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openEngineHost } from '../../../client/run/engine-host.js';
import { makeLiveView } from '../../../client/run/live-view.js';
import { prepareRun } from '../../../client/run/prepare-run.js';
import { runHere } from '../../../client/run/run-here.js';
import type { RunOutcome } from '../../../client/run/run-outcome.js';
import { engineLife } from '../../../client/run/run-state.js';
import type { Activities } from '../../../domain/protocol/activities.js';
import { SEEDS } from '../../../domain/run/experiment-record.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { packageFile } from '../../../host/package-files.js';
import { readConfig } from '../../../workdir/config-file.js';
import { openRunLog } from '../../../workdir/event-log.js';
import type { Workdir } from '../../../workdir/paths.js';
import { runningServer } from '../../../worker/server/embedded-server.js';
import { buildWorkflowBundle } from '../../../worker/workflow-bundle.js';
import { type FakeOptions, FakeRun } from '../../support/fake-activities.js';
import { syntheticConfig } from '../../support/run-events.js';
import { temporalWorkdir } from '../../support/temporal-workdir.js';
import { autoresearch } from '../command-line.js';

const codePath = packageFile('node_modules', '.cache', 'autoresearch', 'client-test-workflow-bundle.js');

beforeAll(async () => {
  await buildWorkflowBundle({
    workflowsPath: packageFile('workflows', 'index.ts'),
    sources: [packageFile('workflows'), packageFile('domain')],
    out: codePath,
  });
  // The workdir's own server is meant, whatever the environment configures.
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('TEMPORAL_') && name !== 'TEMPORAL_CLI') delete process.env[name];
  }
  process.env.TEMPORAL_CONFIG_FILE = '/dev/null';
});

/** A fake run whose events stand in the workdir too. */
function fakeActivities(fake: FakeRun, workdir: Workdir, client: Client): Activities {
  fake.serve('client-test', client);
  const log = openRunLog(workdir);
  return {
    ...fake.activities,
    exportWorkdir: async (input) => {
      await log.append([...(input.exported ?? []), ...input.events]);
      return fake.activities.exportWorkdir(input);
    },
  };
}

interface Session {
  outcome: Promise<RunOutcome>;
  interrupt: AbortController;
  /** What was printed. */
  lines(): string[];
}

async function begin(workdir: Workdir, fake: FakeRun, flags: Record<string, unknown> = {}): Promise<Session> {
  const interrupt = new AbortController();
  let printed = '';
  const output = {
    out: (text: string) => {
      printed += text;
    },
    err: () => undefined,
    isTerminal: false,
    columns: 100,
  };
  const open = (at: Workdir) =>
    openEngineHost(at, { createActivities: ({ client }) => fakeActivities(fake, at, client), codePath });
  const prepared = await prepareRun(workdir.root, flags);
  const outcome = runHere(prepared, makeLiveView(output), interrupt.signal, open);
  outcome.catch(() => undefined);
  return { outcome, interrupt, lines: () => printed.split('\n') };
}

/** Something to optimise, as the flags of a run are checked against it. */
async function source(workdir: Workdir) {
  const source_dir = workdir.at('source');
  await mkdir(source_dir);
  await writeFile(join(source_dir, 'pipeline.py'), '');
  return { source_dir, pipeline_script: join(source_dir, 'pipeline.py') };
}

async function fakeWorkdir(options: FakeOptions = {}): Promise<{ workdir: Workdir; fake: FakeRun }> {
  const workdir = await temporalWorkdir();
  await writeJsonAtomic(workdir.config, {
    ...syntheticConfig('client-test'),
    agent: 'playbook',
    ...(await source(workdir)),
  });
  return { workdir, fake: new FakeRun(options) };
}

describe('run', () => {
  it('shows a run from its start to its end, says what came out, and leaves no server', async () => {
    const { workdir, fake } = await fakeWorkdir({
      autoEnd: true,
      plans: [],
      throughput: (id) => (id === '001_mtp' ? 150 : 100),
    });
    const session = await begin(workdir, fake, { maxConcurrency: '1' });
    const outcome = await session.outcome;
    expect(outcome).toMatchObject({
      workdir: workdir.root,
      status: 'stopped',
      stop: { reason: 'planner_stopped' },
      interrupted: false,
      best: { node_id: '001_mtp', gain: 1.5 },
      winning_changes: [{ node_id: '001_mtp', change: 'subprocess MTP' }],
      exit_code: 0,
    });
    const text = session.lines().join('\n');
    expect(text).toMatch(
      /Temporal UI: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/autoresearch%2Fclient-test\n/,
    );
    expect(text).toMatch(/temporal workflow show --address 127\.0\.0\.1:\d+ -w autoresearch\/client-test\n/);
    expect(text).toMatch(/000_baseline: completed, 100 samples\/s, job of 1 s\n/);
    expect(text).toMatch(/best is 001_mtp: 150 samples\/s, 1\.5x \(\+50%\) vs the baseline\n/);
    expect(text).toMatch(/stopped \(planner_stopped\): .*\n$/);
    expect(await runningServer(workdir)).toBeNull();
    expect(await engineLife(workdir)).toBeNull();
  });

  it('is interrupted by a person, keeps the jobs, and goes on with nothing run twice', async () => {
    const { workdir, fake } = await fakeWorkdir({ plans: [] });
    const first = await begin(workdir, fake);
    await fake.until((seen) => SEEDS.every(({ nodeId }) => seen.statusOf(nodeId) === 'running'));
    first.interrupt.abort();
    expect(await first.outcome).toMatchObject({ status: 'interrupted', interrupted: true, stop: null, exit_code: 130 });
    expect(fake.cancelled).toEqual([]);
    expect(await engineLife(workdir)).toBeNull();
    const { out } = await autoresearch('status', workdir.root, '--json');
    expect(JSON.parse(out)).toMatchObject({
      engine: null,
      temporal: null,
      status: { status: 'interrupted', counts: { running: 3 } },
    });

    const second = await begin(workdir, fake, { maxConcurrency: '5' });
    await fake.until(({ state }) => state.status === 'running');
    for (const nodeId of fake.launched) fake.endJob(nodeId);
    expect(await second.outcome).toMatchObject({
      status: 'stopped',
      interrupted: false,
      counts: { completed: 3 },
      exit_code: 0,
    });
    expect(fake.calls.filter((call) => call.startsWith('launchJob'))).toHaveLength(3);
    expect(fake.state.limits).toMatchObject({ maxConcurrency: 5, maxIterations: 10 });
    expect(second.lines().join('\n')).toContain('resumed');
  });

  it('goes on where an interruption is written only after the run was resumed', async () => {
    const { workdir, fake } = await fakeWorkdir({ plans: [] });
    const first = await begin(workdir, fake);
    await fake.until((seen) => SEEDS.every(({ nodeId }) => seen.statusOf(nodeId) === 'running'));
    first.interrupt.abort();
    await first.outcome;
    // Its worker was killed before the export: the next one writes it, together with what comes then.
    const lines = (await readFile(workdir.events, 'utf8')).trimEnd().split('\n');
    expect(lines.at(-1)).toContain('"stop_requested"');
    await writeFile(workdir.events, `${lines.slice(0, -1).join('\n')}\n`);

    const second = await begin(workdir, fake);
    await fake.until(({ state }) => state.status === 'running');
    for (const nodeId of fake.launched) fake.endJob(nodeId);
    expect(await second.outcome).toMatchObject({ status: 'stopped', interrupted: false, exit_code: 0 });
    expect((await readFile(workdir.events, 'utf8')).match(/"stop_requested"/g)).toHaveLength(1);
  });

  it('ends in exit code 1 when nothing could be measured', async () => {
    const broken = { '000_baseline': 'job_runtime_failed', '001_mtp': 'job_runtime_failed' } as const;
    const { workdir, fake } = await fakeWorkdir({ autoEnd: true, plans: [], failures: { ...broken } });
    const { outcome } = await begin(workdir, fake);
    expect(await outcome).toMatchObject({
      stop: { reason: 'failure_rate' },
      best: null,
      winning_changes: [],
      exit_code: 1,
    });
  });

  it('refuses a second engine', async () => {
    const { workdir, fake } = await fakeWorkdir();
    const first = await begin(workdir, fake);
    await fake.until(({ launched }) => launched.length > 0);
    await expect(begin(workdir, fake)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`process ${process.pid}`),
    });
    first.interrupt.abort();
    await first.outcome;
  });
});

describe('steering a running engine', () => {
  it('prints receipts, gives reasons for refusals, and acts once on a repeated request', async () => {
    const { workdir, fake } = await fakeWorkdir();
    const session = await begin(workdir, fake, { maxConcurrency: '1' });
    await fake.until(
      (seen) => seen.statusOf('000_baseline') === 'running' && seen.statusOf('000_headspace') === 'ready',
    );
    const at = workdir.root;

    expect(await autoresearch('prioritize', at, '001_mtp', '-2000')).toEqual({
      code: 0,
      out: '001_mtp: priority -998 -> -2000; now number 1 in the queue\n',
      err: '',
    });
    const queued = JSON.parse((await autoresearch('queue', at, '--json')).out) as { node_id: string }[];
    expect(queued.map((each) => each.node_id)).toEqual(['001_mtp', '000_headspace']);

    expect(await autoresearch('prioritize', at, '009_none', '1')).toEqual({
      code: 2,
      out: '',
      err: 'error: node: "009_none": there is no such experiment; `autoresearch summary` lists those of this run\n',
    });
    expect(await autoresearch('remove', at, '000_baseline')).toMatchObject({
      code: 2,
      err: expect.stringContaining('it is running'),
    });

    const added = await autoresearch(
      'add',
      at,
      '--name',
      'mine',
      '--description',
      'threads',
      '--request',
      'r1',
      '--json',
    );
    expect(JSON.parse(added.out)).toMatchObject({ accepted: true, node_id: '002_mine' });
    const again = await autoresearch(
      'add',
      at,
      '--name',
      'mine',
      '--description',
      'threads',
      '--request',
      'r1',
      '--json',
    );
    expect(again).toEqual(added);
    expect(Object.keys(fake.state.experiments)).toHaveLength(4);

    expect(await autoresearch('remove', at, '002_mine')).toMatchObject({
      code: 0,
      out: '002_mine: removed from the queue\n',
    });
    expect(await autoresearch('note', at, 'mind the cache')).toMatchObject({ code: 0 });
    expect(fake.state.notes).toEqual(['mind the cache']);
    expect(await autoresearch('set', at, '--patience', '7', '--max-concurrency', '1')).toMatchObject({ code: 0 });
    expect(fake.state.limits).toMatchObject({ patience: 7, maxConcurrency: 1 });
    expect((await readConfig(workdir))?.stopping_criteria).toMatchObject({ patience: 7, max_iterations: 10 });

    expect(await autoresearch('pause', at)).toMatchObject({ code: 0, out: expect.stringContaining('paused') });
    expect(await autoresearch('pause', at)).toMatchObject({ code: 2, err: expect.stringContaining('it is paused') });
    expect(await autoresearch('resume', at)).toMatchObject({ code: 0, out: 'resumed\n' });

    expect(await autoresearch('cancel', at, '000_baseline')).toMatchObject({ code: 0 });
    await fake.until(({ cancelled }) => cancelled.includes('000_baseline'));

    const stopped = await autoresearch('stop', at, '--json');
    expect(stopped.err).toBe('');
    expect(JSON.parse(stopped.out)).toMatchObject({ accepted: true, engine_ended: true });
    expect(await session.outcome).toMatchObject({ status: 'interrupted', interrupted: true, exit_code: 130 });
    await vi.waitFor(async () => expect(await autoresearch('pause', at)).toMatchObject({ code: 3 }), {
      timeout: 30_000,
    });
  });

  it('starts with the budgets of config.json, and takes and lifts them while it runs', async () => {
    const { workdir, fake } = await fakeWorkdir();
    const session = await begin(workdir, fake, { budgetJobHours: '5', maxExperiments: '9' });
    await fake.until(({ launched }) => launched.length > 0);
    expect(fake.state.limits).toMatchObject({ budgetJobHours: 5, maxExperiments: 9, budgetUsd: null, maxHours: null });
    const set = await autoresearch('set', workdir.root, '--max-experiments', 'none', '--budget-usd', '2.5', '--json');
    expect(JSON.parse(set.out)).toMatchObject({ accepted: true });
    expect(fake.state.limits).toMatchObject({ budgetJobHours: 5, maxExperiments: null, budgetUsd: 2.5 });
    expect(await readConfig(workdir)).toMatchObject({ budget_job_hours: 5, max_experiments: null, budget_usd: 2.5 });
    const { out } = await autoresearch('status', workdir.root, '--json');
    expect(JSON.parse(out).status).toMatchObject({
      limits: { budget_usd: 2.5, max_experiments: null },
      budget: expect.arrayContaining([
        expect.objectContaining({ kind: 'usd', limit: 2.5 }),
        expect.objectContaining({ kind: 'job_hours', limit: 5 }),
      ]),
    });
    session.interrupt.abort();
    await session.outcome;
  });

  it('ends with its jobs when told so', async () => {
    const { workdir, fake } = await fakeWorkdir();
    const session = await begin(workdir, fake);
    await fake.until(({ launched }) => launched.length === 3);
    const stopped = await autoresearch('stop', workdir.root, '--cancel-jobs', '--json');
    expect(JSON.parse(stopped.out)).toMatchObject({ accepted: true, engine_ended: true });
    expect(fake.cancelled.sort()).toEqual(['000_baseline', '000_headspace', '001_mtp']);
    expect(await session.outcome).toMatchObject({ stop: { reason: 'user' }, interrupted: false, exit_code: 0 });
  });
});
