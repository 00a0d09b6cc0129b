/** A run whose processes are killed goes on where it was: nothing is lost, run twice or paid twice. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { bookedUsd } from '../support/booked-money.js';
import { beforeEnd, CommandRun, exitOf, killed, killPid } from '../support/command-run.js';

const TWO_ROUNDS = ['--max-concurrency', '2', '--max-iterations', '2'];
const NODES = ['000_baseline', '000_headspace', '001_mtp', '002_c2_b16', '003_c3_b16', '004_c4_b16', '005_c6_b16'];

const launched = (nodeId: string) => (event: EngineEvent) => event.type === 'job_launched' && event.nodeId === nodeId;

/** What must be true of a run after any disturbance. */
async function expectWhole(run: CommandRun): Promise<void> {
  const jobs = await run.jobLedger();
  for (const nodeId of NODES) {
    const starts = jobs.filter((line) => line.node === nodeId && line.event === 'start');
    expect(starts, `starts of ${nodeId}`).toHaveLength(1);
    const commit = (await readFile(join(run.workdir, 'runs', nodeId, 'commit.txt'), 'utf8')).trim();
    const { stdout } = await execa('git', ['show', `${commit}:train.py`], {
      cwd: run.source,
      stripFinalNewline: false,
    });
    const { stdout: hash } = await execa('sha1sum', { input: stdout });
    expect(starts[0]?.source, `code of ${nodeId}`).toBe(hash.split(' ')[0]);
    expect(starts[0]?.path).toBe(join(run.workdir, 'trees', nodeId, 'train.py'));
  }
  expect(jobs.filter(({ event }) => event === 'start')).toHaveLength(NODES.length);
  const calls = (await run.agentLedger()).map(({ phase, node }) => `${phase} ${node}`);
  const perNode = calls.filter((call) => !call.startsWith('plan'));
  expect(new Set(perNode).size, 'no answer is paid for twice').toBe(perNode.length);
  const tree = (await run.json('engine', 'tree.json')) as { node_id: string; status: string }[];
  expect(tree.map(({ node_id, status }) => `${node_id} ${status}`)).toEqual(
    NODES.map((nodeId) => `${nodeId} completed`),
  );
  expect(await run.json('engine', 'engine_state.json')).toMatchObject({
    status: 'stopped',
    completed: NODES.length,
    failed: 0,
  });
  expect((await execa('git', ['status', '--porcelain'], { cwd: run.source })).stdout).toBe('?? notes.txt');
}

describe('a run that is disturbed', () => {
  let run: CommandRun;
  beforeAll(async () => {
    run = await CommandRun.create({ jobSeconds: 1, agentSeconds: 0.3 });
  });
  afterAll(() => run[Symbol.asyncDispose]());

  it('goes on after kill -9 of the engine, of its server as well, and Ctrl+C', async () => {
    // While a job runs.
    const first = run.start(...run.firstFlags(), ...TWO_ROUNDS);
    await beforeEnd(first, run.untilEvent(launched('001_mtp')));
    await killed(first);

    // With an agent call on its way.
    const second = run.start();
    await beforeEnd(
      second,
      run.untilEvent((event) => event.type === 'planning_started'),
    );
    await Promise.all([killed(second), killPid(await run.serverPid())]);

    // Jobs end meanwhile.
    const third = run.start();
    const exit = exitOf(third);
    await beforeEnd(third, run.untilEvent(launched('003_c3_b16')));
    third.kill('SIGINT');
    const interrupted = await exit;
    expect(interrupted.code, interrupted.output).toBe(130);
    expect(interrupted.output).toContain(`autoresearch run ${run.workdir}`);
    expect(await run.json('engine', 'checkpoint.json')).toMatchObject({ status: 'interrupted' });
    while ((await run.jobLedger()).filter(({ event }) => event === 'end').length < 5) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }

    const { code, output } = await exitOf(run.start());
    expect(code, output).toBe(0);
    await expectWhole(run);
  }, 400_000);

  it('is run again after its end: nothing is asked, and nothing booked, twice', async () => {
    const [paid, booked] = [await run.agentLedger(), bookedUsd(await run.events())];
    expect(paid.length).toBeGreaterThan(0);
    const again = await exitOf(run.start());
    expect(again.code, again.output).toBe(0);
    expect(await run.agentLedger()).toEqual(paid);
    expect(bookedUsd(await run.events())).toBe(booked);
  }, 120_000);
});
