/** What the probe tells of the pipelines that a job really builds, in each of its processes. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { JobOutput } from '../../domain/evidence/job-output.js';
import { measure } from '../../domain/evidence/measure.js';
import { Refusals } from '../../domain/evidence/measured-number.js';
import { packageFile } from '../../host/package-files.js';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { removeFolder } from '../support/remove-folder.js';

const JOB = `
import time
from concurrent.futures import ThreadPoolExecutor
from spdl.pipeline import PipelineBuilder, run_pipeline_in_subprocess

def pick(x):
    return x

def encode(x):
    time.sleep(0.01)
    return x

def front(x):
    return x

if __name__ == "__main__":
    inner = PipelineBuilder().add_source(range(120)).pipe(pick).pipe(encode, concurrency=2).aggregate(4).add_sink(3)
    remote = run_pipeline_in_subprocess(inner.get_config(), num_threads=2)
    pool = ThreadPoolExecutor(3)
    outer = PipelineBuilder().add_source(remote).pipe(front, executor=pool, concurrency=5).add_sink(7)
    pipeline = outer.build(num_threads=1)
    with pipeline.auto_stop():
        for item in pipeline:
            pass
    pool.shutdown()
`;

it('writes threads, concurrency, executors, buffers and batch sizes of both of two nested pipelines', async () => {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-built-'));
  try {
    await writeFile(join(root, 'job.py'), JOB);
    const { exitCode } = await execa(packageFile('.tools', 'venv', 'bin', 'python'), ['job.py'], {
      cwd: root,
      reject: false,
      env: {
        PYTHONPATH: packageFile('probe'),
        AUTORESEARCH_METRICS_DIR: join(root, 'metrics'),
        AUTORESEARCH_STATS_INTERVAL: '0.1',
      },
    });
    expect(exitCode).toBe(0);
    const refusals = new Refusals();
    const [stdout, errors] = [new JobOutput(refusals, undefined), new JobOutput(refusals, undefined)];
    const files = await readMetricFiles(join(root, 'metrics'));
    const rest = { batchSize: null, ranks: 1, durationS: 1 };
    const evidence = measure('n', { stdout, stderr: errors, ...files, ...rest }, refusals);
    expect(evidence.built).toEqual([
      {
        pipeline: 0,
        threads: 1,
        settings: [
          { stage: 'front', setting: 'concurrency', value: 5 },
          { stage: 'front', setting: 'executor', value: 3 },
          { stage: 'sink', setting: 'buffer', value: 7 },
        ],
      },
      {
        pipeline: 1,
        threads: 2,
        settings: [
          { stage: 'pick', setting: 'concurrency', value: 1 },
          { stage: 'encode', setting: 'concurrency', value: 2 },
          { stage: 'aggregate', setting: 'batch_size', value: 4 },
          { stage: 'sink', setting: 'buffer', value: 3 },
        ],
      },
    ]);
    // Both threads sleep in encode: what pick does takes no time, and a thread for it does.
    const waits = Object.fromEntries(evidence.stages.map((stage) => [stage.function, stage.threadWaitS]));
    const pick = evidence.stages.find((stage) => stage.function === 'pick')!;
    expect(pick.pipeline).toBe(1);
    expect(waits.pick! / pick.aveTimeS!).toBeGreaterThan(0.5);
  } finally {
    await removeFolder(root);
  }
}, 30_000);
