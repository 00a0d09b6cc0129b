import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HostIdentity, thisHost } from '../../../host/host-identity.js';
import { packageFile } from '../../../host/package-files.js';
import { isSameProcess, processIdentity } from '../../../host/process-identity.js';
import { runnerPython } from '../../../host/runner-python.js';
import { ProgramInterrupted } from '../../../host/short-program.js';
import { createPlatform, platformProblem } from '../../../jobs/platforms/index.js';
import { startRunner } from '../../../jobs/platforms/job-runner.js';
import { LocalPlatform } from '../../../jobs/platforms/local.js';
import { jobNameOf } from '../../../jobs/platforms/platform.js';
import { FIXTURES, JobFixture, linesOf, RUN, runnersOf, untilGone } from '../../activities/job-fixture.js';
import { removeFolder } from '../../support/remove-folder.js';

let jobs: JobFixture;
beforeEach(async () => {
  jobs = await JobFixture.make();
});
afterEach(() => jobs.remove());

const FAMILY = join(FIXTURES, 'family.py');

/** name -> pid, as the members of the family wrote them. */
async function family(ledger: string): Promise<Map<string, number>> {
  const lines = await linesOf(ledger, 4);
  return new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

async function livingOf(pids: Iterable<number>): Promise<number[]> {
  const living: number[] = [];
  for (const pid of pids) if ((await processIdentity(pid)) !== null) living.push(pid);
  return living;
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

describe('a runner that waits for its job', () => {
  const name = jobNameOf(RUN, 'n1');
  const dir = () => jobs.context.workdir.job('local_n1');

  async function waiting(): Promise<number> {
    jobs.platform.makeReady(name);
    jobs.platform.makeReady(name);
    for (;;) {
      const [pid, ...others] = await runnersOf(dir());
      expect(others).toEqual([]);
      if (pid !== undefined) return pid;
      await sleep(10);
    }
  }

  it('is told it, and has left nothing before', async () => {
    const pid = await waiting();
    expect(await stat(dir()).catch(() => null)).toBeNull();
    expect(await jobs.platform.find(name)).toBeNull();
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'echo out; exit 3'));
    expect(await jobs.end(jobId)).toMatchObject({ returnCode: 3, cause: 'exit' });
    expect(await jobs.record(jobId)).toMatchObject({ runner_pid: pid });
    expect((await jobs.platform.logs(jobId, 1000)).stdout).toBe('out\n');
    await untilGone(pid);
  });

  it('is replaced where it was killed, and the job runs once', async () => {
    const request = await jobs.request('n1', `echo once >> ${jobs.file('ledger')}`);
    killIfAlive(await waiting());
    const { jobId } = await jobs.platform.launch(request);
    expect(await jobs.end(jobId)).toMatchObject({ returnCode: 0 });
    expect(await readFile(jobs.file('ledger'), 'utf8')).toBe('once\n');
  });

  it('ends where its job is not to start', async () => {
    const pid = await waiting();
    jobs.platform.dropReady(name);
    await untilGone(pid);
    expect(await stat(dir()).catch(() => null)).toBeNull();
  });

  it('ends with whoever started it', async () => {
    const runner = packageFile('probe', 'autoresearch_job');
    const starter = spawn('bash', ['-c', `sleep 600 | (exec python3 -I -S ${runner} await ${dir()})`]);
    const sleeper = async () => {
      const all = (await readdir('/proc')).filter((each) => /^\d+$/.test(each));
      const facts = all.map(async (each) => [
        Number(each),
        await readFile(`/proc/${each}/cmdline`, 'utf8').catch(() => ''),
        await readFile(`/proc/${each}/status`, 'utf8').catch(() => ''),
      ]);
      const own = (await Promise.all(facts)) as [number, string, string][];
      return own.filter(([, , status]) => status.includes(`PPid:\t${starter.pid}\n`));
    };
    const found = async (word: string) => (await sleeper()).find(([, line]) => line.includes(word))?.[0];
    while ((await found('await')) === undefined || (await found('sleep')) === undefined) await sleep(20);
    const pid = (await found('await'))!;
    killIfAlive((await found('sleep'))!);
    await untilGone(pid);
    expect(await stat(dir()).catch(() => null)).toBeNull();
  });
});

