/** Runs that go on in another way than they were left: edited, longer, without their database, from another engine. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { packageFile } from '../../host/package-files.js';
import { CommandRun, exitOf, killed, killPid } from '../support/command-run.js';
import { PREPARED, pythonWorkdir, QUEUED, RUNNING } from '../support/python-workdir.js';

const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];
const CLAUDE = packageFile('test', 'fixtures', 'agents', 'scripted-claude.py');

const is =
  (type: EngineEvent['type'], nodeId?: string) =>
  (event: EngineEvent): boolean =>
    event.type === type && (nodeId === undefined || ('nodeId' in event && event.nodeId === nodeId));

interface Checkpoint {
  queued: { id: string; priority: number; kind?: string; payload?: object }[];
}

async function editCheckpoint(run: CommandRun, edit: (file: Checkpoint) => void): Promise<void> {
  const path = join(run.workdir, 'engine', 'checkpoint.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as Checkpoint;
  edit(file);
  await writeFile(path, JSON.stringify(file));
}

async function statuses(run: CommandRun): Promise<Record<string, string>> {
  const tree = (await run.json('engine', 'tree.json')) as { node_id: string; status: string }[];
  return Object.fromEntries(tree.map(({ node_id, status }) => [node_id, status]));
}

/** Node ids in the order in which their jobs began. */
async function startedJobs(run: CommandRun): Promise<string[]> {
  return (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
}

async function deleteDatabase(run: CommandRun): Promise<void> {
  const engine = join(run.workdir, 'engine');
  const files = (await readdir(engine)).filter((name) => name.startsWith('temporal'));
  expect(files).toContain('temporal.db');
  for (const name of files) await rm(join(engine, name));
}

describe('a run goes on', () => {
  it('with other limits after its end', async () => {
    await using run = await CommandRun.create({ jobSeconds: 0.2 });
    const first = await exitOf(run.start(...run.firstFlags(), '--max-iterations', '1'));
    expect(first.code, first.output).toBe(0);
    const before = await run.events();
    const second = await exitOf(run.start('--max-iterations', '2'));
    expect(second.code, second.output).toBe(0);
    const events = await run.events();
    expect(events.slice(0, before.length)).toEqual(before);
    const nodes = [...SEEDS, '002_c2_b16', '003_c3_b16', '004_c4_b16', '005_c6_b16'];
    expect((await startedJobs(run)).sort()).toEqual(nodes);
    expect(await statuses(run)).toEqual(Object.fromEntries(nodes.map((nodeId) => [nodeId, 'completed'])));
    expect(events.filter(is('planning_started'))).toHaveLength(2);
    expect(events.at(-2)).toMatchObject({ type: 'stopped', reason: 'max_iterations' });
  }, 400_000);

  it('without its Temporal database, from its event log, with what a person did to its queue meanwhile', async () => {
    await using run = await CommandRun.create({ jobSeconds: 1.5, planSize: 6 });
    const first = run.start(...run.firstFlags(), '--max-iterations', '1', '--max-concurrency', '1');
    await run.untilEvent(is('job_launched', '002_c2_b16'));
    await run.untilEvent(is('plan_received'));
    await Promise.all([killed(first), killPid(await run.serverPid())]);
    await deleteDatabase(run);
    await editCheckpoint(run, (file) => {
      expect(file.queued.map(({ id }) => id)).toContain('007_c16_b16');
      file.queued = file.queued.filter(({ id }) => id !== '007_c16_b16');
    });
    const { code, output } = await exitOf(run.start());
    expect(code, output).toBe(0);
    expect(output).toContain('checkpoint.json: 007_c16_b16 is removed');
    const events = await run.events();
    const removed = events.findIndex(({ type }) => type === 'experiment_removed');
    expect(events[removed]!.atMs, 'its absence is no time in which it ran').toBe(events[removed - 1]!.atMs);
    const nodes = [...SEEDS, '002_c2_b16', '003_c3_b16', '004_c4_b16', '005_c6_b16', '006_c12_b16'];
    expect((await startedJobs(run)).sort()).toEqual(nodes);
    expect(await statuses(run)).toEqual(Object.fromEntries(nodes.map((nodeId) => [nodeId, 'completed'])));
    const applied = (await run.agentLedger()).filter(({ phase }) => phase === 'apply' || phase === 'analyze');
    expect(new Set(applied.map(({ phase, node }) => `${phase} ${node}`)).size, 'nothing is paid for twice').toBe(
      applied.length,
    );
  }, 400_000);
});

describe('an edit of checkpoint.json while nothing runs', () => {
  it('is honoured when an interrupted run goes on: moved, removed and added, once', async () => {
    await using run = await CommandRun.create({ jobSeconds: 0.2 });
    const seeds = await exitOf(run.start(...run.firstFlags(), '--max-concurrency', '1', '--max-experiments', '3'));
    expect(seeds.code, seeds.output).toBe(0);
    // Its first job lasts until the run is interrupted, whatever else this machine does.
    await using slow = CommandRun.at(run.root, { jobSeconds: 10, planSize: 4 });
    const first = slow.start('--max-experiments', 'none', '--max-iterations', '1');
    const exit = exitOf(first);
    // Whichever of the two that were prepared first.
    await run.untilEvent((event) => event.type === 'job_launched' && !SEEDS.includes(event.nodeId));
    first.kill('SIGINT');
    expect((await exit).code).toBe(130);
    const mine = { name: 'mine', changes: ['concurrency=5'], description: 'set concurrency 5, batch size 16' };
    await editCheckpoint(run, (file) => {
      expect(file.queued.map(({ id }) => id)).toEqual(['004_c4_b16', '005_c6_b16']);
      file.queued = [
        { ...file.queued[1]!, priority: -5 },
        { id: '009_mine', priority: -4, kind: 'experiment', payload: { node: { node_id: '009_mine', spec: mine } } },
      ];
    });
    const { code, output } = await exitOf(run.start());
    expect(code, output).toBe(0);
    expect(output).toContain('005_c6_b16 has priority -5 now');
    expect(output).toContain('004_c4_b16 is removed');
    expect(output).toContain('009_mine is queued');
    const jobs = await startedJobs(run);
    expect([...jobs].sort()).toEqual([...SEEDS, '002_c2_b16', '003_c3_b16', '005_c6_b16', '006_mine']);
    expect(jobs.indexOf('005_c6_b16')).toBeLessThan(jobs.indexOf('006_mine'));
    expect(Object.keys(await statuses(run))).not.toContain('004_c4_b16');
  }, 400_000);

  it('is honoured when a finished run goes on; one that cannot be read is refused and nothing is lost', async () => {
    await using run = await CommandRun.create({ jobSeconds: 0.2 });
    const limits = ['--max-iterations', '1', '--max-experiments', '1'];
    const first = await exitOf(run.start(...run.firstFlags(), ...limits));
    expect(first.code, first.output).toBe(0);
    const before = await run.events();
    const checkpoint = await readFile(join(run.workdir, 'engine', 'checkpoint.json'), 'utf8');
    await editCheckpoint(run, (file) => {
      expect(file.queued.map(({ id }) => id)).toEqual(['000_headspace', '001_mtp']);
      Object.assign(file.queued[1]!, { priority: 'first' });
    });
    const refused = await exitOf(run.start('--max-experiments', 'none'));
    expect(refused.code, refused.output).toBe(2);
    expect(refused.output).toMatch(/engine\/checkpoint\.json: queued\.1\.priority: "first": /);
    expect(await run.events()).toEqual(before);
    expect(await run.json('config.json')).toMatchObject({ max_experiments: 1 });
    await writeFile(join(run.workdir, 'engine', 'checkpoint.json'), checkpoint);
    await editCheckpoint(run, (file) => {
      file.queued = file.queued.filter(({ id }) => id !== '001_mtp');
    });
    const { code, output } = await exitOf(run.start('--max-experiments', 'none'));
    expect(code, output).toBe(0);
    expect(output).toContain('001_mtp is removed');
    const nodes = ['000_baseline', '000_headspace', '002_c2_b16', '003_c3_b16'];
    expect((await startedJobs(run)).sort()).toEqual(nodes);
    expect(Object.keys(await statuses(run))).toEqual(nodes);
  }, 400_000);
});

describe('a workdir of the Python engine, interrupted with four queued and two under way', () => {
  it('resumes: its best stays best, its tree is whole, its queue runs, and it is planned from', async () => {
    const { root, workdir } = await pythonWorkdir();
    await using run = CommandRun.at(root, { jobSeconds: 0.3, planSize: 1 });
    const tree = (await run.json('engine', 'tree.json')) as { node_id: string; parent_id: string | null }[];
    const first = run.start('--agent-command', CLAUDE, '--max-iterations', '2', '--max-concurrency', '1');
    const started = await run.untilEvent(is('experiment_preparing', PREPARED.nodeId));
    const adopted = (await run.events()).filter(({ seq }) => seq <= started.seq);
    expect(adopted.filter(is('best_changed'))).toEqual([expect.objectContaining({ nodeId: '000_baseline' })]);
    // Killed as soon as it began: the second start finds the run taken up.
    await Promise.all([killed(first), killPid(await run.serverPid())]);
    const { code, output } = await exitOf(run.start());
    expect(code, output).toBe(0);
    expect((await run.events()).slice(0, adopted.length - 1)).toEqual(adopted.slice(0, -1));

    const now = (await run.json('engine', 'tree.json')) as { node_id: string; parent_id: string | null }[];
    const parents = (nodes: typeof tree) => nodes.map(({ node_id, parent_id }) => [node_id, parent_id]);
    expect(parents(now.slice(0, tree.length))).toEqual(parents(tree));
    expect(parents(now.slice(tree.length))).toEqual([['008_c3_b16', '000_baseline']]);
    expect(await statuses(run)).toMatchObject({
      ...Object.fromEntries([...SEEDS, PREPARED.nodeId, ...QUEUED, '008_c3_b16'].map((id) => [id, 'completed'])),
      [RUNNING.nodeId]: 'completed',
    });
    // Nobody saw how its first job had ended.
    expect(await readdir(join(run.workdir, 'runs', RUNNING.nodeId, 'earlier_job_1'))).toContain('job.json');
    // Each ran once, and what had run ran no more.
    const ran = [PREPARED.nodeId, ...QUEUED, '008_c3_b16'];
    const launched = (await run.events()).filter(({ type }) => type === 'job_launched');
    expect(
      launched
        .flatMap((event) => ('nodeId' in event ? [event.nodeId] : []))
        .slice(-ran.length)
        .sort(),
    ).toEqual(ran);
    const jobs = await readdir(join(run.workdir, 'local_jobs'));
    expect(jobs.filter((id) => /^local_\d{3}_/.test(id)).sort()).toEqual(
      [RUNNING.nodeId, ...ran].sort().map((id) => `local_${id}`),
    );
    const paid = (await run.agentLedger()).filter(({ phase }) => phase === 'apply').map(({ node }) => node);
    expect(paid.sort(), 'what had its commit was not asked for again').toEqual([...QUEUED, '008_c3_b16']);
    const state = (await run.json('state.json')) as { current_best: string; best_metric: number };
    expect(state).toMatchObject({ current_best: PREPARED.nodeId, best_metric: 1188.85 });
    expect(await readFile(workdir.adopted('state.json'), 'utf8')).toContain('"current_best": "000_baseline"');
  }, 400_000);
});
