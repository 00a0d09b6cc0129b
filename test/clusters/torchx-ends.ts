/**
 * Every way in which an app of the real torchx ends without its own doing, as a run tells it: the kind of failure, what
 * its scheduler says, and the next step for the reader; and a scheduler that is down meanwhile.
 */
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shellWord } from '../../domain/command/shell-word.js';
import type { FailureKind } from '../../domain/run/failure.js';
import { SchedulerBusy } from '../../jobs/clusters/scheduler.js';
import type { Platform } from '../../jobs/platforms/platform.js';
import { Bench, endOf, running } from '../support/platforms/conformance.js';
import { OUTAGE_LIMIT_MS, whileDown } from '../support/platforms/outage-time.js';
import { failureOf, told } from '../support/platforms/told-failure.js';
import { TorchxSpool, torchxPlatform } from '../support/platforms/torchx-bench.js';
import { removeFolder } from '../support/remove-folder.js';
import { onTorchx, torchxProgram } from '../support/torchx.js';

let spool: TorchxSpool;
let bench: Bench;
let platform: Platform;

describe.runIf(torchxProgram !== null)(onTorchx('an end through torchx'), { timeout: 180_000 }, () => {
  beforeEach(async () => {
    spool = await TorchxSpool.open();
    bench = await Bench.open({});
    platform = await torchxPlatform(bench.context);
  });
  afterEach(async () => {
    await spool.close();
    await removeFolder(bench.root);
  });

  it.each<[string, string, FailureKind, RegExp]>([
    ['takes too much memory', 'OOMKilled: the container used more than 500 MB', 'job_out_of_memory', /memory/],
    ['is pre-empted', 'the queue preempted the app', 'job_preempted', /partition or class/],
    ['loses its host', 'node failure of host-7', 'job_node_failed', /runs again by itself, once/],
  ])('of one that %s', async (_, said, kind, step) => {
    const failure = await failureOf({ bench, platform }, spool.command('sleep 600'), async (jobId) => {
      await running(platform, jobId);
      await spool.end(said);
    });
    expect(failure).toEqual(told(kind, new RegExp(said), step));
  });

  it('of one that hangs', async () => {
    const command = spool.command('echo begun; sleep 600');
    const failure = await failureOf({ bench, platform }, command, undefined, { stallTimeoutS: 2 });
    expect(failure).toEqual(told('job_stalled', /printed nothing new/, /deadlock/));
  });

  const waitsFor = async () => {
    const go = bench.file('go');
    const text = `until [ -e ${shellWord(go)} ]; do sleep 0.1; done; exit 3`;
    const { jobId } = await platform.launch(await bench.request('n1', spool.command(text)));
    await running(platform, jobId);
    await spool.setDown(true);
    await whileDown();
    const other = await torchxPlatform(bench.context);
    expect(await other.status(jobId)).toEqual({ state: 'pending', reason: 'the scheduler does not answer' });
    await writeFile(go, '');
    await expect(other.launch(await bench.request('n2', spool.command('true')))).rejects.toThrow(SchedulerBusy);
    await spool.setDown(false);
    expect(await endOf(other, jobId)).toMatchObject({ cause: 'exit', returnCode: 3 });
  };
  it(
    'is none where the scheduler is down meanwhile: the job is waited for, and nothing new begins',
    waitsFor,
    OUTAGE_LIMIT_MS,
  );
});