describe('a local job', () => {
  it('runs, and leaves the files of its format', async () => {
    const before = Date.now();
    const { jobId, launchedAtMs } = await jobs.platform.launch(
      await jobs.request('n1', 'echo out; echo err >&2; exit 3'),
    );
    expect(jobId).toBe('local_n1');
    expect(launchedAtMs).toBeGreaterThanOrEqual(before - 1000);
    const end = await jobs.end(jobId);
    expect(end).toMatchObject({ returnCode: 3, cause: 'exit' });
    expect(end.endedAtMs).toBeGreaterThanOrEqual(end.startedAtMs);
    expect(await jobs.platform.logs(jobId, 1000)).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
    expect(await jobs.platform.logs(jobId, 3)).toMatchObject({ stdout: 'ut\n', stderr: 'rr\n' });
    expect(await readFile(jobs.context.workdir.job(jobId, 'returncode.txt'), 'utf8')).toBe('3\n');
    expect(await jobs.record(jobId)).toMatchObject({
      job_id: 'local_n1',
      node_id: 'n1',
      command: 'echo out; echo err >&2; exit 3',
      requested_command: 'echo out; echo err >&2; exit 3',
      returncode: 3,
      mode: 'full',
      timeout_s: 60,
      cause: 'exit',
    });
  });

  it('sees its own environment, directory and nothing else', async () => {
    const request = await jobs.request('n1', 'env; pwd', { env: { PATH: process.env.PATH ?? '', A: 'x y' } });
    const { jobId } = await jobs.platform.launch(request);
    await jobs.end(jobId);
    const { stdout } = await jobs.platform.logs(jobId, 10_000);
    expect(stdout).toContain('A=x y\n');
    expect(stdout).toContain(`${request.cwd}\n`);
    expect(stdout).not.toContain('HOME=');
    // The environment may hold what should not lie around in files.
    expect(JSON.stringify(await jobs.record(jobId))).not.toContain('x y');
  });

  it('says so when its directory is missing', async () => {
    const request = await jobs.request('n1', 'true', { cwd: jobs.file('nowhere') });
    const { jobId } = await jobs.platform.launch(request);
    expect(await jobs.end(jobId)).toMatchObject({ returnCode: 126, cause: 'exit' });
    expect((await jobs.platform.logs(jobId, 1000)).stderr).toContain('nowhere');
  });

  it('samples CPU and memory of its processes', async () => {
    // It says which share of a CPU it had: little of one on a machine that does much else.
    const busy = [
      'import time; b = bytearray(80 << 20); t = time.time(); used = time.process_time()',
      'while time.time() < t + 2.6: pass',
      'print(100 * (time.process_time() - used) / (time.time() - t))',
    ].join('\n');
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', `python3 -c "${busy}"; exit 0`));
    await jobs.end(jobId);
    const hadPct = Number((await jobs.platform.logs(jobId, 100)).stdout);
    expect(hadPct).toBeGreaterThan(0);
    const [header, ...rows] = (await readFile(join(jobs.context.workdir.metrics('n1'), 'system.tsv'), 'utf8'))
      .trim()
      .split('\n');
    expect(header).toBe('time_s\tcpu_pct\trss_mb\tsm_pct\tgpu_mem_mb\tothers_cpu_pct');
    const samples = rows.map((row) => row.split('\t').map(Number));
    expect(samples.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...samples.map((s) => s[1] ?? 0))).toBeGreaterThan(hadPct / 2);
    expect(Math.max(...samples.map((s) => s[2] ?? 0))).toBeGreaterThan(80);
  });

  it('sees what other work uses on its CPUs, and does not take its own for that', async () => {
    const [cpu = '0'] = /Cpus_allowed_list:\s*(\d+)/.exec(await readFile('/proc/self/status', 'utf8'))?.slice(1) ?? [];
    const spin = (file: string) => `until [ -e ${jobs.file(file)} ]; do :; done`;
    const cpus = [Number(cpu)];
    // Of the one CPU, what a second busy job takes is lost to the first.
    const alone = await jobs.platform.launch(await jobs.request('n1', spin('go1'), { cpus }));
    const samples = async (count: number) =>
      (await linesOf(join(jobs.context.workdir.metrics('n1'), 'system.tsv'), count + 1)).slice(1).map((row) => {
        const cells = row.split('\t');
        return { own: Number(cells[1]), others: Number(cells[5]) };
      });
    const first = (await samples(4)).slice(1);
    const beside = await jobs.platform.launch(await jobs.request('n2', spin('go2'), { cpus }));
    const both = (await samples(9)).slice(5);
    await writeFile(jobs.file('go1'), '');
    await writeFile(jobs.file('go2'), '');
    await Promise.all([jobs.end(alone.jobId), jobs.end(beside.jobId)]);
    for (const { own, others } of [...first, ...both]) expect(own + others).toBeLessThan(140);
    const least = Math.min(...both.map(({ others }) => others));
    expect(least).toBeGreaterThan(25);
  }, 30_000);

  it('takes GPU numbers from nvidia-smi, summed and averaged over the GPUs', async () => {
    await writeFile(
      jobs.file('nvidia-smi'),
      '#!/bin/sh\nwhile :; do echo "0, 50, 1000"; echo "1, 70, 500"; sleep 0.2; done\n',
      { mode: 0o755 },
    );
    const env = { PATH: `${jobs.root}:${process.env.PATH}` };
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'sleep 2.5', { env }));
    await jobs.end(jobId);
    const rows = await linesOf(join(jobs.context.workdir.metrics('n1'), 'system.tsv'), 2);
    expect(rows.at(-1)?.split('\t').slice(3, 5)).toEqual(['60.0', '1500']);
  });

  describe('beside other work on its GPUs', () => {
    /** What `nvidia-smi pmon` prints in this test; JOB is the job's pid. Of its arguments, it tells the GPUs. */
    async function looksAt(table: string[], env: Record<string, string> = {}) {
      const [pid, go, asked] = [jobs.file('pid'), jobs.file('go'), jobs.file('asked')];
      const show = table.map((line) => `echo "${line}"`).join('; ');
      await writeFile(
        jobs.file('nvidia-smi'),
        `#!/bin/sh\n[ "$1" = pmon ] || exit 9\necho "$@" > ${asked}\nuntil [ -s ${pid} ]; do sleep 0.02; done\nread JOB < ${pid}\n${show}\n`,
        { mode: 0o755 },
      );
      const command = `echo $$ > ${pid}.tmp; mv ${pid}.tmp ${pid}; until [ -e ${go} ]; do sleep 0.02; done`;
      const request = await jobs.request('n1', command, { env: { PATH: `${jobs.root}:${process.env.PATH}`, ...env } });
      const { jobId } = await jobs.platform.launch(request);
      const path = (name: string) => join(jobs.context.workdir.metrics('n1'), name);
      return {
        asked: async () => (await linesOf(asked, 1))[0],
        /** The GPUs that were seen, and what others did there, once there are so many. */
        seen: async (count: number) => {
          const [, ...rows] = await linesOf(path('gpu_others.tsv'), count + 1);
          return rows.map((row) => row.split('\t').slice(1));
        },
        end: async () => {
          await writeFile(go, '');
          await jobs.end(jobId);
        },
      };
    }
    const HEADER = [
      '# gpu         pid  type    sm   mem   enc   dec   command',
      '# Idx           #   C/G     %     %     %     %   name',
    ];
    /** A process that lives, and is none of the job's. */
    const other = process.pid;
    /** Above what Linux numbers processes with. */
    const NOBODY = 5_000_000;

    it('sees what others do on the GPUs that it may use, and not what it does', async () => {
      const job = await looksAt(
        [
          ...HEADER,
          '    0  $JOB     C    60    20     -     -   python',
          `    0  ${other}     C    25    20     -     -   python`,
          `    0  ${other}     G     3     1     -     -   Xorg`,
          '    1      -     -     -     -     -     -   -',
          `    2  ${other}     C     -     -     -     -   python`,
          `    2  $JOB     C     5     0     -     -   python`,
          `    3  ${other}     C     -     -     -     -   python`,
          `    4  ${NOBODY}     C     50     -     -     -   python`,
          `    5  ${other}     C     70     -     -     -   python`,
        ],
        { CUDA_VISIBLE_DEVICES: '0,1,2,3,4,5' },
      );
      const seen = await job.seen(5);
      expect(await job.asked()).toBe('pmon -c 1 -s u -i 0,1,2,3,4,5');
      await job.end();
      expect(Object.fromEntries(seen.map(([gpu, ...others]) => [gpu, others]))).toEqual({
        0: ['2', '28'],
        1: ['0', '0'],
        2: ['1', '0'],
        // One that the GPU does not tell of, and none of a pid that is nobody's here: it may be the job's own.
        3: ['1', ''],
        5: ['1', '70'],
      });
    });

    it('counts the GPUs that it uses where it was given none, whatever columns the driver shows', async () => {
      const job = await looksAt([
        '# gpu         pid   type     sm    mem    enc    dec    jpg    ofa    command ',
        '# Idx           #    C/G      %      %      %      %      %      %    name ',
        `    0  ${other}     C     90     10      -      -      -      -    python`,
        `    1  $JOB     C     40     10      -      -      -      -    python`,
        `    1  ${other}     C     30     10      -      -      -      -    python`,
      ]);
      const seen = await job.seen(1);
      expect(await job.asked()).toBe('pmon -c 1 -s u');
      await job.end();
      expect(seen).toEqual([['1', '1', '30']]);
    });
  });

  it('outlives metrics that cannot be written', async () => {
    await writeFile(jobs.file('no-folder'), '');
    const request = await jobs.request('n1', 'sleep 0.3; echo done', { metricsDir: jobs.file('no-folder/metrics') });
    const { jobId } = await jobs.platform.launch(request);
    expect(await jobs.end(jobId)).toMatchObject({ returnCode: 0 });
    expect(await readFile(jobs.context.workdir.job(jobId, 'runner.log'), 'utf8')).toContain('no system metrics');
  });
});

