import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeDrawCharts } from '../../activities/draw-charts.js';
import { openEarlyGrants } from '../../activities/engine-mail/early-grants.js';
import { makeExportWorkdir, rebuildWorkdir } from '../../activities/export-workdir.js';
import {
  ActiveSchema,
  CheckpointSchema,
  EngineStateFileSchema,
  QueueSchema,
  StateFileSchema,
  TreeSchema,
} from '../../domain/formats/files.js';
import { parseTsv } from '../../domain/formats/tsv.js';
import type { EngineEvent, EventBody } from '../../domain/run/event-types.js';
import { failure } from '../../domain/run/failure.js';
import { LocalPlatform } from '../../jobs/platforms/local.js';
import { jobNameOf } from '../../jobs/platforms/platform.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { DutyCycle } from '../../workdir/projections/duty-cycle.js';
import { writeReport } from '../../workdir/report-files.js';
import { commitFor, type SyntheticRun, syntheticRun } from '../support/run-events.js';
import { filesOf, syntheticWorkdir, temporaryWorkdir } from '../support/synthetic-workdir.js';
import { runnersOf } from './job-fixture.js';

const PYTHON = 'test/fixtures/python-workdir/workdir';
const SCHEMAS = {
  'state.json': StateFileSchema,
  'engine/tree.json': TreeSchema,
  'engine/checkpoint.json': CheckpointSchema,
  'engine/engine_state.json': EngineStateFileSchema,
  'engine/queue.json': QueueSchema,
  'engine/active.json': ActiveSchema,
};

beforeAll(() => {
  // Files of schema_version 2 bear local times.
  process.env.TZ = 'UTC';
});

/** The tables are written with each export, however slow the machine is. */
const atOnce = () => new DutyCycle(1, Number.POSITIVE_INFINITY);

async function exported(run: SyntheticRun, batch = run.events.length, tables?: DutyCycle) {
  const { workdir, context } = await syntheticWorkdir(run);
  const runLog = openRunLog(workdir);
  const exportWorkdir = makeExportWorkdir({ context, runLog, tables: tables ?? atOnce() });
  for (let from = 0; from < run.events.length; from += batch) {
    await exportWorkdir({ run: 'r1', events: run.events.slice(from, from + batch) });
  }
  return { workdir, context, runLog, exportWorkdir };
}

async function jsonOf(workdir: Workdir, path: string) {
  return JSON.parse(await readFile(workdir.at(path), 'utf8'));
}

/** More events of the same run, a second apart. */
function later(run: SyntheticRun, ...bodies: EventBody[]): EngineEvent[] {
  const last = run.events.at(-1)!;
  return bodies.map((body, index) => ({ seq: last.seq + index + 1, atMs: last.atMs + 1000 * (index + 1), ...body }));
}

const RUN = syntheticRun({ followUps: 7, open: 5, failuresOfTen: 3, gpu: true });

