import { appendFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCollectEvidence } from '../../activities/collect-evidence.js';
import type { Evidence } from '../../domain/evidence/evidence.js';
import { ConfigSchema, type RunConfig } from '../../domain/formats/config.js';
import { initialState } from '../../domain/run/engine-state.js';
import type { Platform } from '../../jobs/platforms/platform.js';
import { Workdir } from '../../workdir/paths.js';
import { removeFolder } from '../support/remove-folder.js';

let root: string;
let workdir: Workdir;
const NODE = '002_decode_c8';
const JOB = 'local_1';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evidence-'));
  workdir = new Workdir(join(root, 'workdir'));
  await put(workdir.run(NODE, 'job_id.txt'), `${JOB}\n`);
  await put(
    workdir.node(NODE, 'spec.json'),
    JSON.stringify({ name: 'decode_c8', launch_command: 'python train.py --batch_size=16' }),
  );
});
afterEach(() => removeFolder(root));

async function put(path: string, content: string | Buffer) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

function platformThat(more: Partial<Platform> = {}): Platform {
  return {
    name: 'local',
    find: async () => null,
    launch: async () => {
      throw new Error('evidence is collected, nothing is launched');
    },
    status: async () => ({ state: 'ended', startedAtMs: 1000, endedAtMs: 31_000, returnCode: 0, cause: 'exit' }),
    waitForChange: async () => {},
    logs: async () => ({ stdout: '', stderr: '' }),
    cancel: async () => {},
    ...more,
  };
}

const runLog = { state: async () => initialState('r1') };

function collect(platform = platformThat(), more: Partial<RunConfig> = {}, nodeId = NODE) {
  const source = join(root, 'source');
  const config = ConfigSchema.parse({
    run_id: 'r1',
    pipeline_script: join(source, 'train.py'),
    source_dir: source,
    base_launch_command: 'python train.py',
    ...more,
  });
  return makeCollectEvidence({ context: { workdir, config, log: () => {} }, platform, runLog })({
    run: 'r1',
    nodeId,
  });
}

const STEPS = Array.from({ length: 50 }, (_, i) => `[autoresearch] step=${i + 1} step_time_ms=40`).join('\n');