describe('launching again', () => {
  it('finds the job, running or ended', async () => {
    expect(await jobs.platform.find(jobNameOf(RUN, 'n1'))).toBeNull();
    const first = await jobs.platform.launch(await jobs.request('n1', 'true'));
    expect(await jobs.platform.find(jobNameOf(RUN, 'n1'))).toEqual(first);
    await jobs.end(first.jobId);
    expect(await jobs.platform.find(jobNameOf(RUN, 'n1'))).toEqual(first);
  });

  it('starts one command, however many launch at once and after it', async () => {
    const request = await jobs.request('n1', `echo ran >> '${jobs.file('ledger')}'; sleep 0.5`);
    const others = new LocalPlatform(jobs.context);
    const launched = await Promise.all([1, 2, 3, 4].map((n) => (n % 2 ? jobs.platform : others).launch(request)));
    expect(new Set(launched.map((job) => JSON.stringify(job))).size).toBe(1);
    await jobs.end('local_n1');
    expect(await jobs.platform.launch(request)).toEqual(launched[0]);
    expect(await linesOf(jobs.file('ledger'), 1)).toEqual(['ran']);
  });

  it('starts the command when an earlier runner died before it did', async () => {
    const request = await jobs.request('n1', `echo ran >> '${jobs.file('ledger')}'`);
    const dir = jobs.context.workdir.job('local_n1');
    // Killed as it reads its request: nothing was started.
    const dead = await startRunner(runnerPython(''), dir, {
      action: 'run',
      request: { ...request, job_id: 'x' } as never,
    });
    dead.kill('SIGKILL');
    if (dead.exitCode === null && dead.signalCode === null) await new Promise((resolve) => dead.once('exit', resolve));
    await rm(join(dir, 'claim'), { force: true });
    const stale = {
      job_id: 'local_n1',
      command: 'x',
      pid: 2 ** 22 + 1,
      started_at: 1,
      ended_at: null,
      returncode: null,
      cause: null,
    };
    await writeFile(join(dir, 'job.json'), JSON.stringify(stale));
    expect(await jobs.platform.find(request.jobName)).toBeNull();
    await jobs.platform.launch(request);
    expect(await jobs.end('local_n1')).toMatchObject({ returnCode: 0 });
    expect(await linesOf(jobs.file('ledger'), 1)).toEqual(['ran']);
  });

  /**
   * What a runner leaves that was killed right after it let its command go: a record, and a command without the claim.
   */
  async function undecided(nodeId: string): Promise<{ command: ChildProcess; dir: string }> {
    const command = spawn('sleep', ['600']);
    const dir = jobs.context.workdir.job(`local_${nodeId}`);
    const pid = command.pid ?? 0;
    await mkdir(dir, { recursive: true });
    const facts = {
      job_id: `local_${nodeId}`,
      command: 'x',
      pid,
      process_start: await processIdentity(pid),
      started_at: Date.now() / 1000,
      ended_at: null,
      returncode: null,
      cause: null,
      timeout_s: 60,
      stall_timeout_s: 0,
      metrics_dir: jobs.file('metrics'),
      kill_grace_s: 0.3,
    };
    await writeFile(join(dir, 'job.json'), JSON.stringify(facts));
    return { command, dir };
  }

  /** The runner has locked the directory, so that it is at work. */
  async function untilLocked(dir: string): Promise<void> {
    while ((await stat(join(dir, 'lock')).catch(() => null)) === null) await sleep(5);
    await sleep(50);
  }

  it('waits for the command of a runner that was killed, and starts its own when that one ended unstarted', async () => {
    const { command, dir } = await undecided('n1');
    const request = await jobs.request('n1', `echo ran >> '${jobs.file('ledger')}'`);
    const launching = jobs.platform.launch(request);
    await untilLocked(dir);
    expect(await stat(jobs.file('ledger')).catch(() => null)).toBeNull();
    command.kill('SIGKILL');
    await launching;
    expect(await jobs.end('local_n1')).toMatchObject({ cause: 'exit', returnCode: 0 });
    expect(await linesOf(jobs.file('ledger'), 1)).toEqual(['ran']);
  });

  it('takes over the command of a runner that was killed when that one takes the claim meanwhile', async () => {
    const { command, dir } = await undecided('n1');
    const launching = jobs.platform.launch(await jobs.request('n1', `echo ran >> '${jobs.file('ledger')}'`));
    await untilLocked(dir);
    await writeFile(join(dir, 'claim'), '{}');
    expect(await launching).toMatchObject({ jobId: 'local_n1' });
    while ((await jobs.record('local_n1')).runner_pid === undefined) await sleep(10);
    expect(await jobs.platform.status('local_n1')).toMatchObject({ state: 'running' });
    command.kill('SIGKILL');
    expect(await jobs.end('local_n1')).toMatchObject({ cause: 'lost', returnCode: null });
    expect(await stat(jobs.file('ledger')).catch(() => null)).toBeNull();
  });

  // Whatever instant the kill meets, the command has run once after the next launch, or is on record as started.
  it('starts one command when runners are killed at any instant', async () => {
    for (const delayMs of [0, 15, 25, 30, 35, 40, 45, 50, 60, 80]) {
      const nodeId = `n${delayMs}`;
      const request = await jobs.request(nodeId, `echo ran >> '${jobs.file(nodeId)}'`);
      const launching = jobs.platform.launch(request).catch(() => null);
      await sleep(delayMs);
      (await runnersOf(jobs.context.workdir.job(`local_${nodeId}`))).forEach(killIfAlive);
      await launching;
      if ((await jobs.platform.find(request.jobName)) === null) await jobs.platform.launch(request);
      await jobs.end(`local_${nodeId}`);
      expect(await linesOf(jobs.file(nodeId), 1)).toEqual(['ran']);
    }
  });

  it('says why when the runner cannot start', async () => {
    const broken = await JobFixture.make({ python: packageFile('test', 'fixtures', 'jobs', 'broken-python') });
    await expect(broken.platform.launch(await broken.request('n1', 'true'))).rejects.toThrow(
      /did not start.*no such module/s,
    );
    await broken.remove();
  });

  it('has failed at nothing when a Ctrl+C reaches the runner before that has a session of its own', async () => {
    const python = packageFile('test', 'fixtures', 'jobs', 'interrupted-python');
    const interrupted = await JobFixture.make({ python });
    const launching = interrupted.platform.launch(await interrupted.request('n1', 'true'));
    await expect(launching).rejects.toThrow(ProgramInterrupted);
    await interrupted.remove();
  });

  it('refuses a job of another run', async () => {
    await expect(jobs.platform.find('ar-other-n1')).rejects.toThrow(/not of this run/);
  });
});

