/** The probe's tables of one run are read by rank, process and host, in today's layout and in earlier ones. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { uncaughtError } from '../../jobs/output/uncaught-errors.js';
import { writtenFiles } from '../../jobs/output/written-files.js';
import { removeFolder } from '../support/remove-folder.js';

let metrics: string;
beforeEach(async () => {
  metrics = await mkdtemp(join(tmpdir(), 'autoresearch-metrics-'));
});
afterEach(() => removeFolder(metrics));

async function put(name: string, ...rows: string[]) {
  await mkdir(dirname(join(metrics, name)), { recursive: true });
  await writeFile(join(metrics, name), `${rows.join('\n')}\n`);
}

it('processes stand by rank, and by pid within it', async () => {
  await put('task_stats-30.tsv', 'time_s');
  await put('queue_stats-9.tsv', 'time_s');
  await put('rank-10/task_stats-5.tsv', 'time_s');
  await put('rank-2/queue_stats-40.tsv', 'time_s', '1');
  await put('rank-2/task_stats-40.tsv', 'time_s', '1', '2');
  await put('rank-2/pipelines-7.tsv', 'time_s');
  await put('rank-2/task_stats-7@node-b.example.tsv', 'time_s');
  // No tables of the probe.
  await put('rank-x/task_stats-1.tsv', 'time_s');
  await put('rank-2/task_stats-1.tsv.tmp', 'time_s');
  const { processes } = await readMetricFiles(metrics);
  expect(processes.map(({ rank, pid, host }) => [rank, pid, host])).toEqual([
    [null, 9, null],
    [null, 30, null],
    [2, 7, null],
    [2, 40, null],
    [2, 7, 'node-b.example'],
    [10, 5, null],
  ]);
  expect(processes[3]).toMatchObject({ tasks: { rows: [{}, {}] }, queues: { rows: [{}] }, built: null });
});

it('imports and written files are of all ranks', async () => {
  const columns = 'path\tsha256\tmodule';
  await put('imports-1.tsv', columns, '/t/launch.py\ta\t__main__');
  await put('rank-0/imports-2.tsv', columns, '/t/train.py\tb\t__main__');
  await put('rank-1/imports-2@node-b.tsv', columns, '/t/train.py\tb\t__main__');
  await put('written-1.tsv', 'path', '/out/a');
  await put('rank-1/written-2@node-b.tsv', 'path', '/out/a', '/out/b');
  expect((await readMetricFiles(metrics)).imports.map(({ path }) => path)).toEqual([
    '/t/launch.py',
    '/t/train.py',
    '/t/train.py',
  ]);
  expect(await writtenFiles(metrics)).toEqual(['/out/a', '/out/b']);
});

it('a torn line is told with the folder of its rank', async () => {
  await put('rank-1/task_stats-2.tsv', 'time_s\tname', '1');
  expect((await readMetricFiles(metrics)).findings).toEqual([
    'metrics/rank-1/task_stats-2.tsv has 1 lines that are not whole; they were skipped',
  ]);
});

it('of several ranks the exception of the first that died is the job’s', async () => {
  const columns = 'time_s\ttype\tmessage';
  const job = { startedAtMs: 0, endedAtMs: 100_000 };
  await put('rank-2/uncaught-7.tsv', columns, '90\tValueError\tbad image');
  await put('rank-2/task_stats-7.tsv', 'time_s');
  await put('rank-0/uncaught-7.tsv', columns, '92\tRuntimeError\tconnection closed by peer');
  await put('uncaught-1.tsv', columns, '95\tChildFailedError\t');
  expect(await uncaughtError(metrics, job)).toEqual({ type: 'ValueError', message: 'bad image (rank 2)' });
});

it('of one process the last exception is the job’s', async () => {
  const columns = 'time_s\ttype\tmessage';
  const job = { startedAtMs: 0, endedAtMs: 100_000 };
  await put('uncaught-7.tsv', columns, '10\tImportError\ttried and done without');
  expect(await uncaughtError(metrics, job)).toBeNull();
  await put('uncaught-8.tsv', columns, '95\tValueError\tbad image');
  await put('uncaught-9.tsv', columns, '99\tKeyError\t7');
  expect(await uncaughtError(metrics, job)).toEqual({ type: 'KeyError', message: '7' });
});

it('a job that left nothing has nothing', async () => {
  expect(await readMetricFiles(join(metrics, 'none'))).toMatchObject({ processes: [], system: null, imports: [] });
  expect(await writtenFiles(join(metrics, 'none'))).toEqual([]);
  expect(await uncaughtError(join(metrics, 'none'), { startedAtMs: 0, endedAtMs: 1 })).toBeNull();
});