describe('what the workdir shows', () => {
  test('has every key and column that a workdir of the Python engine has', async () => {
    const { workdir } = await exported(RUN);
    for (const [path, schema] of Object.entries(SCHEMAS)) {
      const theirs = JSON.parse(await readFile(`${PYTHON}/${path}`, 'utf8'));
      const ours = await jsonOf(workdir, path);
      expect(schema.safeParse(theirs).error, `${path} of the Python engine`).toBeUndefined();
      expect(schema.safeParse(ours).error, path).toBeUndefined();
      const [mine, other] = [keysOf(ours), keysOf(theirs)];
      expect(
        [...other].filter((key) => !mine.has(key) && !/(^|\.)_|workflow/.test(key)),
        path,
      ).toEqual([]);
    }
    const header = (text: string) => text.split('\n')[0]!.split('\t');
    const columns = header(await readFile(`${PYTHON}/master_table.tsv`, 'utf8'));
    expect(header(await readFile(workdir.masterTable, 'utf8')).slice(0, columns.length)).toEqual(columns);
  });

  test('statuses are those of the files, whatever ours are called', async () => {
    const { workdir } = await exported(RUN);
    const tree = TreeSchema.parse(await jsonOf(workdir, 'engine/tree.json'));
    const open = tree.filter((node) => !['completed', 'failed'].includes(node.status));
    expect(open.map((node) => node.status)).toEqual(['running', 'preparing', 'queued', 'queued', 'queued']);
    for (const node of tree) {
      const text = await readFile(workdir.node(node.node_id, 'status.txt'), 'utf8');
      expect(text).toBe(`${node.status}\n`);
    }
    const checkpoint = CheckpointSchema.parse(await jsonOf(workdir, 'engine/checkpoint.json'));
    expect(checkpoint.running.map(({ id }) => id)).toEqual(open.slice(0, 2).map((node) => node.node_id));
    expect(checkpoint.queued.map(({ id }) => id)).toEqual(open.slice(2).map((node) => node.node_id));
    expect(await jsonOf(workdir, 'engine/active.json')).toEqual([
      {
        node_id: open[0]!.node_id,
        job_id: open[0]!.job_id,
        launched_at_iso: expect.stringMatching(/^2026-11-24T09:\d\d:\d\d$/),
      },
    ]);
  });

  test('the tree hangs follow-ups under what they start from, and lists children', async () => {
    const { workdir } = await exported(syntheticRun({ followUps: 20, seed: 11 }));
    const tree = TreeSchema.parse(await jsonOf(workdir, 'engine/tree.json'));
    const roots = tree.filter((node) => node.parent_id === null).map((node) => node.node_id);
    expect(roots).toEqual(['000_baseline', '000_headspace', '001_mtp']);
    for (const node of tree) {
      const children = tree.filter((other) => other.parent_id === node.node_id).map((other) => other.node_id);
      expect(node.children).toEqual(children);
    }
    expect(new Set(tree.map((node) => node.parent_id)).size).toBeGreaterThan(2);
  });

  test('the files of a node hold its specification, commit, job and result', async () => {
    const { workdir } = await exported(RUN);
    const tree = TreeSchema.parse(await jsonOf(workdir, 'engine/tree.json'));
    const done = tree.find((node) => node.status === 'completed' && node.parent_id !== null)!;
    const id = done.node_id;
    const spec = await jsonOf(workdir, `engine/nodes/${id}/spec.json`);
    expect(spec).toMatchObject({ name: done.name, commit: commitFor(id), _image: `img-${id}` });
    expect(spec.launch_command).toContain('--');
    expect(await jsonOf(workdir, `runs/${id}/meta.json`)).toEqual(spec);
    expect(await readFile(workdir.run(id, 'commit.txt'), 'utf8')).toBe(`${commitFor(id)}\n`);
    expect(await readFile(workdir.run(id, 'job_id.txt'), 'utf8')).toBe(`local_${id}\n`);
    expect(await jsonOf(workdir, `engine/nodes/${id}/result.json`)).toEqual(done.result);
    const failed = tree.find((node) => node.status === 'failed')!;
    const record = await jsonOf(workdir, `engine/nodes/${failed.node_id}/failure.json`);
    expect(record).toMatchObject({ kind: failed.failure?.kind, phase: expect.any(String), retryable: false });
    await expect(stat(workdir.node(failed.node_id, 'result.json'))).rejects.toThrow('ENOENT');
  });

  test('the master table has a line for each experiment that ended, and its texts come back whole', async () => {
    const { workdir } = await exported(RUN);
    const rows = parseTsv(await readFile(workdir.masterTable, 'utf8'));
    expect(rows).toHaveLength(10);
    const planned = rows.find((row) => row.kind === 'planned')!;
    expect(planned.changes).toMatch(/\.\n\tKeep everything else as it is\.$/);
    expect(new Set(rows.map((row) => row.status))).toEqual(new Set(['completed', 'failed']));
    expect(rows.filter((row) => row.status === 'failed').every((row) => row.throughput_samples_per_s === '')).toBe(
      true,
    );
  });

  test('what a person cancels counts as failed, with the kind cancelled', async () => {
    const { workdir, exportWorkdir } = await exported(RUN);
    const nodeId = CheckpointSchema.parse(await jsonOf(workdir, 'engine/checkpoint.json')).queued[0]!.id;
    const cancelled = failure('cancelled', 'by a person', 0);
    await exportWorkdir({
      run: 'r1',
      events: later(RUN, { type: 'experiment_cancelled', nodeId, failure: cancelled }),
    });
    expect(await readFile(workdir.node(nodeId, 'status.txt'), 'utf8')).toBe('failed\n');
    expect((await jsonOf(workdir, 'engine/engine_state.json')).failed_by_kind.cancelled).toBe(1);
    const { history } = StateFileSchema.parse(await jsonOf(workdir, 'state.json'));
    expect(history.at(-1)).toMatchObject({ run_id: nodeId, structured: { failure: { kind: 'cancelled' } } });
  });

  test('a removed experiment leaves no trace, one back in the queue no commit', async () => {
    const { workdir, exportWorkdir } = await exported(RUN);
    const { queued, running } = CheckpointSchema.parse(await jsonOf(workdir, 'engine/checkpoint.json'));
    const [removed, requeued] = [queued[0]!.id, running[1]!.id];
    const events = later(
      RUN,
      { type: 'experiment_prepared', nodeId: requeued, commit: commitFor(requeued) },
      { type: 'experiment_requeued', nodeId: requeued },
      { type: 'experiment_removed', nodeId: removed },
    );
    await exportWorkdir({ run: 'r1', events: events.slice(0, 1) });
    expect(await readFile(workdir.run(requeued, 'commit.txt'), 'utf8')).toBe(`${commitFor(requeued)}\n`);
    await exportWorkdir({ run: 'r1', events });
    await expect(stat(workdir.run(requeued, 'commit.txt'))).rejects.toThrow('ENOENT');
    await expect(stat(workdir.at('engine', 'nodes', removed))).rejects.toThrow('ENOENT');
    const tree = TreeSchema.parse(await jsonOf(workdir, 'engine/tree.json'));
    expect(tree.flatMap((node) => [node.node_id, ...node.children])).not.toContain(removed);
  });

  test('no job runner waits for a slot whose experiment has ended, was removed or waits in the queue again', async () => {
    const { context, runLog, exportWorkdir: first } = await exported(RUN);
    const platform = new LocalPlatform(context);
    const exportWorkdir = makeExportWorkdir({ context, runLog, platform });
    const { running, queued } = CheckpointSchema.parse(await jsonOf(context.workdir, 'engine/checkpoint.json'));
    const nodes = [running[1]!.id, ...queued.map(({ id }) => id)];
    const [requeued, failed, removed, kept] = nodes as [string, string, string, string];
    const starts = nodes.slice(1).map((nodeId) => ({ type: 'experiment_preparing' as const, nodeId }));
    const events = later(
      RUN,
      ...starts,
      ...nodes.map((nodeId) => ({ type: 'experiment_prepared' as const, nodeId, commit: commitFor(nodeId) })),
      { type: 'experiment_failed', nodeId: failed, failure: failure('unexpected_exception', 'terminated', 1) },
      { type: 'experiment_requeued', nodeId: requeued },
      { type: 'experiment_removed', nodeId: removed },
    );
    await first({ run: 'r1', events: events.slice(0, -3) });
    for (const nodeId of nodes) platform.makeReady(jobNameOf(context.config.run_id, nodeId));
    onTestFinished(() => platform.dropReady(jobNameOf(context.config.run_id, kept)));
    const waits = async (nodeId: string) => (await runnersOf(context.workdir.job(`local_${nodeId}`))).length > 0;
    for (const nodeId of nodes) while (!(await waits(nodeId))) await wait(10);
    await exportWorkdir({ run: 'r1', events: events.slice(-3) });
    for (const nodeId of [requeued, failed, removed]) while (await waits(nodeId)) await wait(10);
    expect(await waits(kept)).toBe(true);
  });

  test.each([
    ['interrupted', { type: 'stop_requested', mode: 'interrupt' }],
    ['running', { type: 'paused' }],
    ['running', { type: 'stop_requested', mode: 'drain' }],
    ['stopped', { type: 'stopped', reason: 'user', detail: 'asked to' }],
  ] as const)('the run reads %s after %o', async (status, body) => {
    const { workdir, exportWorkdir } = await exported(RUN);
    await exportWorkdir({ run: 'r1', events: later(RUN, body) });
    for (const path of ['state.json', 'engine/checkpoint.json', 'engine/engine_state.json']) {
      expect((await jsonOf(workdir, path)).status, path).toBe(status);
    }
  });
});

