import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { rebuildWorkdir } from '../../activities/export-workdir.js';
import { CallRecord } from '../../agents/call-record.js';
import { EventLogReader } from '../../client/run/followed-log.js';
import { LiveState } from '../../client/run/run-state.js';
import { status } from '../../client/run/run-status.js';
import { openRunLog } from '../../workdir/event-log.js';
import { budgetRun } from '../support/budget-run.js';
import { type RunOptions, type SyntheticRun, syntheticRun } from '../support/run-events.js';
import { filesOf, syntheticWorkdir } from '../support/synthetic-workdir.js';
import { autoresearch } from './command-line.js';

async function recorded(options: RunOptions | SyntheticRun) {
  const run = 'events' in options ? options : syntheticRun(options);
  const { workdir } = await syntheticWorkdir(run);
  await openRunLog(workdir).append(run.events);
  return { workdir, run };
}

describe('status', () => {
  it('of a run in progress, for people', async () => {
    const { workdir } = await recorded({ followUps: 9, open: 3, failuresOfTen: 3 });
    const { code, out } = await autoresearch('status', workdir.root);
    expect(code).toBe(0);
    await expect(out.replaceAll(workdir.root, '<workdir>')).toMatchFileSnapshot('golden/status.txt');
  });

  it('of a run with budgets, for people and as data', async () => {
    const { workdir } = await recorded(budgetRun());
    const { out } = await autoresearch('status', workdir.root);
    await expect(out.replaceAll(workdir.root, '<workdir>')).toMatchFileSnapshot('golden/status-budgets.txt');
    const answer = JSON.parse((await autoresearch('status', workdir.root, '--json')).out);
    expect(answer.status).toMatchObject({
      limits: { max_experiments: 30, max_hours: 8, budget_usd: 2, budget_tokens: 1e6, budget_job_hours: 10 },
      unpriced_calls: 0,
      warnings: ['50% of the budget of 2 US dollars is spent', '80% of the budget of 1000000 tokens is spent'],
    });
    expect(answer.status.budget).toEqual([
      { kind: 'usd', spent: 1.05, reserved: 0.1, limit: 2, left: expect.closeTo(0.85) },
      { kind: 'tokens', spent: 820_500, reserved: 30_000, limit: 1e6, left: 149_500 },
      { kind: 'job_hours', spent: 0.125, reserved: 0.25, limit: 10, left: 9.625 },
    ]);
  });

  it('names what was spent without a limit, and calls of unknown price', async () => {
    const run = budgetRun({ unpriced: 2 });
    const events = run.events.map((event) => (event.type === 'limits_set' ? { ...event, limits: {} } : event));
    const { workdir } = await recorded({ ...run, events });
    const { out } = await autoresearch('status', workdir.root);
    expect(out).toContain(
      'spent      1.05 US dollars\n           820,500 tokens\n           7 min 30 s of jobs\n' +
        '           the prices of 2 calls are not known\n',
    );
    expect(out).not.toContain('warning');
  });

  it('of a run in progress, as data', async () => {
    const { workdir } = await recorded({ followUps: 6, open: 3 });
    const { code, out } = await autoresearch('status', workdir.root, '--json');
    expect(code).toBe(0);
    const answer = JSON.parse(out);
    expect(answer).toEqual(JSON.parse(JSON.stringify(await status(workdir.root))));
    expect(answer).toMatchObject({ workdir: workdir.root, run: 'r1', engine: null, temporal: null });
    expect(answer.status).toMatchObject({
      status: 'running',
      counts: { total: 12, running: 1, completed: 8, failed: 1 },
    });
    expect(answer.next.map((each: { node_id: string }) => each.node_id)).toHaveLength(2);
  });

  it('of a run without events', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 0 }));
    const { code, out } = await autoresearch('status', workdir.root);
    expect({ code, lastLine: out.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      lastLine: 'status     not begun',
    });
  });

  it('--watch ends with the run', async () => {
    const { workdir } = await recorded({ followUps: 3, stopped: true });
    const { code, out } = await autoresearch('status', workdir.root, '--watch', '--json');
    expect(code).toBe(0);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map((answer) => answer.status.status)).toEqual(['stopped']);
  });

  it('reads a log of which the last line is still being written', async () => {
    const { workdir } = await recorded({ followUps: 3 });
    const before = await autoresearch('status', workdir.root);
    await appendFile(workdir.events, '{"seq":999,"atMs":1,"ty');
    expect(await autoresearch('status', workdir.root)).toEqual(before);
  });
});

