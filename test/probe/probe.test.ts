import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTsv } from '../../domain/formats/tsv.js';
import { wrongSource } from '../../domain/verdict/source-proof.js';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

const PYTHON = packageFile('.tools', 'venv', 'bin', 'python');

let root: string;
let tree: string;
let original: string;
let metrics: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-probe-')));
  tree = join(root, 'work', 'trees', 'n');
  original = join(root, 'original');
  metrics = join(root, 'metrics');
  for (const dir of [tree, original]) {
    await cp(packageFile('test', 'fixtures', 'jobs', 'pipeline'), dir, { recursive: true });
  }
  await mkdir(metrics);
});
afterEach(() => removeFolder(root));

interface Run {
  args: string[];
  pythonPath?: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs Python as the job runner would: the probe first on PYTHONPATH. */
const python = ({ args, pythonPath = [], env = {}, cwd = tree }: Run) =>
  execa(PYTHON, args, {
    cwd,
    extendEnv: false,
    reject: false,
    env: {
      PATH: process.env.PATH ?? '',
      PYTHONPATH: [packageFile('probe'), ...pythonPath].join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
      AUTORESEARCH_METRICS_DIR: metrics,
      AUTORESEARCH_TREE_DIR: tree,
      AUTORESEARCH_ORIGINAL_DIR: original,
      AUTORESEARCH_STATS_INTERVAL: '0.2',
      ...env,
    },
  });

/** The rows of all files `<name>-<pid>.tsv`. */
async function rows(name: string): Promise<Record<string, string>[]> {
  const files = (await readdir(metrics)).filter((file) => new RegExp(`^${name}-\\d+\\.tsv$`).test(file));
  const tables = await Promise.all(files.map((file) => readFile(join(metrics, file), 'utf8')));
  return tables.flatMap(parseTsv);
}

const sum = (table: Record<string, string>[], name: string, column: string) =>
  table.filter((row) => row.name === name).reduce((total, row) => total + Number(row[column]), 0);

describe('stage statistics of a real SPDL pipeline', () => {
  it.each(['main', 'spawn', 'fork', 'forkserver'])('%s', async (how) => {
    const { stdout, stderr, exitCode } = await python({ args: ['train.py', how] });
    expect({ exitCode, stdout, probe: /^autoresearch probe/m.test(stderr) }).toEqual({
      exitCode: 0,
      stdout: 'samples 594',
      probe: false,
    });

    const tasks = await rows('task_stats');
    expect(Object.keys(tasks[0] ?? {}).join(' ')).toBe(
      'time_s name num_tasks num_failures ave_time p90_time p99_time thread_wait',
    );
    expect(new Set(tasks.map((row) => row.name))).toEqual(
      new Set([
        'pipeline:0:1:load[3]',
        'pipeline:0:2:decode[1]',
        'pipeline:0:3:aggregate(op=collate(4), drop_last=False)[1]',
      ]),
    );
    // Rows are of intervals: together they count each task once.
    expect(sum(tasks, 'pipeline:0:1:load[3]', 'num_tasks')).toBe(600);
    expect(sum(tasks, 'pipeline:0:2:decode[1]', 'num_failures')).toBe(6);
    const loads = tasks.filter((row) => row.name === 'pipeline:0:1:load[3]');
    expect(loads.length).toBeGreaterThanOrEqual(3);
    for (const row of loads.slice(0, -1)) expect(Number(row.ave_time)).toBeGreaterThan(0.004);
    expect(Math.abs(Number(loads[0]?.time_s) - Date.now() / 1000)).toBeLessThan(60);

    const queues = await rows('queue_stats');
    expect(Object.keys(queues[0] ?? {}).join(' ')).toBe(
      'time_s name elapsed num_items qps put get occupation_rate sink batch_size',
    );
    expect([...new Set(queues.map((row) => row.name))].sort()).toEqual([
      'pipeline:0:0:src[1]',
      'pipeline:0:1:load[3]',
      'pipeline:0:2:decode[1]',
      'pipeline:0:3:aggregate(op=collate(4), drop_last=False)[1]',
      'pipeline:0:4:sink[1]',
    ]);
    expect(new Set(queues.filter((row) => row.sink === '1').map((row) => row.name))).toEqual(
      new Set(['pipeline:0:4:sink[1]']),
    );
    // An interval in which nothing came has no size.
    expect(queues.find((row) => row.sink === '1' && row.num_items !== '0')?.batch_size).toBe('4');
    expect(new Set(queues.filter((row) => row.sink === '0').map((row) => row.batch_size))).toEqual(new Set(['']));
    // The consumer may take the last items when the stage has already ended.
    const delivered = sum(queues, 'pipeline:0:4:sink[1]', 'num_items');
    expect(delivered).toBeGreaterThanOrEqual(149 - 3);
    expect(delivered).toBeLessThanOrEqual(149);
    for (const row of queues) {
      expect(Number(row.occupation_rate)).toBeGreaterThanOrEqual(0);
      expect(Number(row.occupation_rate)).toBeLessThanOrEqual(1);
    }
  });

  it("leaves the user's own classes in force", async () => {
    const { stdout, stderr, exitCode } = await python({ args: ['own_classes.py'] });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toBe("{'hooks': 1, 'queues': 3, 'derived': 3}");
    // The first run had the default hook; nothing watches the second.
    expect(new Set((await rows('task_stats')).map((row) => row.name))).toEqual(new Set(['pipeline:0:1:hex[1]']));
    expect(await rows('queue_stats')).toEqual([]);
  });

  it("keeps SPDL's quick way to its sink, which a queue of another type would lose", async () => {
    const code = `from spdl.pipeline import StatsQueue, config; print(type(config.get_default_queue_class()("i")) is StatsQueue)`;
    expect((await python({ args: ['-c', code] })).stdout).toBe('True');
  });

  it('takes the statistics that a user asked for at their interval, and still logs them', async () => {
    const code = `
import logging, time
logging.basicConfig(level=logging.INFO)
from spdl.pipeline import PipelineBuilder
p = PipelineBuilder().add_source(range(30)).pipe(lambda x: time.sleep(0.02), name="nap").add_sink(2).build(num_threads=1, report_stats_interval=0.15)
with p.auto_stop():
    list(p)
`;
    const { stderr } = await python({ args: ['-c', code], env: { AUTORESEARCH_STATS_INTERVAL: '100' } });
    expect(stderr.match(/Completed/g)?.length).toBeGreaterThanOrEqual(3);
    expect((await rows('task_stats')).length).toBeGreaterThanOrEqual(3);
  });
});

describe('imported files', () => {
  const importsOf = async () =>
    (await rows('imports')).map((row) => ({ path: row.path!, sha256: row.sha256!, module: row.module! }));

  it('names what ran of the tree, with its hash', async () => {
    await python({ args: ['train.py', 'spawn'] });
    const imports = await importsOf();
    const sha256 = createHash('sha256')
      .update(await readFile(join(tree, 'loading.py')))
      .digest('hex');
    expect(imports).toContainEqual({ path: join(tree, 'loading.py'), sha256, module: 'loading' });
    expect(imports.map((row) => row.module)).toEqual(expect.arrayContaining(['__main__', '__mp_main__']));
    expect(imports.every((row) => row.path.startsWith(`${tree}/`))).toBe(true);
    expect(wrongSource(imports, tree, original)).toBeNull();
  });

  it('shows a file of the original, also where it was reached by another name', async () => {
    await symlink(original, join(root, 'alias'));
    await rm(join(tree, 'loading.py'));
    await python({ args: ['train.py', 'main'], pythonPath: [join(root, 'alias')] });
    const imports = await importsOf();
    expect(imports.map((row) => row.path)).toContain(join(original, 'loading.py'));
    expect(wrongSource(imports, tree, original)).toContain('loading.py');
  });

  it('shows a file that a link in the tree leads to the original for', async () => {
    await rm(join(tree, 'loading.py'));
    await symlink(join(original, 'loading.py'), join(tree, 'loading.py'));
    await python({ args: ['train.py', 'main'] });
    const imports = await importsOf();
    expect(imports.map((row) => row.path)).toContain(join(original, 'loading.py'));
    expect(wrongSource(imports, tree, original)).toContain('loading.py');
    expect(wrongSource(imports, tree, original, [join(original, 'loading.py')])).toBeNull();
  });

  it('is on record before the code runs, so that a killed or failing process has it', async () => {
    await writeFile(join(tree, 'loading.py'), 'import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n');
    const { signal } = await python({ args: ['train.py', 'main'] });
    expect(signal).toBe('SIGKILL');
    expect((await importsOf()).map((row) => row.module)).toContain('loading');
  });

  it('knows a module that was started by name', async () => {
    await python({ args: ['-m', 'loading'] });
    expect((await importsOf()).map((row) => row.path)).toContain(join(tree, 'loading.py'));
  });

  it('knows a script that imports nothing else of the tree', async () => {
    await writeFile(join(tree, 'alone.py'), 'print(1)\n');
    await python({ args: ['alone.py'] });
    expect(await importsOf()).toMatchObject([{ path: join(tree, 'alone.py'), module: '__main__' }]);
  });

  it('passes over an environment that lies in the source directory', async () => {
    const site = join(original, '.venv', 'lib', 'python3', 'site-packages');
    await mkdir(site, { recursive: true });
    await writeFile(join(site, 'dependency.py'), '');
    await python({ args: ['-c', 'import dependency'], pythonPath: [site] });
    expect(await importsOf()).toEqual([]);
  });

  it('tells of what is linked where it truly is, which is no wrong source', async () => {
    await rm(join(tree, 'loading.py'));
    await mkdir(join(original, 'generated'));
    await writeFile(join(original, 'generated', 'schema.py'), '');
    await symlink(join(original, 'generated'), join(tree, 'generated'));
    await python({ args: ['-c', 'import generated.schema'] });
    const imports = await importsOf();
    expect(imports.map((row) => row.path)).toEqual([join(original, 'generated', 'schema.py')]);
    expect(wrongSource(imports, tree, original, [join(original, 'generated')])).toBeNull();
  });
});

it('files outside of the tree that are written to are told, however their paths are put together', async () => {
  await mkdir(join(root, 'out'));
  await symlink(join(root, 'out'), join(tree, 'linked'));
  const lines = [
    'open("../../../out/a.pt", "w")',
    'open(b"/".join([os.fsencode(root), b"out", b"b.pt"]), "ab")',
    'pathlib.Path(root, "out", "c").write_text("")',
    'os.open(root + "/out/d", os.O_CREAT | os.O_RDWR)',
    'os.makedirs(root + "/folder", exist_ok=True)',
    'os.makedirs(root + "/out", exist_ok=True)',
    'open("part", "w"); os.replace("part", root + "/out/e")',
    'sqlite3.connect(os.path.join(root, "out", "f.db"))',
    'open("linked/g", "w")',
    'ts = [threading.Thread(target=open, args=(f"{root}/out/{n}", "w")) for n in "hi"]; [t.start() for t in ts]',
    'multiprocessing.get_context("spawn").Process(target=open, args=(root + "/out/j", "w")).start()',
    // Nothing that a later job could go on from.
    'open(root + "/original/train.py").read(); open("own", "w"); open(os.devnull, "w")',
    'tempfile.mkdtemp(dir=root); tempfile.NamedTemporaryFile(dir=root); sqlite3.connect(":memory:")',
  ];
  const imports = 'import multiprocessing, os, pathlib, sqlite3, tempfile, threading';
  const code = [
    imports,
    `root = ${JSON.stringify(root)}`,
    'if __name__ == "__main__":',
    ...lines.map((l) => `    ${l}`),
  ];
  await writeFile(join(tree, 'writes.py'), `${code.join('\n')}\n`);
  const { exitCode, stderr } = await python({ args: ['writes.py'] });
  const written = (await rows('written')).map(({ path }) => path!.slice(root.length + 1)).sort();
  expect({ exitCode, stderr, written }).toEqual({
    exitCode: 0,
    stderr: '',
    written: [
      'folder',
      'out',
      ...['a.pt', 'b.pt', 'c', 'd', 'e', 'f.db', 'g', 'h', 'i', 'j'].map((name) => `out/${name}`),
    ],
  });
});

describe('a job is never broken', () => {
  const site = async (text: string) => {
    const dir = join(root, 'site');
    await mkdir(dir);
    await writeFile(join(dir, 'sitecustomize.py'), text);
    return dir;
  };

  it("runs the user's own sitecustomize, which is then the one of that name", async () => {
    const dir = await site('import sys; sys.own = __file__\nvalue = 7\n');
    const { stdout } = await python({
      args: ['-c', 'import sys, sitecustomize; print(sys.own, sitecustomize.value)'],
      pythonPath: [dir],
    });
    expect(stdout).toBe(`${join(dir, 'sitecustomize.py')} 7`);
  });

  it("reports the user's failing sitecustomize as Python does, and goes on", async () => {
    const { stdout, stderr } = await python({
      args: ['-c', 'print("on")'],
      pythonPath: [await site('raise RuntimeError("theirs")')],
    });
    expect(stdout).toBe('on');
    expect(stderr).toContain('Error in sitecustomize');
    expect(stderr).toContain('theirs');
  });

  it('says one line for all processes of a job whose metrics folder is broken', async () => {
    await writeFile(join(root, 'file'), '');
    const { stdout, stderr, exitCode } = await python({
      args: ['train.py', 'spawn'],
      env: { AUTORESEARCH_METRICS_DIR: join(root, 'file', 'metrics') },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'samples 594' });
    expect(stderr.match(/^autoresearch probe: .*$/gm)).toHaveLength(1);
  });

  it('says one line for a bad interval, and takes the default', async () => {
    const { stdout, stderr } = await python({
      args: ['train.py', 'main'],
      env: { AUTORESEARCH_STATS_INTERVAL: 'often' },
    });
    expect(stdout).toBe('samples 594');
    expect(stderr.match(/^autoresearch probe: .*$/gm)).toEqual([
      expect.stringContaining('"often"'.replaceAll('"', "'")),
    ]);
    expect((await rows('task_stats')).length).toBeGreaterThan(0);
  });

  it('writes nothing without a metrics folder', async () => {
    const { stdout, stderr } = await python({ args: ['train.py', 'main'], env: { AUTORESEARCH_METRICS_DIR: '' } });
    expect(stdout).toBe('samples 594');
    expect(stderr).not.toMatch(/^autoresearch probe/m);
    expect(await readdir(metrics)).toEqual([]);
  });

  it('loads no library into a process that does not ask for it', async () => {
    const costly = ['asyncio', 'concurrent', 'inspect', 'logging', 'multiprocessing', 'socket', 'ssl', 'subprocess'];
    // Without `site`, which runs what other packages of an environment have it load.
    const loaded = [
      `import sys; sys.path.insert(0, ${JSON.stringify(packageFile('probe'))}); import sitecustomize`,
      'recorders = {"autoresearch_probe.built_pipelines", "autoresearch_probe.spdl_statistics"}',
      'assert recorders <= set(sys.modules)',
      `print(sorted(set(sys.modules) & set(${JSON.stringify(costly)})))`,
    ].join('\n');
    const { stdout, stderr } = await python({ args: ['-S', '-c', loaded] });
    expect(stderr).toBe('');
    expect(stdout).toBe('[]');
  });

  it("adds no frame to the user's tracebacks", async () => {
    await writeFile(join(tree, 'loading.py'), 'def broken():\n    raise KeyError("theirs")\nbroken()\n');
    const { stderr } = await python({ args: ['train.py', 'main'] });
    expect(stderr).toContain("KeyError: 'theirs'");
    expect(stderr).not.toContain('autoresearch_probe');
  });
});

describe('work that the probe does later', () => {
  const script = (child: string) => `
import os, sys
from multiprocessing import get_context
from autoresearch_probe import background
sent = lambda text: background.later(lambda: os.write(1, text))
def work():
    sent(b'child\\n')
background._BURST_S = 3600
sent(b'parent\\n')
${child}
`;

  it.each([
    ['a child of multiprocessing', "child = get_context('fork').Process(target=work); child.start(); child.join()"],
    ['a child of fork', 'pid = os.fork()\nif pid == 0:\n    work()\n    sys.exit()\nos.waitpid(pid, 0)'],
  ])('is done at the end of the process that asked for it, and once: %s', async (_, child) => {
    const { stdout, stderr } = await python({ args: ['-c', script(child)] });
    expect({ stdout, stderr }).toEqual({ stdout: 'child\nparent', stderr: '' });
  });
});

describe('the size of a batch', () => {
  it.each<[string, string, string]>([
    ['an array', 'a(16, 3)', '16'],
    ['a tuple of arrays', '(a(16, 3), a(16))', '16'],
    ['a dict of arrays', '{"image": a(16, 3), "label": a(16), "epoch": 3}', '16'],
    ['an object that holds them', 'types.SimpleNamespace(x=a(16, 3), y=[a(16), a(16)])', '16'],
    ['a list of samples', '[a(3), a(3), a(3), a(3)]', '4'],
    ['a list of numbers', '[1, 2, 3]', '3'],
    ['a list of the arrays of a batch', '[a(16, 3), a(16)]', '16'],
    ['arrays that differ', '(a(1000), a(16))', 'None'],
    ['one sample', 'np.float32(1)', 'None'],
    ['text', '"text"', 'None'],
    ['nothing', 'None', 'None'],
  ])('%s', async (_, batch, size) => {
    const code = `import numpy as np, types; from autoresearch_probe.batch_size import samples_in; a = lambda *s: np.zeros(s); print(samples_in(${batch}))`;
    expect((await python({ args: ['-c', code] })).stdout).toBe(size);
  });
});