describe('an export can be repeated', () => {
  test('twice with the same events changes nothing and writes nothing', async () => {
    const { workdir, exportWorkdir } = await exported(RUN);
    const before = await filesOf(workdir);
    const written = (await stat(workdir.tree)).mtimeMs;
    expect(await exportWorkdir({ run: 'r1', events: RUN.events })).toEqual({ seq: RUN.events.length });
    expect(await filesOf(workdir)).toEqual(before);
    expect((await stat(workdir.tree)).mtimeMs).toBe(written);
  });

  test('a new worker finishes what one that died between the log and the files began', async () => {
    const whole = await exported(RUN);
    const { workdir, context } = await syntheticWorkdir(RUN);
    const first = openRunLog(workdir);
    await makeExportWorkdir({ context, runLog: first, tables: atOnce() })({
      run: 'r1',
      events: RUN.events.slice(0, 20),
    });
    await first.append(RUN.events);
    await makeExportWorkdir({ context, runLog: openRunLog(workdir), tables: atOnce() })({
      run: 'r1',
      events: RUN.events.slice(20),
    });
    expect(await filesOf(workdir)).toEqual(await filesOf(whole.workdir));
  });

  test('an export that failed is finished by the next one', async () => {
    const whole = await exported(RUN);
    const { workdir, context } = await syntheticWorkdir(RUN);
    const exportWorkdir = makeExportWorkdir({ context, runLog: openRunLog(workdir), tables: atOnce() });
    // A folder where a file must stand: the rename fails.
    await mkdir(workdir.queue, { recursive: true });
    await expect(exportWorkdir({ run: 'r1', events: RUN.events })).rejects.toThrow();
    await rm(workdir.queue, { recursive: true });
    await exportWorkdir({ run: 'r1', events: RUN.events });
    expect(await filesOf(workdir)).toEqual(await filesOf(whole.workdir));
  });

  test('what a killed engine was about to do leaves no trace where its successor decided otherwise', async () => {
    const whole = await exported(RUN);
    const { workdir, context } = await syntheticWorkdir(RUN);
    const runLog = openRunLog(workdir);
    const exportWorkdir = makeExportWorkdir({ context, runLog, tables: atOnce() });
    const at = RUN.events.findIndex(({ type }) => type === 'job_launched');
    const other = RUN.events.find((event) => event.type === 'experiment_added' && event.experiment.kind === 'planned');
    const { seq, atMs } = RUN.events[at]!;
    await exportWorkdir({ run: 'r1', events: [...RUN.events.slice(0, at), { ...other!, seq, atMs }] });
    await exportWorkdir({ run: 'r1', events: RUN.events.slice(at) });
    const { 'engine/events-superseded.jsonl': givenUp, ...files } = await filesOf(workdir);
    expect(files).toEqual(await filesOf(whole.workdir));
    expect(JSON.parse(Buffer.from(givenUp ?? '', 'base64').toString())).toMatchObject({
      seq,
      type: 'experiment_added',
    });
  });
});

