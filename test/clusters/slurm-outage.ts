/**
 * A whole run on a real Slurm whose controller is down for a while in the midst of it (AUTORESEARCH_OUTAGE_S seconds):
 * jobs go on and are collected, what could not be submitted is submitted later, and nothing fails.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusAnswer } from '../../client/run/run-status.js';
import { CommandRun, exitOf } from '../support/command-run.js';
import { noSlurmBecause, onSlurm, TestSlurm } from '../support/slurm.js';

const OUTAGE_S = Number(process.env.AUTORESEARCH_OUTAGE_S ?? 20);
/** Submissions are tried again at pauses that double up to five minutes. */
const LIMIT_MS = (120 + 3 * OUTAGE_S) * 1000;

let slurm: TestSlurm;

describe.runIf(noSlurmBecause === null)(onSlurm('a run whose scheduler is down'), () => {
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm?.stop());

  it(
    `for ${OUTAGE_S} s has lost nothing`,
    async () => {
      const flags = ['--platform', 'slurm', '--max-concurrency', '2', '--max-iterations', '1'];
      await using run = await CommandRun.create({ jobSeconds: 5, planSize: 2, flags });
      const end = exitOf(run.start(...run.firstFlags()));
      await run.untilEvent((event) => event.type === 'job_launched' && event.nodeId === '000_headspace');
      await slurm.stopController();
      await slurm.callsSince();
      const [, heard] = await Promise.all([sleep(OUTAGE_S * 1000), saidMeanwhile(run)]);
      const events = (await run.events()).length;
      const calls = await slurm.callsSince();
      await slurm.startController();
      const { code, output } = await end;
      expect(code, output).toBe(0);
      expect(heard).toMatch(/slurm|scheduler|controller/i);
      const all = await run.events();
      expect(all.filter(({ type }) => /fail|cancel|withdrawn/.test(type))).toEqual([]);
      const started = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
      expect(started.sort()).toEqual(['000_baseline', '000_headspace', '001_mtp', '002_c2_b16', '003_c3_b16']);
      // Two are watched and one is submitted: no storm of calls at a scheduler that is down.
      expect(calls.length).toBeLessThanOrEqual(2 * OUTAGE_S + 10);
      console.log(
        `down for ${OUTAGE_S} s: ${calls.length} calls, ${events} events before its return, ${all.length} at the end`,
      );
    },
    LIMIT_MS,
  );
});

/** What a person reads in `status` of the submission that does not come through. */
async function saidMeanwhile(run: CommandRun): Promise<string> {
  for (;;) {
    const { stdout } = await run.command('status', run.workdir, '--json');
    const { stalled, overview } = JSON.parse(stdout) as StatusAnswer;
    const waits = overview?.under_way.flatMap(({ waits }) => waits?.reason ?? []) ?? [];
    const said = [...stalled.map(({ failure }) => failure), ...waits];
    if (said.length > 0) return said.join('\n');
    await sleep(500);
  }
}
