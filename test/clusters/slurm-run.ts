/** A whole run on a real Slurm, whose engine is killed right after a submission and interrupted while a job runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { CommandRun, exitOf } from '../support/command-run.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../support/slurm.js';

let slurm: TestSlurm;

const launched = (nodeId: string) => (event: EngineEvent) => event.type === 'job_launched' && event.nodeId === nodeId;

describe.runIf(noSlurmBecause === null)(onSlurm('a run on Slurm'), () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm?.stop());

  it('has one job for each experiment, whatever befalls the engine', async () => {
    const flags = ['--platform', 'slurm', '--max-concurrency', '2', '--max-iterations', '1'];
    await using run = await CommandRun.create({ jobSeconds: 3, planSize: 2, flags });
    await slurm.killSubmitter();
    const first = await exitOf(run.start(...run.firstFlags()));
    expect(first.code, first.output).toBe(null);
    const second = run.start();
    const end = exitOf(second);
    await run.untilEvent(launched('001_mtp'));
    second.kill('SIGINT');
    expect(await end).toMatchObject({ code: 130 });
    // Nobody ended what was running.
    const states = await slurm.done('squeue', '--noheader', '--states=all', '--format=%T');
    expect(states).not.toContain('CANCELLED');
    const third = await exitOf(run.start());
    expect(third.code, third.output).toBe(0);
    const events = await run.events();
    expect(events.filter(({ type }) => /fail|cancel|withdrawn/.test(type))).toEqual([]);
    const nodes = ['000_baseline', '000_headspace', '001_mtp', '002_c2_b16', '003_c3_b16'];
    const started = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
    expect(started.sort()).toEqual(nodes);
    const names = (await slurm.done('squeue', '--noheader', '--states=all', '--format=%j')).split('\n').sort();
    expect(names.map((name) => name.split('-').at(-1))).toEqual(nodes);
  }, 300_000);
});