describe('limits', () => {
  it('ends a job at its time limit, with all its descendants', async () => {
    const ledger = jobs.file('ledger');
    const { jobId } = await jobs.platform.launch(
      await jobs.request('n1', `python3 '${FAMILY}' '${ledger}'`, { timeoutS: 1.5 }),
    );
    const members = await family(ledger);
    expect([...members.keys()].sort()).toEqual(['child', 'daemon', 'own_session', 'parent']);
    const end = await jobs.end(jobId);
    expect(end.cause).toBe('timeout');
    expect(end.returnCode).not.toBe(0);
    expect(await livingOf(members.values())).toEqual([]);
    expect(await jobs.record(jobId)).toMatchObject({ cause: 'timeout' });
  });

  it('ends a job that prints nothing new, and no sooner', async () => {
    const request = await jobs.request('n1', 'for i in 1 2 3 4 5 6 7; do echo $i; sleep 0.3; done; sleep 60', {
      stallTimeoutS: 1,
    });
    const { jobId } = await jobs.platform.launch(request);
    expect(await jobs.end(jobId)).toMatchObject({ cause: 'stalled' });
    expect((await jobs.platform.logs(jobId, 100)).stdout).toContain('7\n');
  });

  it('ends a job whose directory was removed: nobody could learn of it any more', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'sleep 600'));
    const { pid, runner_pid } = await jobs.record(jobId);
    await removeFolder(jobs.context.workdir.root);
    await untilGone(Number(pid));
    await untilGone(Number(runner_pid));
  });

  it('leaves nothing running after an ordinary end', async () => {
    const ledger = jobs.file('ledger');
    const { jobId } = await jobs.platform.launch(
      await jobs.request('n1', `python3 '${FAMILY}' '${ledger}' --leave; echo $(wc -l < '${ledger}')`),
    );
    const members = await family(ledger);
    const end = await jobs.end(jobId);
    expect(end).toMatchObject({ cause: 'exit', returnCode: 0 });
    expect(await livingOf(members.values())).toEqual([]);
  });
});

