import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostHold } from '../../../domain/run/slots.js';
import { processIdentity } from '../../../host/process-identity.js';
import { JobFixture, linesOf, untilGone } from '../../activities/job-fixture.js';

/** Two runs on one host. */
let first: JobFixture;
let second: JobFixture;
beforeEach(async () => {
  first = await JobFixture.make();
  second = await JobFixture.make();
  vi.stubEnv('AUTORESEARCH_SLOTS_DIR', first.file('slots'));
});
afterEach(async () => {
  await writeFile(first.file('go'), '');
  for (const jobs of [first, second]) await jobs.platform.cancel('local_n1');
  for (const jobs of [first, second]) await jobs.remove();
  vi.unstubAllEnvs();
});

const ALONE: HostHold = { machine: 'exclusive', resources: [] };
const own = (...resources: string[]): HostHold => ({ machine: 'shared', resources });

/** Writes its name when it starts and when it ends, and ends when it is told to. */
const busy = (name: string) => {
  const ledger = first.file('ledger');
  return `echo ${name} >> ${ledger}; until [ -e ${first.file('go')} ]; do sleep 0.02; done; echo ${name} >> ${ledger}`;
};
const brief = (name: string) => `echo ${name} >> ${first.file('ledger')}`;

async function launch(jobs: JobFixture, command: string, hold: HostHold | null, nodeId = 'n1') {
  return jobs.platform.launch(await jobs.request(nodeId, command, { hold }));
}

describe('a job that holds something of its host', () => {
  it.each<[string, HostHold, HostHold]>([
    ['the machine', ALONE, ALONE],
    ['the machine, after a slot', own('gpu-0'), ALONE],
    ['a slot, after the machine', ALONE, own('gpu-0')],
    ['a resource that another one has among others', own('cpu-0', 'cpu-1'), own('cpu-1', 'cpu-2')],
  ])('waits for %s, which another run has, before it starts and before its time counts', async (_, held, wanted) => {
    const before = await launch(first, busy('first'), held);
    await linesOf(first.file('ledger'), 1);
    const { jobId } = await launch(second, brief('second'), wanted);
    expect(await second.platform.status(jobId)).toEqual({ state: 'pending' });
    // A launch that runs twice finds the one that waits.
    expect(await launch(second, brief('second'), wanted)).toMatchObject({ jobId });
    await writeFile(first.file('go'), '');
    const [one, two] = [await first.end(before.jobId), await second.end(jobId)];
    expect(two).toMatchObject({ returnCode: 0, cause: 'exit' });
    expect(two.startedAtMs).toBeGreaterThanOrEqual(one.endedAtMs);
    expect(await linesOf(first.file('ledger'), 3)).toEqual(['first', 'first', 'second']);
    expect(existsSync(second.context.workdir.job(jobId, 'waiting.json'))).toBe(false);
    expect((await second.record(jobId)).waited_s).toBeGreaterThan(0);
  });

  it.each<[string, HostHold | null, HostHold | null]>([
    ['each has its own', own('gpu-0'), own('gpu-1')],
    ['one holds nothing', ALONE, null],
  ])('does not wait when %s', async (_, held, wanted) => {
    await launch(first, busy('first'), held);
    await linesOf(first.file('ledger'), 1);
    const { jobId } = await launch(second, brief('second'), wanted);
    expect(await second.end(jobId)).toMatchObject({ returnCode: 0 });
  });

  it('is not overtaken without end: who waits for the machine comes before slots that ask later', async () => {
    await launch(first, busy('first'), own('gpu-0'));
    await linesOf(first.file('ledger'), 1);
    await launch(second, brief('machine'), ALONE);
    const later = await launch(second, brief('later'), own('gpu-1'), 'n2');
    await writeFile(first.file('go'), '');
    await second.end(later.jobId);
    expect(await linesOf(first.file('ledger'), 4)).toEqual(['first', 'first', 'machine', 'later']);
  });

  it('keeps what it holds when its runner is killed, and leaves nothing behind when all are', async () => {
    const held = await launch(first, busy('first'), ALONE);
    await linesOf(first.file('ledger'), 1);
    const { runner_pid, pid } = (await first.record(held.jobId)) as { runner_pid: number; pid: number };
    process.kill(runner_pid, 'SIGKILL');
    await untilGone(runner_pid);
    const { jobId } = await launch(second, brief('second'), ALONE);
    expect(await second.platform.status(jobId)).toEqual({ state: 'pending' });
    process.kill(-pid, 'SIGKILL');
    expect(await second.end(jobId)).toMatchObject({ returnCode: 0 });
  });

  it('can be cancelled while it waits, and never starts', async () => {
    await launch(first, busy('first'), ALONE);
    await linesOf(first.file('ledger'), 1);
    const { jobId } = await launch(second, brief('second'), ALONE);
    await second.platform.cancel(jobId);
    expect(await second.platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
    expect(await linesOf(first.file('ledger'), 1)).toEqual(['first']);
  });

  it('is lost when its runner is killed while it waits, and another launch starts it after all', async () => {
    await launch(first, busy('first'), ALONE);
    await linesOf(first.file('ledger'), 1);
    const { jobId } = await launch(second, brief('second'), ALONE);
    const waiting = second.context.workdir.job(jobId, 'waiting.json');
    const { runner_pid } = JSON.parse(await readFile(waiting, 'utf8')) as { runner_pid: number };
    process.kill(runner_pid, 'SIGKILL');
    while ((await processIdentity(runner_pid)) !== null) await sleep(20);
    expect(await second.platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'lost' });
    await launch(second, brief('second'), ALONE);
    await writeFile(first.file('go'), '');
    expect(await second.end(jobId)).toMatchObject({ returnCode: 0 });
    expect(await linesOf(first.file('ledger'), 3)).toEqual(['first', 'first', 'second']);
  });

  it('is refused where others could write the locks', async () => {
    await mkdir(first.file('slots'));
    await chmod(first.file('slots'), 0o777);
    await expect(launch(first, 'true', ALONE)).rejects.toThrow(/slots must be a folder that only its owner can write/);
  });
});

describe('a job with CPUs of its own', () => {
  it('is kept on them, with all that it starts', async () => {
    const [cpu = 0] = await allowedCpus();
    const request = await first.request('n1', 'grep Cpus_allowed_list /proc/self/status', { cpus: [cpu] });
    const { jobId } = await first.platform.launch(request);
    await first.end(jobId);
    const { stdout } = await first.platform.logs(jobId, 1000);
    expect(stdout.trim()).toBe(`Cpus_allowed_list:\t${cpu}`);
  });

  it('says so when the host does not have them', async () => {
    const { jobId } = await first.platform.launch(await first.request('n1', 'true', { cpus: [65_000] }));
    expect(await first.end(jobId)).toMatchObject({ returnCode: 126 });
    expect((await first.platform.logs(jobId, 1000)).stderr).toContain('the command was not started');
  });
});

async function allowedCpus(): Promise<number[]> {
  const shown = spawn('python3', ['-c', 'import os; print(*sorted(os.sched_getaffinity(0)))']);
  const [text] = (await once(shown.stdout, 'data')) as [Buffer];
  return text.toString().trim().split(' ').map(Number);
}
