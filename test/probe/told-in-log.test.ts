/** What the probe tells in a job's log is what it would have written to files, within bounds. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMetricTable } from '../../domain/evidence/metric-table.js';
import { packageFile } from '../../host/package-files.js';
import { separated } from '../../jobs/output/marked-lines.js';
import { readMetricFiles } from '../../jobs/output/metric-files.js';
import { ToldTables } from '../../jobs/output/told-tables.js';
import { removeFolder } from '../support/remove-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoresearch-told-'));
});
afterEach(() => removeFolder(folder));

const python = (code: string, env: Record<string, string> = {}) =>
  execa(packageFile('.tools', 'venv', 'bin', 'python'), ['-c', code], {
    extendEnv: false,
    env: { PATH: process.env.PATH ?? '', PYTHONPATH: packageFile('probe'), AUTORESEARCH_HOST: hostname(), ...env },
    stripFinalNewline: false,
  });

/** The metrics folder that a log stands for, and what of the log is the job's own. */
async function toldBy(log: string) {
  const told = join(folder, 'told');
  const { text, marked } = separated(log, { isEnd: true, isOpen: false });
  const tables = new ToldTables();
  for (const line of marked) tables.readLine(line);
  await tables.write(told, 'the log');
  return { told, text, marked, files: await readMetricFiles(told) };
}

const PIPELINE = `
import os, sys, time
from spdl.pipeline import PipelineBuilder
def decode(x):
    time.sleep(0.002)
    return [x] * 4
pipeline = PipelineBuilder().add_source(range(400)).pipe(decode, concurrency=2).add_sink(2).build(num_threads=2)
with pipeline.auto_stop():
    for batch in pipeline: print("reading", file=sys.stderr)
`;

it('a job tells the tables that it would write', async () => {
  const files = join(folder, 'files');
  // One job, both ways: numbers of two runs are never the same.
  const both = `
from autoresearch_probe.table import Table
append = Table.append
def append_twice(self, rows):
    self._folder = ${JSON.stringify(files)}
    append(self, rows)
    self._folder = None
    append(self, rows)
Table.append = append_twice
`;
  const env = { AUTORESEARCH_PROBE_TO: 'log', AUTORESEARCH_STATS_INTERVAL: '0.1', RANK: '3' };
  const { stderr } = await python(both + PIPELINE, env);
  const { told, text, files: fromLog } = await toldBy(stderr);
  expect(text).toBe('reading\n'.repeat(400));
  expect(fromLog).toEqual(await readMetricFiles(files));
  expect(fromLog.processes).toMatchObject([{ rank: 3, host: null }]);
  expect(fromLog.processes[0]!.tasks!.rows.length).toBeGreaterThan(2);
  expect((await readdir(join(told, 'rank-3'))).sort()).toEqual((await readdir(join(files, 'rank-3'))).sort());
}, 60_000);

it('a job tells which files it ran, and none of the interpreter, of packages and of the probe', async () => {
  const script = join(folder, 'train.py');
  await writeFile(join(folder, 'helper.py'), 'import numpy, json\n');
  await writeFile(script, 'import helper\n');
  const { stderr } = await python(`import runpy; runpy.run_path(${JSON.stringify(script)}, run_name="__main__")`, {
    AUTORESEARCH_PROBE_TO: 'log',
    PYTHONPATH: [packageFile('probe'), folder].join(delimiter),
    // Of the engine's host, and nothing here.
    AUTORESEARCH_TREE_DIR: '/nowhere/tree',
  });
  const { files } = await toldBy(stderr);
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  expect(files.imports).toEqual([
    { path: join(folder, 'helper.py'), sha256: hash('import numpy, json\n'), module: 'helper' },
  ]);
  // A script that is started as one tells itself.
  const started = await execa(packageFile('.tools', 'venv', 'bin', 'python'), [script], {
    env: { AUTORESEARCH_PROBE_TO: 'log', PYTHONPATH: packageFile('probe') },
  });
  const own = (await toldBy(started.stderr)).files.imports.map(({ path, module }) => [path, module]);
  expect(own).toEqual([
    [join(folder, 'helper.py'), 'helper'],
    [script, '__main__'],
  ]);
}, 60_000);

it('any text in a cell comes back as it was', async () => {
  const rows = [
    ['a\tb', 'c\\n\nd', '[autoresearch-probe] x'],
    ['ä "q" \u2028', '', '  '],
  ];
  const append = `from autoresearch_probe.table import Table; Table(None, "uncaught", ("a", "b", "c")).append(${JSON.stringify(rows)})`;
  const { stderr } = await python(append, { AUTORESEARCH_PROBE_TO: 'log' });
  const { text, told } = await toldBy(stderr);
  expect(text).toBe('');
  const [name] = (await readdir(told)).filter((each) => each.startsWith('uncaught'));
  const written = await readFile(join(told, name!), 'utf8');
  expect(readMetricTable(written).rows.map((row) => [...row.values()])).toEqual(rows);
});