describe('queue', () => {
  it('shows what waits in the order in which it will run', async () => {
    const { workdir, run } = await recorded({ followUps: 0, open: 4 });
    const last = run.events.at(-1)!;
    const waiting = (await status(workdir.root)).next.map((each) => each.node_id);
    const nodeId = waiting.at(-1)!;
    const event = {
      type: 'experiment_reprioritized',
      nodeId,
      priority: -7,
      seq: last.seq + 1,
      atMs: last.atMs,
    } as const;
    await openRunLog(workdir).append([event]);
    const { out } = await autoresearch('queue', workdir.root, '--json');
    const queued = JSON.parse(out) as { node_id: string; priority: number }[];
    expect(queued.map((each) => each.node_id)).toEqual([nodeId, ...waiting.slice(0, -1)]);
    expect(queued[0]).toMatchObject({ priority: -7 });
    const text = await autoresearch('queue', workdir.root);
    expect(text.out.split('\n')[1]).toMatch(new RegExp(`^1 +${nodeId} +-7 +queued +planned +a new experiment$`));
  });

  it('says that nothing waits', async () => {
    const { workdir } = await recorded({ followUps: 3 });
    expect((await autoresearch('queue', workdir.root)).out).toBe('nothing is queued\n');
    expect((await autoresearch('queue', workdir.root, '--json')).out).toBe('[]\n');
  });
});

describe('summary', () => {
  it('is the text of summary.md, and the measures as data', async () => {
    const { workdir } = await recorded({ followUps: 9, stopped: true });
    const { out } = await autoresearch('summary', workdir.root);
    await rebuildWorkdir(workdir);
    expect(out).toBe(await readFile(workdir.summary, 'utf8'));
    const answer = JSON.parse((await autoresearch('summary', workdir.root, '--json')).out);
    expect(answer).toMatchObject({
      status: 'stopped',
      stop: { reason: 'plateau' },
      baseline: { node_id: '000_baseline', gain: 1 },
    });
    expect(answer.experiments).toHaveLength(12);
    expect(answer.best.gain).toBeGreaterThan(1);
  });

  it('names every change on the way to the best', async () => {
    const { workdir } = await recorded({ followUps: 60, stopped: true });
    const state = await openRunLog(workdir).state();
    const answer = JSON.parse((await autoresearch('summary', workdir.root, '--json')).out);
    const changes = answer.winning_changes as { node_id: string; change: string; commit: string }[];
    expect(changes.length).toBeGreaterThan(1);
    expect(changes.at(-1)).toMatchObject({ node_id: state.best });
    changes.forEach(({ node_id }, index) => {
      const before = changes[index - 1];
      expect(state.experiments[node_id]?.startCommit ?? null).toBe(before?.commit ?? null);
    });
  });
});

describe('export', () => {
  it('makes lost files anew, twice the same', async () => {
    const { workdir } = await recorded({ followUps: 6, stopped: true });
    const first = await autoresearch('export', workdir.root, '--json');
    expect(JSON.parse(first.out)).toMatchObject({ workdir: workdir.root, experiments: 9 });
    const files = await filesOf(workdir);
    await rm(workdir.masterTable);
    await truncate(workdir.summary, 10);
    expect((await autoresearch('export', workdir.root)).code).toBe(0);
    expect(await filesOf(workdir)).toEqual(files);
  });

  it("makes analyses again that are gone: the agent's reply where it is kept, else the numbers", async () => {
    const { workdir } = await recorded({ followUps: 3, stopped: true });
    await autoresearch('export', workdir.root);
    const reply = '{"metrics": {}, "findings": ["decoding is slow"]}';
    const calls = new CallRecord(workdir);
    const cost = { costUsd: 0, usage: {} };
    for (const [key, text] of [
      ['analyze_000_baseline', 'no JSON at all'],
      ['analyze_000_baseline_retry', reply],
    ] as const)
      await calls.settleAnswer(await calls.open(key, 'x'), '20260101_000000', 'a', { text, raw: null, ...cost });
    const [baseline, mtp] = ['000_baseline', '001_mtp'].map((node) => workdir.run(node, 'analysis.md'));
    await rm(baseline!, { force: true });
    await rm(mtp!, { force: true });
    const said = await autoresearch('export', workdir.root);
    expect(said.out).toContain("made again from the agent's replies: 000_baseline\n");
    expect(said.out).toMatch(/measured numbers alone, as no reply is in logs\/: .*001_mtp/);
    expect(await readFile(baseline!, 'utf8')).toMatch(/^> Written by the agent after the first run of 000_baseline\./);
    expect(await readFile(baseline!, 'utf8')).toContain(`\n\n${reply}`);
    expect(await readFile(mtp!, 'utf8')).toContain('"step_time_ms"');
    const again = await autoresearch('export', workdir.root, '--json');
    expect(JSON.parse(again.out)).toMatchObject({ analyses: { restored: [], numbers_only: [] } });
  });

  it('refuses a workdir without events', async () => {
    const { workdir } = await syntheticWorkdir(syntheticRun({ followUps: 0 }));
    const said = await autoresearch('export', workdir.root);
    expect(said).toMatchObject({ code: 2, out: '', err: expect.stringContaining('holds no events') });
  });
});