describe('cancelling', () => {
  it('ends the job and its descendants, and may be repeated', async () => {
    const ledger = jobs.file('ledger');
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', `python3 '${FAMILY}' '${ledger}'`));
    const members = await family(ledger);
    await jobs.platform.cancel(jobId);
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
    expect(await livingOf(members.values())).toEqual([]);
    const record = await jobs.record(jobId);
    await jobs.platform.cancel(jobId);
    expect(await jobs.record(jobId)).toEqual(record);
  });

  it('lets a job save its state on TERM', async () => {
    const { jobId } = await jobs.platform.launch(
      await jobs.request('n1', 'trap "echo saved; exit 0" TERM; echo up; while :; do sleep 0.05; done'),
    );
    await linesOf(jobs.context.workdir.job(jobId, 'stdout.log'), 1);
    await jobs.platform.cancel(jobId);
    expect((await jobs.platform.logs(jobId, 100)).stdout).toBe('up\nsaved\n');
    expect(await jobs.platform.status(jobId)).toMatchObject({ cause: 'cancelled', returnCode: 0 });
  });

  it('does nothing to a job that has ended or never was', async () => {
    await jobs.platform.cancel('local_never');
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'exit 4'));
    await jobs.end(jobId);
    await jobs.platform.cancel(jobId);
    expect(await jobs.platform.status(jobId)).toMatchObject({ cause: 'exit', returnCode: 4 });
  });
});

