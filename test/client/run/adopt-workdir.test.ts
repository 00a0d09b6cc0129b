/** A run of the Python engine as a run of ours: what it had stays what it was. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { rebuildWorkdir } from '../../../activities/export-workdir.js';
import { adoptable, adoptWorkdir, isForeignWorkdir, keepOriginals } from '../../../client/run/adopt-workdir.js';
import { ConfigSchema, type RunConfig } from '../../../domain/formats/config.js';
import { type NodeFile, StateFileSchema, TreeSchema } from '../../../domain/formats/files.js';
import { parseTsv } from '../../../domain/formats/tsv.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { createPlatform } from '../../../jobs/platforms/index.js';
import { jobNameOf } from '../../../jobs/platforms/platform.js';
import { openSourceControl } from '../../../source/control/open.js';
import { openRunLog } from '../../../workdir/event-log.js';
import type { Workdir } from '../../../workdir/paths.js';
import { specOf } from '../../../workdir/spec-store.js';
import { PREPARED, type PythonWorkdir, pythonWorkdir, QUEUED, RUNNING } from '../../support/python-workdir.js';
import { filesOf } from '../../support/synthetic-workdir.js';

const BASE = '05d18391ac0b2d5a0a1fca6a3df50478cfca2bc5';
const ANCHOR = 'a6fc052111a72cce8a9fb8fb338c46c4582b0e36';

async function jsonOf(workdir: Workdir, path: string) {
  return JSON.parse(await readFile(workdir.at(path), 'utf8'));
}

async function configOf(workdir: Workdir): Promise<RunConfig> {
  return ConfigSchema.parse({ ...(await jsonOf(workdir, 'config.json')), run_id: 'adopted' });
}

async function adopted(prepare: (at: PythonWorkdir) => Promise<unknown> = async () => undefined) {
  const at = await pythonWorkdir();
  await prepare(at);
  const before = await filesOf(at.workdir);
  const config = await configOf(at.workdir);
  await keepOriginals(at.workdir);
  const run = await adoptWorkdir(at.workdir, config);
  return { ...at, config, before, run, state: await openRunLog(at.workdir).state() };
}

async function editCheckpoint({ workdir }: PythonWorkdir, edit: (file: { queued: { id: string }[] }) => void) {
  const file = await jsonOf(workdir, 'engine/checkpoint.json');
  edit(file);
  await writeJsonAtomic(workdir.checkpoint, file);
}

describe('a run of the Python engine', () => {
  test('has its best, its ends, its queue and its job as they were', async () => {
    const { state, workdir, config } = await adopted();
    const theirs = StateFileSchema.parse(await jsonOf(workdir, 'state.json'));
    expect(state).toMatchObject({
      status: 'interrupted',
      best: theirs.current_best,
      iteration: theirs.iteration,
      anchorCommit: ANCHOR,
      baseCommit: BASE,
      seeded: true,
      nextCounter: 8,
      limits: { maxConcurrency: 3, jobTimeoutS: 600, maxIterations: 10, patience: 3 },
    });
    const statuses = Object.values(state.experiments).map((row) => [row.nodeId, row.state.status]);
    expect(statuses).toEqual([
      ['000_baseline', 'completed'],
      ['000_headspace', 'completed'],
      ['001_mtp', 'completed'],
      [RUNNING.nodeId, 'running'],
      [PREPARED.nodeId, 'queued'],
      ...QUEUED.map((nodeId) => [nodeId, 'queued']),
    ]);
    for (const entry of theirs.history) {
      const row = state.experiments[entry.run_id]!.state;
      if (row.status !== 'completed') throw new Error(entry.run_id);
      expect(row.metrics).toEqual(entry.structured.metrics);
      expect(row).toMatchObject({ commit: entry.commit, jobId: entry.job_id });
      expect(row.completedAtMs - row.launchedAtMs, 'from the job’s own record').toBeGreaterThan(6000);
    }
    for (const nodeId of QUEUED) {
      const row = state.experiments[nodeId]!;
      expect(row).toMatchObject({ parentId: '000_baseline', startCommit: null, kind: 'planned' });
      const {
        commit: _,
        _image,
        ...spec
      } = (await jsonOf(workdir, `engine/nodes/${nodeId}/spec.json`)) as NodeFile['spec'];
      expect(await specOf(workdir, config, state, row)).toMatchObject(spec);
    }
  });

  test('is read without harm: what stood there stays there, or in engine/adopted', async () => {
    const { source, workdir, before, config } = await adopted(async ({ source }) => {
      await writeFile(`${source}/notes.txt`, 'not committed\n');
    });
    await rebuildWorkdir(workdir);
    const after = await filesOf(workdir);
    for (const [path, text] of Object.entries(before)) {
      expect(after[`engine/adopted/${path}`] ?? after[path], path).toBe(text);
    }
    const git = async (...args: string[]) => (await execa('git', args, { cwd: source })).stdout;
    expect(await git('status', '--porcelain')).toBe('?? notes.txt');
    expect(await git('for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('');
    expect(await git('rev-parse', 'HEAD')).toBe(PREPARED.commit);
    const kept = await openSourceControl({ workdir, config });
    const names = (await kept.refs()).map((ref) => ref.split('/').at(-1)!);
    const commits = await Promise.all(names.map(async (name) => `adopted/${name} ${await kept.commitOf(name)}`));
    expect(commits.map((ref) => ref.replace(/^adopted/, config.run_id))).toEqual(
      [
        'adopted/000_baseline 05d18391ac0b2d5a0a1fca6a3df50478cfca2bc5',
        'adopted/000_headspace 03de879b0f8cad54c899a98e96913452119c663d',
        'adopted/001_mtp 251fb8db807eefb330da1de2ac832edc8468d2e3',
        `adopted/${RUNNING.nodeId} be7a9fd0147607b95aecce2ae4db202e17f06782`,
        `adopted/${PREPARED.nodeId} ${PREPARED.commit}`,
        `adopted/anchor ${ANCHOR}`,
        `adopted/base ${BASE}`,
      ].map((ref) => ref.replace(/^adopted/, config.run_id)),
    );
  });

  test('has its tree and its table whole after the first export', async () => {
    const { workdir, before } = await adopted();
    const text = (path: string) => Buffer.from(before[path]!, 'base64').toString();
    await rebuildWorkdir(workdir);
    const theirs = TreeSchema.parse(JSON.parse(text('engine/tree.json')));
    const ours = TreeSchema.parse(await jsonOf(workdir, 'engine/tree.json'));
    const shape = ({ node_id, name, parent_id, commit, job_id, children, priority, duration }: NodeFile) => {
      return { node_id, name, parent_id, commit, job_id, children, priority, duration };
    };
    expect(ours.map(shape)).toEqual(theirs.map(shape));
    const history = (json: unknown) =>
      StateFileSchema.parse(json).history.map(({ iteration, run_id, job_id, structured }) => {
        return { iteration, run_id, job_id, metrics: structured.metrics, findings: structured.findings };
      });
    expect(history(await jsonOf(workdir, 'state.json'))).toEqual(history(JSON.parse(text('state.json'))));
    const [table, rows] = [parseTsv(await readFile(workdir.masterTable, 'utf8')), parseTsv(text('master_table.tsv'))];
    const cell = (value: string | undefined) => (value && Number.isFinite(Number(value)) ? Number(value) : value);
    rows.forEach((row, index) => {
      for (const [column, value] of Object.entries(row)) expect(cell(table[index]?.[column]), column).toBe(cell(value));
    });
    expect(rows).toHaveLength(3);
  });

  test('is adopted once, however often it is begun and wherever it was killed', async () => {
    const { workdir, config, run } = await adopted();
    const first = await filesOf(workdir);
    expect(await isForeignWorkdir(workdir, config)).toBe(false);
    // Killed before its last write; the files that it renews are another engine's no more.
    await rm(workdir.events);
    await rebuildable(workdir, run!.events);
    await rm(workdir.events);
    expect(await isForeignWorkdir(workdir, config)).toBe(true);
    await keepOriginals(workdir);
    await adoptWorkdir(workdir, config);
    expect((await filesOf(workdir))['engine/events.jsonl']).toBe(first['engine/events.jsonl']);
    // Killed while it kept the originals.
    const other = await pythonWorkdir();
    await mkdir(`${other.workdir.adopted()}.part/engine`, { recursive: true });
    await writeFile(`${other.workdir.adopted()}.part/state.json`, 'half');
    await keepOriginals(other.workdir);
    expect(await readFile(other.workdir.adopted('state.json'), 'utf8')).toBe(
      await readFile(other.workdir.state, 'utf8'),
    );
  });

  test('honours what a person did to its queue', async () => {
    const { state, workdir } = await adopted((at) =>
      editCheckpoint(at, (file) => {
        const [, second, third] = file.queued;
        const mine = {
          id: '008_mine',
          priority: 5,
          kind: 'experiment',
          payload: { node: { node_id: '008_mine', spec: { name: 'mine', changes: ['x'] } } },
        };
        // The least that may be written of one that is known.
        const least = { id: third!.id, priority: -7, kind: 'experiment', payload: { node: { node_id: third!.id } } };
        file.queued = [second!, least, mine];
      }),
    );
    const queued = Object.values(state.experiments).filter((row) => row.state.status === 'queued');
    expect(queued.map(({ nodeId, priority }) => [nodeId, priority])).toEqual([
      [PREPARED.nodeId, 0],
      ['005_c16_b64', 0],
      ['006_c7_b24', -7],
      ['008_mine', 5],
    ]);
    expect(state.nextCounter).toBe(9);
    const table = await readFile(workdir.adopted('engine', 'checkpoint.json'), 'utf8');
    expect(table).toContain('008_mine');
  });

  test.each([
    [
      'engine/checkpoint.json',
      'queued.1.priority',
      (file: { queued: { priority: unknown }[] }) => (file.queued[1]!.priority = 'high'),
    ],
    ['engine/checkpoint.json', 'queued', (file: { queued?: unknown }) => delete file.queued],
    ['state.json', 'history.0.run_id', (file: { history: { run_id: unknown }[] }) => (file.history[0]!.run_id = 7)],
    ['engine/tree.json', '2.status', (file: { status: string }[]) => (file[2]!.status = 'lost')],
  ])(
    'with a malformed %s is refused by the name of its field (%s), and nothing is written',
    async (path, field, spoil) => {
      const { workdir } = await pythonWorkdir();
      const file = await jsonOf(workdir, path);
      spoil(file as never);
      await writeJsonAtomic(workdir.at(path), file);
      const before = await filesOf(workdir);
      await expect(adoptable(workdir, await configOf(workdir))).rejects.toMatchObject({
        name: 'InvalidFile',
        field: `${workdir.at(path)}: ${field}`,
      });
      expect(await filesOf(workdir)).toEqual(before);
    },
  );

  test('without the commit that all is based on is refused with what would help', async () => {
    const { workdir, source } = await pythonWorkdir();
    const config = await configOf(workdir);
    await rm(source, { recursive: true });
    await mkdir(source);
    await writeFile(`${source}/pipeline.py`, '');
    await execa('git', ['init', '--quiet'], { cwd: source });
    await keepOriginals(workdir);
    await expect(adoptWorkdir(workdir, config)).rejects.toMatchObject({ value: ANCHOR, advice: /fetch it there/ });
    expect((await openRunLog(workdir).state()).seq).toBe(0);
  });

  test('that had measured nothing begins anew', async () => {
    const { workdir } = await pythonWorkdir();
    const state = await jsonOf(workdir, 'state.json');
    await writeJsonAtomic(workdir.state, { ...state, history: [], anchor_commit: null });
    await writeJsonAtomic(workdir.tree, []);
    await rm(workdir.checkpoint);
    await keepOriginals(workdir);
    expect(await adoptWorkdir(workdir, await configOf(workdir))).toBeNull();
    expect((await openRunLog(workdir).state()).seq).toBe(0);
  });
});

describe('its job', () => {
  test('that ended with nobody watching is found by its node, and judged by what it left', async () => {
    const { workdir, config } = await adopted();
    const platform = await createPlatform('local', { workdir, config, log: () => undefined });
    const found = await platform.find(jobNameOf(config.run_id, RUNNING.nodeId));
    expect(found).toEqual({ jobId: RUNNING.jobId, launchedAtMs: expect.closeTo(1795512006792.8, 0) });
    expect(await platform.status(RUNNING.jobId)).toMatchObject({ state: 'ended', cause: 'lost', returnCode: null });
    expect(await platform.find(jobNameOf(config.run_id, PREPARED.nodeId))).toBeNull();
  });

  test('that nobody saw end makes way for one of ours', async () => {
    const { workdir, config } = await adopted();
    const platform = await createPlatform('local', { workdir, config, log: () => undefined });
    await platform.setAside?.(RUNNING.jobId, workdir.run(RUNNING.nodeId, 'earlier_job_1'));
    expect(await platform.find(jobNameOf(config.run_id, RUNNING.nodeId))).toBeNull();
    expect(await readdir(workdir.run(RUNNING.nodeId, 'earlier_job_1'))).toContain('job.json');
  });

  test('that ended well is collected as what it was', async () => {
    const { workdir, config } = await adopted(async (at) => {
      const record = await jsonOf(at.workdir, `local_jobs/${RUNNING.jobId}/job.json`);
      const path = at.workdir.job(RUNNING.jobId, 'job.json');
      await writeJsonAtomic(path, { ...record, returncode: 0, ended_at: record.started_at + 6 });
      await writeFile(at.workdir.job(RUNNING.jobId, 'returncode.txt'), '0\n');
    });
    const platform = await createPlatform('local', { workdir, config, log: () => undefined });
    expect(await platform.status(RUNNING.jobId)).toMatchObject({ state: 'ended', cause: 'exit', returnCode: 0 });
  });

  test('that still runs is watched, and keeps its limits', async () => {
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    // Noted right away, as the Python engine does it: on a busy machine the workdir below takes seconds.
    const startedAtS = Date.now() / 1000;
    const { workdir, config } = await adopted(async (at) => {
      const path = at.workdir.job(RUNNING.jobId, 'job.json');
      const record = await jsonOf(at.workdir, `local_jobs/${RUNNING.jobId}/job.json`);
      await writeJsonAtomic(path, { ...record, pid: child.pid, started_at: startedAtS });
    });
    const platform = await createPlatform('local', { workdir, config, log: () => undefined });
    expect(await platform.status(RUNNING.jobId)).toMatchObject({ state: 'running' });
    const ended = once(child, 'exit');
    await platform.cancel(RUNNING.jobId);
    await ended;
    expect(await platform.status(RUNNING.jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
  });

  test('is not taken for another process that has its pid now', async () => {
    const { workdir, before } = await adopted(async (at) => {
      const path = at.workdir.job(RUNNING.jobId, 'job.json');
      const record = await jsonOf(at.workdir, `local_jobs/${RUNNING.jobId}/job.json`);
      await writeJsonAtomic(path, { ...record, pid: process.pid });
    });
    expect((await filesOf(workdir))[`local_jobs/${RUNNING.jobId}/job.json`]).toBe(
      before[`local_jobs/${RUNNING.jobId}/job.json`],
    );
  });
});

/** The files as they are once the engine has exported something. */
async function rebuildable(workdir: Workdir, events: Parameters<ReturnType<typeof openRunLog>['append']>[0]) {
  await openRunLog(workdir).append(events);
  await rebuildWorkdir(workdir);
}