describe('diff', () => {
  it.each([
    ['an experiment that is not there', ['009_none'], 'error: node: "009_none": no experiment of this run'],
    ['one that has no commit yet', ['000_headspace'], 'this one is queued and has none'],
    ['the best of a run that has none', [], 'error: node: missing: the run has no best experiment yet'],
  ])('refuses %s', async (_, words, says) => {
    const run = syntheticRun({ followUps: 0 });
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events.slice(0, 5));
    const said = await autoresearch('diff', workdir.root, ...words);
    expect(said).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
  });
});

describe('EventLogReader', () => {
  it('gives each event once, as the log grows', async () => {
    const run = syntheticRun({ followUps: 3 });
    const { workdir } = await syntheticWorkdir(run);
    const reader = new EventLogReader(workdir.events);
    expect(await reader.next()).toEqual([]);
    await openRunLog(workdir).append(run.events.slice(0, 4));
    expect(await reader.next()).toEqual(run.events.slice(0, 4));
    expect(await reader.next()).toEqual([]);
    const text = JSON.stringify(run.events[4]);
    await appendFile(workdir.events, text.slice(0, 9));
    expect(await reader.next()).toEqual([]);
    await appendFile(workdir.events, `${text.slice(9)}\n`);
    expect(await reader.next()).toEqual([run.events[4]]);
  });

  it('begins again with a log that says something else than before', async () => {
    const run = syntheticRun({ followUps: 3 });
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events.slice(0, 6));
    const reader = new EventLogReader(workdir.events);
    await reader.next();
    const text = await readFile(workdir.events, 'utf8');
    // Longer than before, and the place where the reader was is the middle of a line.
    const other = run.events.slice(0, 8).map((event) => (event.seq < 6 ? event : { ...event, atMs: event.atMs + 1e6 }));
    await writeFile(workdir.events, other.map((event) => `${JSON.stringify(event)}\n`).join(''));
    expect((await readFile(workdir.events, 'utf8')).length).toBeGreaterThan(text.length);
    expect(await reader.next()).toEqual(other);
    await writeFile(
      workdir.events,
      `${other
        .slice(0, 3)
        .map((event) => JSON.stringify(event))
        .join('\n')}\n`,
    );
    expect(await reader.next()).toEqual(other.slice(0, 3));
    await rm(workdir.events);
    expect(await reader.next()).toEqual([]);
  });

  it('is read by a state that follows', async () => {
    const run = syntheticRun({ followUps: 3 });
    const { workdir } = await syntheticWorkdir(run);
    await openRunLog(workdir).append(run.events.slice(0, 6));
    const live = new LiveState(workdir, run.config);
    const told: number[] = [];
    await live.catchUp(({ seq }) => told.push(seq));
    await rm(workdir.events);
    await openRunLog(workdir).append(run.events.slice(0, 5));
    await live.catchUp(({ seq }) => told.push(seq));
    expect(live.state.seq).toBe(5);
    await openRunLog(workdir).append(run.events.slice(5, 8));
    await live.catchUp(({ seq }) => told.push(seq));
    expect(live.state.seq).toBe(8);
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});