describe('a runner that is killed', () => {
  const kill = async (jobId: string) => {
    const { runner_pid } = await jobs.record(jobId);
    process.kill(Number(runner_pid), 'SIGKILL');
    await untilGone(Number(runner_pid));
  };
  /** As if the job had begun so early that so much of its time is left; by then a slow host has killed its runner. */
  const leaveTime = async (jobId: string, leftS: number) => {
    const record = await jobs.record(jobId);
    const started_at = Date.now() / 1000 - Number(record.timeout_s) + leftS;
    await writeFile(jobs.context.workdir.job(jobId, 'job.json'), JSON.stringify({ ...record, started_at }));
  };

  it('does not end its job, which is watched on and keeps its limits', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', `echo up; sleep 600`));
    const { pid, process_start, runner_pid } = await jobs.record(jobId);
    await kill(jobId);
    await leaveTime(jobId, 5);
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
    expect(await isSameProcess(Number(pid), String(process_start))).toBe(true);
    while ((await jobs.record(jobId)).runner_pid === runner_pid) await sleep(20);
    expect(await jobs.end(jobId)).toMatchObject({ cause: 'timeout' });
    expect(await isSameProcess(Number(pid), String(process_start))).toBe(false);
  });

  it('leaves a job that ends meanwhile without a return code', async () => {
    const { jobId } = await jobs.platform.launch(
      await jobs.request('n1', `until [ -e '${jobs.file('go')}' ]; do sleep 0.02; done`),
    );
    const { pid } = await jobs.record(jobId);
    await kill(jobId);
    await writeFile(jobs.file('go'), '');
    await untilGone(Number(pid));
    expect(await jobs.end(jobId)).toMatchObject({ cause: 'lost', returnCode: null });
    // A lost job is an ended one: it is not started again.
    expect(await jobs.platform.find(jobNameOf(RUN, 'n1'))).toMatchObject({ jobId });
  });

  it('does not take a job for lost that runs on another host, until its time is over', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'sleep 600'));
    const { pid } = await jobs.record(jobId);
    await kill(jobId);
    process.kill(Number(pid), 'SIGKILL');
    await untilGone(Number(pid));
    const path = jobs.context.workdir.job(jobId, 'job.json');
    const record = JSON.parse(await readFile(path, 'utf8')) as { host: HostIdentity; timeout_s: number };
    expect(record.host).toEqual(await thisHost());
    const host = { ...record.host, name: 'node-b', machine: 'b', boot: 'b' };
    const as = async (more: object) => {
      await writeFile(path, JSON.stringify({ ...record, host, ...more }));
      return (await new LocalPlatform(jobs.context).status(jobId)).state;
    };
    expect(await as({})).toBe('running');
    // The same machine before it was started anew: what it ran ended with that life.
    expect(await as({ host: { ...record.host, boot: 'before' } })).toBe('ended');
    expect(await as({ started_at: Date.now() / 1000 - record.timeout_s - 3600 })).toBe('ended');
  });

  it('leaves a job whose end and whose leftovers the next look takes care of', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', `echo up; sleep 600 & echo $!; wait`));
    const [, child] = await linesOf(jobs.context.workdir.job(jobId, 'stdout.log'), 2);
    const { pid } = await jobs.record(jobId);
    await kill(jobId);
    process.kill(Number(pid), 'SIGKILL');
    await untilGone(Number(pid));
    expect(await processIdentity(Number(child))).not.toBeNull();
    const next = new LocalPlatform(jobs.context);
    const [end, again] = await Promise.all([next.status(jobId), next.status(jobId)]);
    expect(end).toMatchObject({ state: 'ended', cause: 'lost', returnCode: null });
    expect(again).toEqual(end);
    expect(await processIdentity(Number(child))).toBeNull();
    const { mtimeMs } = await stat(jobs.context.workdir.job(jobId, 'stdout.log'));
    const record = await jobs.record(jobId);
    expect(record).toMatchObject({ cause: 'lost', returncode: null });
    expect(Number(record.ended_at) * 1000).toBeCloseTo(mtimeMs, -1);
    expect(await jobs.platform.status(jobId)).toEqual(end);
  });

  it('leaves an end that it had half written: the next look writes the rest', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'exit 3'));
    const end = await jobs.end(jobId);
    const { runner_pid } = await jobs.record(jobId);
    await untilGone(Number(runner_pid));
    const path = jobs.context.workdir.job(jobId, 'returncode.txt');
    await rm(path);
    expect(await jobs.platform.status(jobId)).toEqual(end);
    expect(await readFile(path, 'utf8')).toBe('3\n');
  });

  it('leaves a job that nobody watched past its limit: the next look has it ended', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', `echo up; sleep 600`));
    const { pid } = await jobs.record(jobId);
    await kill(jobId);
    await leaveTime(jobId, -1);
    expect(await processIdentity(Number(pid))).not.toBeNull();
    expect(await jobs.end(jobId)).toMatchObject({ cause: 'timeout' });
    expect(await processIdentity(Number(pid))).toBeNull();
  });

  it('does not keep its job from being cancelled', async () => {
    const ledger = jobs.file('ledger');
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', `python3 '${FAMILY}' '${ledger}'`));
    const members = await family(ledger);
    await kill(jobId);
    await jobs.platform.cancel(jobId);
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
    expect(await livingOf(members.values())).toEqual([]);
  });
});