describe('collecting evidence', () => {
  it('gives the same files when it runs twice', async () => {
    await put(workdir.job(JOB, 'stdout.log'), `[autoresearch] cpu_cores=2\n${STEPS}\n`);
    await put(workdir.job(JOB, 'stderr.log'), 'warning: slow disk\n');
    const first = await collect();
    const files = ['evidence.json', 'pipeline_stats_log.txt', 'system_metrics.txt'].map((name) =>
      workdir.run(NODE, name),
    );
    const before = await Promise.all(files.map((path) => readFile(path, 'utf8')));
    expect(await collect()).toEqual(first);
    expect(await Promise.all(files.map((path) => readFile(path, 'utf8')))).toEqual(before);
    expect(first.metrics).toMatchObject({ steady_step_time_ms: 40, throughput_samples_per_s: 400 });
    expect(before[1]).toMatch(/^## stdout\.log\n\[autoresearch\] cpu_cores=2\n/);
    expect(before[1]).toContain('\n## stderr.log\n');
    expect(before[2]).toBe('(system metrics unavailable for this job)\n');
  });

  it('finds the run’s own metric, and the same again', async () => {
    const metric = { name: 'speed', direction: 'lower', pattern: 'took ([0-9.]+)' } as const;
    await put(workdir.job(JOB, 'stdout.log'), `${STEPS}\nepoch took 12.5 s\n`);
    const first = await collect(platformThat(), { metric });
    expect(first.metrics.custom).toEqual({ name: 'speed', direction: 'lower', value: 12.5, unitS: 1 });
    expect(first.metrics.throughput_samples_per_s).toBe(400);
    expect(await collect(platformThat(), { metric })).toEqual(first);
  });

  it('a job without the run’s own metric cannot be compared by another number', async () => {
    const metric = { name: 'speed', direction: 'higher', pattern: 'at ([0-9.]+)' } as const;
    await put(workdir.job(JOB, 'stdout.log'), `${STEPS}\n`);
    await expect(collect(platformThat(), { metric })).rejects.toMatchObject({
      type: 'metrics_collection_failed',
      message: /cannot be compared by speed .*found no number/,
    });
  });

  it('reads logs that are large and not text', async () => {
    const log = workdir.job(JOB, 'stdout.log');
    await put(log, Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
    await appendFile(log, `${'x'.repeat(3_000_000)}\n`);
    for (let i = 0; i < 30; i += 1) await appendFile(log, `${'noise '.repeat(20_000)}\n`);
    await appendFile(log, `\r 50%\r100%\n${STEPS}\n[autoresearch] step=51 step_time_ms=4`);
    const { metrics } = await collect();
    expect(metrics.steady_step_time_ms).toBe(40);
  });

  it('takes the platform’s logs where the job’s directory is not here', async () => {
    const { metrics } = await collect(platformThat({ logs: async () => ({ stdout: STEPS, stderr: '' }) }));
    expect(metrics.steady_step_time_ms).toBe(40);
  });

  it('lets the duration alone stand where a person says so, with unknown metrics', async () => {
    await put(workdir.job(JOB, 'stdout.log'), 'done\n');
    const { metrics } = await collect(platformThat(), { compare: 'duration' });
    expect(metrics.throughput_samples_per_s).toBeNull();
    const evidence = JSON.parse(await readFile(workdir.evidence(NODE), 'utf8')) as Evidence;
    expect(evidence.durationS).toBe(30);
  });

  it('a baseline without numbers fails and says why: how long it took is not compared without a word', async () => {
    await put(workdir.run('000_baseline', 'job_id.txt'), `${JOB}\n`);
    await put(
      join(root, 'source', 'go.sh'),
      'nohup python train.py > slurm.out 2>&1 &\necho "Submitted batch job $$"\n',
    );
    const logs = async () => ({ stdout: 'Submitted batch job 42\n', stderr: '' });
    const collected = collect(platformThat({ logs }), { base_launch_command: 'bash go.sh' }, '000_baseline');
    await expect(collected).rejects.toMatchObject({
      type: 'metrics_collection_failed',
      message: expect.stringMatching(
        /submits the work and returns.*Submitted batch job 42.*go\.sh hides how the job ended/s,
      ),
    });
  });

  it('a job that did less than the baseline is doubted', async () => {
    const lines = (steps: number, ms: number) =>
      Array.from({ length: steps }, (_, i) => `[autoresearch] step=${i + 1} step_time_ms=${ms}`).join('\n');
    await put(workdir.run('000_baseline', 'job_id.txt'), 'local_0\n');
    await put(workdir.job('local_0', 'stdout.log'), `${lines(100, 40)}\n`);
    await collect(platformThat(), {}, '000_baseline');
    await put(workdir.job(JOB, 'stdout.log'), `${lines(60, 10)}\n`);
    await collect();
    const evidence = JSON.parse(await readFile(workdir.evidence(NODE), 'utf8')) as Evidence;
    expect(evidence.doubt).toMatch(/it trained 60 steps, and the baseline 100/);
  });

  it('a job of other work is set apart, whatever it measured', async () => {
    await put(workdir.node(NODE, 'spec.json'), JSON.stringify({ name: 'shorter', work: 'other_work' }));
    await put(workdir.job(JOB, 'stdout.log'), `${STEPS}\n`);
    await collect();
    const evidence = JSON.parse(await readFile(workdir.evidence(NODE), 'utf8')) as Evidence;
    expect(evidence.doubt).toMatch(/^it does other work by design/);
    expect(evidence.metrics.steady_step_time_ms).toBe(40);
  });

  it('fails when nothing at all was measured', async () => {
    await put(workdir.job(JOB, 'stdout.log'), '[autoresearch] throughput_samples_per_s=nan\n');
    const running = platformThat({ status: async () => ({ state: 'running', startedAtMs: 1 }) });
    await expect(collect(running)).rejects.toMatchObject({
      type: 'metrics_collection_failed',
      message: expect.stringContaining('nan'),
    });
  });

  it('fails when the job ran the user’s original', async () => {
    await put(workdir.job(JOB, 'stdout.log'), `${STEPS}\n`);
    const row = (path: string) => `${path}\tabc\ttrain\n`;
    const header = 'path\tsha256\tmodule\n';
    const imports = join(workdir.metrics(NODE), 'imports-7.tsv');
    await put(imports, header + row(join(workdir.treeOf(NODE), 'train.py')));
    await collect();
    await appendFile(imports, row(join(root, 'source', 'loader.py')));
    await expect(collect()).rejects.toMatchObject({
      type: 'wrong_source',
      message: expect.stringContaining('loader.py'),
    });
  });

  it('reads metric files that are missing columns or cut', async () => {
    await put(workdir.job(JOB, 'stdout.log'), `${STEPS}\n`);
    await put(join(workdir.metrics(NODE), 'task_stats-9.tsv'), 'time_s\tname\n1\tpipeline:0:1:decode[2]\n2\tpipel');
    await put(join(workdir.metrics(NODE), 'queue_stats-9.tsv'), '');
    await put(
      join(workdir.metrics(NODE), 'system.tsv'),
      'time_s\tcpu_pct\trss_mb\tsm_pct\tgpu_mem_mb\n1\t90\t500\t\t\n',
    );
    await collect();
    const evidence = JSON.parse(await readFile(workdir.evidence(NODE), 'utf8')) as Evidence;
    expect(evidence.stages[0]).toMatchObject({ function: 'decode', aveTimeS: null });
    expect(evidence.system).toMatchObject({ cpuPct: 90, smPct: null });
    expect(evidence.findings.join()).toContain('task_stats-9.tsv');
  });
});
