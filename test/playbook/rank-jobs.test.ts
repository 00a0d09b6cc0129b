/** Real jobs of several processes, from their instrumentation to the analysis: ranks under a launcher, and a pool. */
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../domain/evidence/evidence.js';
import { JobOutput } from '../../domain/evidence/job-output.js';
import { measure } from '../../domain/evidence/measure.js';
import { Refusals } from '../../domain/evidence/measured-number.js';
import { lastError } from '../../domain/verdict/printed-error.js';
import { packageFile } from '../../host/package-files.js';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { analysisAnswer } from '../../playbook/analysis-answer.js';
import { ANALYZE } from '../support/agents/agent-tasks.js';
import { removeFolder } from '../support/remove-folder.js';
import { type Job, python, rewriteOf, withRewritten } from './pipeline-fixtures.js';

const RANKS = { dir: packageFile('test', 'cases', 'four-ranks', 'source'), script: 'train.py', args: [] };
const POOL = { dir: packageFile('test', 'cases', 'pool-of-workers', 'source'), script: 'load_flist.py', args: [] };

interface Ended {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  evidence: Evidence;
  /** In its metrics folder. */
  folders: string[];
}

/** The job with the timing put in, started as a job runner would. */
async function run(job: Job, args: string[], replaced: [string, string] = ['', '']): Promise<Ended> {
  const { files, refused } = await rewriteOf(job, [{ type: 'instrument' }]);
  expect(refused).toEqual([]);
  const metrics = await mkdtemp(join(tmpdir(), 'rank-job-'));
  try {
    return await withRewritten(job, files, async ({ dir, script }) => {
      const path = join(dir, script);
      await writeFile(path, (await readFile(path, 'utf8')).replace(...replaced));
      const { exitCode, stdout, stderr } = await execa(python, args, {
        cwd: dir,
        reject: false,
        env: {
          PYTHONPATH: packageFile('probe'),
          AUTORESEARCH_METRICS_DIR: metrics,
          AUTORESEARCH_HOST: hostname(),
          AUTORESEARCH_STATS_INTERVAL: '0.2',
        },
      });
      return {
        exitCode,
        stdout,
        stderr,
        evidence: await evidenceOf(stdout, stderr, metrics),
        folders: await readdir(metrics),
      };
    });
  } finally {
    await removeFolder(metrics);
  }
}

async function evidenceOf(stdout: string, stderr: string, metrics: string): Promise<Evidence> {
  const refusals = new Refusals();
  const [out, err] = [stdout, stderr].map((text) => {
    const output = new JobOutput(refusals);
    for (const line of text.split('\n')) output.readLine(line);
    return output;
  }) as [JobOutput, JobOutput];
  const files = { stdout: out, stderr: err, ...(await readMetricFiles(metrics)) };
  return measure('000_baseline', { ...files, batchSize: null, ranks: 1, durationS: null }, refusals);
}

describe('a job of four ranks of which one has a slow disk', () => {
  const launch = ['launch.py', '--nproc-per-node', '4', 'train.py', '--samples', '1600'];

  it('is compared by what all do, and its analysis names the slow one', async () => {
    const { exitCode, stdout, evidence, folders } = await run(RANKS, launch);
    expect(exitCode).toBe(0);
    expect(folders.filter((name) => name.startsWith('rank-')).sort()).toEqual(
      [0, 1, 2, 3].map((rank) => `rank-${rank}`),
    );
    expect(evidence.ranks?.slowest).toMatchObject({ name: 'rank 2', by: 'step', stage: { function: 'decode' } });
    const ends = [...stdout.matchAll(/^\[default\d\]:trained (\d+) samples in ([\d.]+) s/gm)];
    expect(ends).toHaveLength(4);
    const all = 1600 / Math.max(...ends.map(([, , seconds]) => Number(seconds)));
    expect(evidence.rateOf).toBe('sum');
    expect(evidence.metrics.throughput_samples_per_s! / all).toBeGreaterThan(0.8);
    expect(evidence.metrics.throughput_samples_per_s! / all).toBeLessThan(1.3);
    expect(evidence.steps.samples).toBe(1600);
    // A rank's own stages: two tasks at a time, each of 5 ms and more.
    for (const { stages = [] } of evidence.ranks?.each ?? []) {
      const decode = stages.find(({ function: name }) => name === 'decode');
      expect(decode).toMatchObject({ concurrency: 2 });
      expect(decode!.qps! * decode!.aveTimeS!).toBeLessThan(2.2);
    }
    expect(analysisAnswer({ ...ANALYZE, evidence })).toMatch(
      /Rank 2 is \d+% slower than the median of the other ranks .*: its stage `decode` takes/,
    );
  }, 60_000);

  it('that dies is told by the exception of the rank that did', async () => {
    const { exitCode, stderr, stdout } = await run(RANKS, launch, [
      '    time.sleep(0.002)',
      '    if RANK == 1 and weights > 100:\n        raise ValueError("bad image")\n    time.sleep(0.002)',
    ]);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('[default0]:trained') });
    expect(lastError(stderr)).toMatchObject({ type: 'ValueError', text: 'ValueError: bad image' });
  }, 60_000);
});

it('the workers of a pool are told apart by process', async () => {
  const args = ['--input-flist', 'flist.txt', '--num-workers', '4', '--num-threads', '1', '--batch-size', '8'];
  const { exitCode, evidence } = await run({ ...POOL, args }, [POOL.script, ...args]);
  expect(exitCode).toBe(0);
  expect(evidence.rateOf).toBe('sum');
  expect(evidence.ranks?.each.map(({ name, rank }) => [/^process \d+$/.test(name), rank])).toEqual(
    Array.from({ length: 4 }, () => [true, null]),
  );
  for (const { stages = [] } of evidence.ranks?.each ?? [])
    expect(stages.some(({ aveTimeS }) => aveTimeS! > 0)).toBe(true);
}, 60_000);
