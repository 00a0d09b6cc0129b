/** What is fetched of a job's output: each part once, and the probe's lines apart from the job's. */
import { mkdir, mkdtemp, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FetchedLogs } from '../../../jobs/clusters/fetched-logs.js';
import { readMetricFiles } from '../../../jobs/output/metric-files.js';
import { removeFolder } from '../../support/remove-folder.js';

let folder: string;
let dir: string;
let metrics: string;
/** As a scheduler keeps it. */
let printed: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoresearch-fetched-'));
  [dir, metrics] = [join(folder, 'job'), join(folder, 'metrics')];
  await mkdir(dir);
  printed = '';
});
afterEach(() => removeFolder(folder));

const made = () =>
  new FetchedLogs({
    logs: async (_id, cursor) => {
      const from = Number(cursor ?? 0);
      return { stdout: printed.slice(from), stderr: '', cursor: String(printed.length) };
    },
  });
const marked = (n: number) => {
  const json = `{"table":"task_stats","rank":1,"pid":7,"start":"a","n":${n},"columns":["name"],"rows":[["r${n}"]]}`;
  return `[rank1]: [autoresearch-probe] ${crc32(json).toString(16).padStart(8, '0')}:${json}\n`;
};
const stdout = () => readFile(join(dir, 'stdout.log'), 'utf8');

it('the probe’s lines become tables, and the job’s stand alone', async () => {
  const log = `a\n${marked(0)}b\n${marked(1)}last`;
  for (let length = 0; length <= log.length; length += 37) {
    printed = log.slice(0, length);
    // Each time by another process, which knows what is on file.
    await made().fetch('1', dir);
  }
  printed = log;
  await made().fetchToEnd('1', dir, metrics, 0);
  expect(await stdout()).toBe('a\nb\nlast');
  const { processes, findings } = await readMetricFiles(metrics);
  expect(processes).toMatchObject([{ rank: 1, pid: 7 }]);
  expect(processes[0]!.tasks!.rows.map((row) => row.get('name'))).toEqual(['r0', 'r1']);
  expect(findings).toEqual([]);
});

it('what was written before a death is not written twice', async () => {
  printed = `a\n${marked(0)}`;
  await made().fetch('1', dir);
  const record = await readFile(join(dir, 'printed.json'), 'utf8');
  printed += `b\n${marked(1)}`;
  await made().fetch('1', dir);
  await writeFile(join(dir, 'printed.json'), record);
  await made().fetchToEnd('1', dir, metrics, 0);
  expect(await stdout()).toBe('a\nb\n');
  expect((await readMetricFiles(metrics)).processes[0]!.tasks!.rows).toHaveLength(2);
});

it('a record of an earlier version goes on', async () => {
  await writeFile(join(dir, 'stdout.log'), 'a\n');
  await writeFile(join(dir, 'printed.json'), JSON.stringify({ cursor: '2', stdoutBytes: 2, stderrBytes: 0 }));
  printed = `a\n${marked(0)}b\n`;
  await made().fetchToEnd('1', dir, metrics, 0);
  expect(await stdout()).toBe('a\nb\n');
});

it('what the probe tells is no sign of life of a job that prints nothing', async () => {
  printed = 'a\n';
  await made().fetch('1', dir);
  await utimes(join(dir, 'stdout.log'), 1, 1);
  printed += marked(0);
  await made().fetch('1', dir);
  expect((await stat(join(dir, 'stdout.log'))).mtimeMs).toBe(1000);
  printed += 'b\n';
  await made().fetch('1', dir);
  expect((await stat(join(dir, 'stdout.log'))).mtimeMs).toBeGreaterThan(1000);
});

it('a job without the probe leaves no tables', async () => {
  printed = 'a\n';
  await made().fetchToEnd('1', dir, metrics, 0);
  await expect(stat(metrics)).rejects.toThrow(/ENOENT/);
});
