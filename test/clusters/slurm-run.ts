/** A whole run on a real Slurm, whose engine is killed right after a submission and interrupted while a job runs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandRun, exitOf } from '../support/command-run.js';
import { interruptedToItsEnd } from '../support/interrupted-run.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../support/slurm.js';

let slurm: TestSlurm;

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
    const nodes = await interruptedToItsEnd(run, async () => {
      // Nobody ended what was running.
      const states = await slurm.done('squeue', '--noheader', '--states=all', '--format=%T');
      expect(states).not.toContain('CANCELLED');
    });
    const names = (await slurm.done('squeue', '--noheader', '--states=all', '--format=%j')).split('\n').sort();
    expect(names.map((name) => name.split('-').at(-1))).toEqual(nodes);
  }, 300_000);
});