describe('waitForChange', () => {
  it('resolves within a second of the end', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'sleep 0.5'));
    await jobs.platform.waitForChange(jobId, 60_000, new AbortController().signal);
    const status = await jobs.platform.status(jobId);
    expect(status.state === 'ended' && Date.now() - status.endedAtMs).toBeLessThan(1000);
  });

  it('resolves when its time is over, or when it is aborted', async () => {
    const { jobId } = await jobs.platform.launch(await jobs.request('n1', 'sleep 600'));
    await jobs.platform.waitForChange(jobId, 50, new AbortController().signal);
    const abort = new AbortController();
    const waiting = jobs.platform.waitForChange(jobId, 600_000, abort.signal);
    abort.abort();
    await waiting;
    expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
    await jobs.platform.cancel(jobId);
  });
});

describe('execution modes', () => {
  it('dry_run prints the command and runs nothing', async () => {
    const dry = await JobFixture.make({ local_execution_mode: 'dry_run' });
    const command = `touch '${dry.file('ran')}' "$X"`;
    const { jobId } = await dry.platform.launch(await dry.request('n1', command));
    expect(await dry.end(jobId)).toMatchObject({ returnCode: 0 });
    expect((await dry.platform.logs(jobId, 1000)).stdout).toBe(`${command}\n`);
    await expect(stat(dry.file('ran'))).rejects.toThrow('ENOENT');
    expect(await dry.record(jobId)).toMatchObject({ mode: 'dry_run', requested_command: command });
    await dry.remove();
  });

  it('dataloader_only tells the job', async () => {
    const loader = await JobFixture.make({ local_execution_mode: 'dataloader_only' });
    const { jobId } = await loader.platform.launch(await loader.request('n1', 'echo $AUTORESEARCH_DATALOADER_ONLY'));
    await loader.end(jobId);
    expect((await loader.platform.logs(jobId, 10)).stdout).toBe('1\n');
    await loader.remove();
  });
});

describe('createPlatform', () => {
  it.each(['auto', 'local'])('%s runs on this host', async (name) => {
    expect((await createPlatform(name, jobs.context)).name).toBe('local');
  });

  it('names the known ones when it knows no such platform', async () => {
    expect(await platformProblem('local')).toBeNull();
    await expect(createPlatform('lcoal', jobs.context)).rejects.toThrow(/one of auto, local.*not "lcoal"/);
    expect(await platformProblem('toString')).not.toBeNull();
  });
});

describe('runnerPython', () => {
  it('falls back to what is on PATH, and says what is missing', () => {
    expect(runnerPython('/nowhere/python')).toMatch(/python3?$/);
    expect(() => runnerPython('', '/nowhere')).toThrow(/no Python/);
  });
});