describe('where rows go', () => {
  const append =
    'from autoresearch_probe.table import Table; import autoresearch_probe.uncaught_errors; raise ValueError("no")';
  const run = async (env: Record<string, string>) => {
    const metrics = join(folder, 'metrics');
    const { stderr } = await python(append, { AUTORESEARCH_METRICS_DIR: metrics, ...env }).catch((error) => error);
    return {
      lines: separated(stderr, { isEnd: true, isOpen: false }).marked.length,
      files: await readdir(metrics).catch(() => null),
      stderr,
    };
  };

  it('is the folder where it is there, and the log where it is not', async () => {
    expect(await run({ AUTORESEARCH_PROBE_TO: 'auto' })).toMatchObject({ lines: 1, files: null });
    await mkdir(join(folder, 'metrics'));
    expect(await run({ AUTORESEARCH_PROBE_TO: 'auto' })).toMatchObject({
      lines: 0,
      files: expect.arrayContaining([expect.stringMatching(/^uncaught-/)]),
    });
    await rm(join(folder, 'metrics'), { recursive: true });
    expect(await run({})).toMatchObject({
      lines: 0,
      files: expect.arrayContaining([expect.stringMatching(/^uncaught-/)]),
    });
  });

  it('is told of a word that is none', async () => {
    const { stderr } = await run({ AUTORESEARCH_PROBE_TO: 'logs' });
    expect(stderr).toContain("AUTORESEARCH_PROBE_TO must be log, files or auto, not 'logs'");
  });

  it('is no file of the job that has the number of its stderr', async () => {
    const file = join(folder, 'data.bin');
    const code = `
import os
from autoresearch_probe.table import Table
os.close(2)
assert os.open(${JSON.stringify(file)}, os.O_WRONLY | os.O_CREAT) == 2
Table(None, "uncaught", ("a",)).append([("x",)])`;
    await python(code, { AUTORESEARCH_PROBE_TO: 'log' });
    expect(await readFile(file, 'utf8')).toBe('');
  });
});

it('processes that a job forks and spawns tell theirs', async () => {
  const script = join(folder, 'job.py');
  await writeFile(
    script,
    `
import multiprocessing, os
from autoresearch_probe.table import Table
def work(name):
    Table(None, "task_stats", ("name", "num_tasks")).append([(name, 1)])
if __name__ == "__main__":
    work("parent")
    for method in ("fork", "spawn"):
        process = multiprocessing.get_context(method).Process(target=work, args=(method,))
        process.start()
        process.join()
`,
  );
  const { stderr } = await execa(packageFile('.tools', 'venv', 'bin', 'python'), [script], {
    env: { PYTHONPATH: packageFile('probe'), AUTORESEARCH_PROBE_TO: 'log' },
  });
  const { files } = await toldBy(`${stderr}\n`);
  const names = files.processes.flatMap(({ tasks }) => tasks!.rows.map((row) => row.get('name')));
  expect(names.sort()).toEqual(['fork', 'parent', 'spawn']);
  expect(new Set(files.processes.map(({ pid }) => pid)).size).toBe(3);
});

it('a job of hours tells little, and all of its counts', async () => {
  const hours = 10;
  // Ten stages, each with a row a second, in time that is only counted.
  const code = `
import os, time
from autoresearch_probe import marked_lines
now = time.monotonic()
time.monotonic = lambda: now
for second in range(${hours * 3600}):
    now += 1.0
    tasks = [(f"{second:.3f}", f"pipeline:0:{k}:decode[2]", 7, 1, 0.25 if second % 2 else 0.5, 0.3, 0.4, "") for k in range(10)]
    marked_lines.tell("task_stats", ("time_s", "name", "num_tasks", "num_failures", "ave_time", "p90_time", "p99_time", "thread_wait"), tasks)
`;
  const { stderr } = await python(code, { AUTORESEARCH_PROBE_TO: 'log' });
  const { marked, files } = await toldBy(stderr);
  expect(stderr.length).toBeLessThan(1024 * 1024);
  expect(Math.max(...marked.map((line) => line.length))).toBeLessThan(4096);
  const rows = files.processes[0]!.tasks!.rows.filter((row) => row.get('name') === 'pipeline:0:3:decode[2]');
  const sum = (column: string) => rows.reduce((total, row) => total + Number(row.get(column)), 0);
  expect([sum('num_tasks'), sum('num_failures')]).toEqual([hours * 3600 * 7, hours * 3600]);
  const seconds = rows.reduce((total, row) => total + Number(row.get('ave_time')) * Number(row.get('num_tasks')), 0);
  expect(seconds / sum('num_tasks')).toBeCloseTo(0.375, 5);
  expect(files.findings).toEqual([]);
}, 60_000);

it('a job of very many pipelines tells no more than its bound, and that it did', async () => {
  const code = `
import time
from autoresearch_probe import marked_lines
now = time.monotonic()
time.monotonic = lambda: now
for epoch in range(40_000):
    now += 1.0
    marked_lines.tell("queue_stats", ("time_s", "name", "note"), [(f"{epoch:.3f}", f"pipeline:{epoch}:0:src[1]", "x" * 300)])
`
    .replace('"note"', '"elapsed", "num_items", "qps", "put", "get", "occupation_rate", "batch_size", "note"')
    .replace('"x" * 300', '1.0, 1, 1.0, 0.1, 0.1, 0.5, "", "x" * 300');
  const { stderr } = await python(code, { AUTORESEARCH_PROBE_TO: 'log' });
  expect(stderr.length).toBeLessThan(4.2 * 1024 * 1024);
  const { files } = await toldBy(stderr);
  expect(files.findings).toEqual([expect.stringMatching(/^the probe left out \d+ rows, which were more than a log/)]);
}, 120_000);
