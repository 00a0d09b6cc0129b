/** A provisional best that its repeats refute, in a run that is killed while it is provisional and while they run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { treeModel } from '../../domain/charts/tree-model.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { bookedUsd } from '../support/booked-money.js';
import { beforeEnd, CommandRun, exitOf, killed, killPid } from '../support/command-run.js';
import { recordOf } from '../support/run-record.js';

const LUCKY = '002_c2_b16';
const REPEAT = `${LUCKY}_repeat_1`;

const isProvisional = (event: EngineEvent) =>
  event.type === 'candidate_judged' && event.nodeId === LUCKY && event.judgement.verdict === 'provisional';
const isRepeated = (event: EngineEvent) => event.type === 'job_launched' && event.nodeId === REPEAT;

it('is told as refuted by state, tree and report, and costs what it cost, after kill -9 of engine and server', async () => {
  const env = { SLOW_NODES: `${LUCKY}_repeat` };
  await using run = await CommandRun.create({ repeats: true, jobSeconds: 1, planSize: 1, env });
  const limits = ['--max-iterations', '1', '--max-concurrency', '1'];
  const first = run.start(...run.firstFlags(), ...limits);
  await beforeEnd(first, run.untilEvent(isProvisional));
  await killed(first);
  const second = run.start();
  await beforeEnd(second, run.untilEvent(isRepeated));
  await Promise.all([killed(second), killPid(await run.serverPid())]);
  const { code, output } = await exitOf(run.start());
  expect(code, output).toBe(0);

  const events = await run.events();
  const verdicts = events.flatMap((event) =>
    event.type === 'candidate_judged' && event.nodeId === LUCKY ? [event.judgement.verdict] : [],
  );
  expect([verdicts[0], verdicts.at(-1)]).toEqual(['provisional', 'refuted']);
  expect(events.findLast(({ type }) => type === 'best_changed')).toMatchObject({
    nodeId: '000_baseline',
    insteadOf: LUCKY,
  });
  expect(await run.json('engine', 'engine_state.json')).toMatchObject({ status: 'stopped', failed: 0 });
  const nodes = (await run.json('engine', 'tree.json')) as { node_id: string; status: string }[];
  expect(nodes.filter(({ status }) => status !== 'completed')).toEqual([]);

  const starts = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
  expect(starts.sort(), 'each job ran once').toEqual(nodes.map(({ node_id }) => node_id).sort());
  const { stdout } = await run.command('status', run.workdir);
  expect(stdout).toMatch(new RegExp(`${LUCKY} .*refuted`));
  for (const file of ['report.md', 'summary.md'])
    expect(await readFile(join(run.workdir, file), 'utf8'), file).toContain(`${LUCKY} is refuted`);
  const boxes = treeModel(recordOf(events)).descendants();
  expect(boxes.find(({ data }) => data.title === LUCKY)?.data).toMatchObject({
    isBest: false,
    gain: expect.stringMatching(/refuted$/),
  });
  const calls = (await run.agentLedger()) as { phase: string; node: string; usd?: number }[];
  const paid = calls.reduce((sum, { usd = 0 }) => sum + usd, 0);
  expect(bookedUsd(events)).toBeCloseTo(paid, 6);
}, 200_000);