describe('the tables of a large run', () => {
  test('wait for their turn, follow by themselves, and are up to date when the run is left', async () => {
    const large = syntheticRun({ followUps: 400, open: 2 });
    const { workdir, exportWorkdir } = await exported(large, 40, new DutyCycle(0.05, 300));
    await vi.waitFor(async () => expect((await jsonOf(workdir, 'engine/engine_state.json')).total_nodes).toBe(405), {
      timeout: 20_000,
    });
    await exportWorkdir({ run: 'r1', events: later(large, { type: 'stop_requested', mode: 'interrupt' }) });
    const left = await filesOf(workdir);
    await rebuildWorkdir(workdir);
    expect(await filesOf(workdir)).toMatchObject(left);
  });

  test('a duty cycle lets work through until its credit is used, then its share', async () => {
    let now = 0;
    const cycle = new DutyCycle(0.1, 50, () => now);
    const work = (ms: number) =>
      cycle.spend(async () => {
        now += ms;
      });
    await work(40);
    expect(cycle.waitMs()).toBe(0);
    await work(40);
    expect(cycle.waitMs()).toBeGreaterThan(200);
    now += cycle.waitMs();
    expect(cycle.waitMs()).toBe(0);
  });
});

describe('a rebuild', () => {
  const ended = syntheticRun({ followUps: 9, failuresOfTen: 3, stopped: true });

  test('gives the bytes that the running engine wrote, one event at a time', async () => {
    const { workdir, context, runLog } = await exported(ended, 1);
    await makeDrawCharts({ context, runLog })({ run: 'r1' });
    await writeReport(context.workdir, context.config, await runLog.record());
    const copy = await temporaryWorkdir();
    await cp(workdir.config, copy.config);
    await cp(workdir.events, copy.events);
    await cp(workdir.at('engine', 'plans'), copy.at('engine', 'plans'), { recursive: true });
    const rebuilt = await rebuildWorkdir(copy);
    expect(rebuilt).toMatchObject({ seq: ended.events.length, experiments: 12 });
    // The engine's activities write these, and none ran here: they are made anew from the numbers.
    const made = Object.entries(await filesOf(copy)).filter(([path]) => !/^runs\/[^/]+\/analysis\.md$/.test(path));
    expect(Object.fromEntries(made)).toEqual(await filesOf(workdir));
    expect(rebuilt.analyses).toMatchObject({ restored: [], numbers_only: expect.arrayContaining(['000_baseline']) });
  });

  test('finds the report as it was when the run had been reported on', async () => {
    const { workdir, context, exportWorkdir } = await exported(ended);
    const spent = { usd: 0.25, tokens: 900, jobHours: 0 };
    const settle = [{ phase: 'report' as const, key: 'report', spent, unpriced: 0 }];
    await writeReport(context.workdir, context.config, await openRunLog(workdir).record());
    const reserve = { report: spent };
    const events = later(ended, { type: 'reported' }).map((event) => ({ ...event, money: { reserve, settle } }));
    await exportWorkdir({ run: 'r1', events });
    const report = await readFile(workdir.report, 'utf8');
    expect(report).toContain('0.25');
    await rebuildWorkdir(workdir);
    expect(await readFile(workdir.report, 'utf8')).toBe(report);
  });

  test('mends a file that someone changed, and can be repeated', async () => {
    const { workdir } = await exported(ended);
    await rebuildWorkdir(workdir);
    const before = await filesOf(workdir);
    await writeFile(workdir.summary, 'lost');
    await rm(workdir.tree);
    await rebuildWorkdir(workdir);
    expect(await filesOf(workdir)).toEqual(before);
  });

  test('without a log or a config it says so', async () => {
    const workdir = await temporaryWorkdir();
    await expect(rebuildWorkdir(workdir)).rejects.toThrow(/config\.json does not exist/);
    const { workdir: fresh } = await syntheticWorkdir(ended);
    await expect(rebuildWorkdir(fresh)).rejects.toThrow(/holds no events/);
  });
});

/** Every key of a value with its path; elements of arrays share one. */
function keysOf(value: unknown, path = ''): Set<string> {
  if (Array.isArray(value)) return new Set(value.flatMap((item) => [...keysOf(item, `${path}[]`)]));
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(
    Object.entries(value).flatMap(([key, inner]) => [`${path}.${key}`, ...keysOf(inner, `${path}.${key}`)]),
  );
}

test('tells whom the events that the log gives up had granted a slot, also when its answer was lost', async () => {
  const run = syntheticRun({ followUps: 2, open: 1 });
  const { exportWorkdir, context } = await exported(run);
  const added = run.events.findLast((event) => event.type === 'experiment_added');
  const granted = (added as Extract<EngineEvent, { type: 'experiment_added' }>).experiment.nodeId;
  const [asked, other] = later(run, { type: 'slot_granted', nodeId: granted, slot: 0 }, { type: 'paused' });
  expect(await exportWorkdir({ run: 'r1', events: [asked!, other!] })).toEqual({ seq: other!.seq });
  const anew = later(run, { type: 'paused' });
  for (const _ of ['answer lost', 'asked again'])
    expect(await exportWorkdir({ run: 'r1', events: anew })).toEqual({
      seq: asked!.seq,
      granted: [granted],
      slots: { [granted]: 0 },
    });
  // The answer was lost with its worker.
  const next = makeExportWorkdir({ context, runLog: openRunLog(context.workdir) });
  expect(await next({ run: 'r1', events: anew })).toEqual({
    seq: asked!.seq,
    granted: [granted],
    slots: { [granted]: 0 },
  });
  // Its engine decided otherwise once more: what the export before it gave up is told as well.
  const again = later(run, { type: 'note_added', text: 'another' });
  expect(await next({ run: 'r1', events: again })).toEqual({
    seq: asked!.seq,
    granted: [granted],
    slots: { [granted]: 0 },
  });
  const after = [{ ...later(run, { type: 'paused' })[0]!, seq: asked!.seq + 1 }];
  expect(await next({ run: 'r1', events: after })).toEqual({ seq: asked!.seq + 1 });
});

function untilGranted(nodeId: string, slot: number): EventBody[] {
  return [
    { type: 'experiment_preparing', nodeId },
    { type: 'experiment_prepared', nodeId, commit: commitFor(nodeId) },
    { type: 'slot_granted', nodeId, slot },
  ];
}

test('tells at once whom it records to have a slot, unless the log forked', async () => {
  const run = syntheticRun({ followUps: 2, open: 1 });
  const { workdir, context } = await exported(run);
  const added = run.events.findLast((event) => event.type === 'experiment_added');
  const { nodeId } = (added as Extract<EngineEvent, { type: 'experiment_added' }>).experiment;
  const signals: unknown[] = [];
  const client = {
    workflow: {
      getHandle: (workflowId: string) => ({
        signal: async (name: string, message: unknown) => void signals.push([workflowId, name, message]),
      }),
    },
  } as unknown as Client;
  const runLog = openRunLog(workdir);
  const earlyGrants = openEarlyGrants('r1', client, () => undefined);
  const exportWorkdir = makeExportWorkdir({ context, runLog, earlyGrants });
  const told = ['autoresearch/r1/'.concat(nodeId), 'slot_granted', { slot: 0 }];

  const granting = later(run, ...untilGranted(nodeId, 0));
  const { seq } = granting.at(-1)!;
  // An engine that could not find it again after a kill tells it itself.
  expect(await exportWorkdir({ run: 'r1', events: granting })).toEqual({ seq });
  expect(signals).toEqual([]);
  expect(await exportWorkdir({ run: 'r1', events: granting, tells: true })).toEqual({ seq, told: [nodeId] });
  expect(signals).toEqual([told]);
  // The same once more: its answer was lost, and the engine relies on the next one.
  expect(await exportWorkdir({ run: 'r1', events: granting, tells: true })).toEqual({ seq, told: [nodeId] });
  expect(signals).toEqual([told, told]);

  // The engine decided otherwise: who was granted a slot before is heard first.
  const other = later(run, { type: 'paused' }, ...untilGranted(nodeId, 1));
  expect(await exportWorkdir({ run: 'r1', events: other, tells: true })).toEqual({
    seq: seq + 1,
    granted: [nodeId],
    slots: { [nodeId]: 0 },
  });
  expect(signals).toHaveLength(2);
});

test('leaves it to the engine to tell of a slot where the server does not answer, or it was taken back', async () => {
  const run = syntheticRun({ followUps: 2, open: 1 });
  const { workdir, context } = await exported(run);
  const added = run.events.findLast((event) => event.type === 'experiment_added');
  const { nodeId } = (added as Extract<EngineEvent, { type: 'experiment_added' }>).experiment;
  let asked = 0;
  const signal = async () => {
    asked += 1;
    throw new Error('the server is away');
  };
  const client = { workflow: { getHandle: () => ({ signal }) } } as unknown as Client;
  const earlyGrants = openEarlyGrants('r1', client, () => undefined);
  const exportWorkdir = makeExportWorkdir({ context, runLog: openRunLog(workdir), earlyGrants });
  const events = later(run, ...untilGranted(nodeId, 0), { type: 'experiment_requeued', nodeId });
  const { seq } = events.at(-1)!;
  expect(await exportWorkdir({ run: 'r1', events, tells: true })).toEqual({ seq });
  expect(asked).toBe(0);
  const again = later(run, ...untilGranted(nodeId, 0)).map((event) => ({ ...event, seq: event.seq + events.length }));
  expect(await exportWorkdir({ run: 'r1', events: again, tells: true })).toEqual({ seq: seq + again.length });
  expect(asked).toBe(1);
});
