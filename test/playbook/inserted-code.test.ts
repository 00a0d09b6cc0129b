/**
 * What is put into a script depends on no name of it, prints past whatever it does to printing, and leaves the rest as
 * it is.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';
import { type Job, python, rewriteOf, runJob, withRewritten } from './pipeline-fixtures.js';

const BODY = `
def load(index):
    import time
    time.sleep(0.0005)
    return np.full((3,), index, dtype=np.float32)


def train():
    chain = PipelineBuilder().add_source(range(120)).pipe(load, concurrency=2)
    pipeline = chain.aggregate(4).pipe(np.stack).add_sink(2).build(num_threads=2)
    weight = 0.0
    with pipeline.auto_stop():
        for batch in pipeline:
            weight += 0.1 * (float(batch.mean()) - weight)
            BAR
    return weight


train()
`;
const IMPORTS = 'import sys\n\nimport numpy as np\nfrom spdl.pipeline import PipelineBuilder\n';

/** Stand-ins with the signatures of the real ones: none takes `flush`, and none writes to where it was told. */
const RICH =
  'def print(*objects, sep=" ", end="\\n", file=None):\n    import sys\n    sys.stdout.write("[rich] " + sep.join(map(str, objects)) + end)\n';
const TQDM =
  'class tqdm:\n    @classmethod\n    def write(cls, s, file=None, end="\\n", nolock=False):\n        import sys\n        sys.stderr.write("\\r" + s + end)\n';
const LOGURU =
  'class _Logger:\n    def info(self, message, *args, **kwargs):\n        message.format(*args, **kwargs)\nlogger = _Logger()\n';

interface Case {
  name: string;
  head?: string;
  bar?: string;
  files?: Record<string, string>;
}
const CASES: Case[] = [
  { name: 'print is a logger', head: 'import logging\nlogging.basicConfig()\nprint = logging.getLogger().info\n' },
  { name: 'print is tqdm.write', head: 'from tqdm import tqdm\nprint = tqdm.write\n', files: { 'tqdm.py': TQDM } },
  { name: 'print comes from rich', head: 'from rich import print\n', files: { 'rich.py': RICH } },
  {
    name: 'print is of loguru',
    head: 'from loguru import logger\nprint = logger.info\n',
    files: { 'loguru.py': LOGURU },
  },
  { name: 'builtins.print is replaced', head: 'import builtins\nbuiltins.print = lambda text: None\n' },
  {
    name: 'builtins and modules are shadowed',
    head: 'time = os = sys = atexit = 0\nlen = sum = max = iter = next = getattr = isinstance = hasattr = list = tuple = Exception = None\n',
  },
  {
    name: 'star imports shadow builtins',
    head: 'from names import *\n',
    files: {
      'names.py': 'def sum(x, axis): ...\ndef max(x, dim): ...\ndef all(x): raise TypeError\niter = len = min = None\n',
    },
  },
  {
    name: 'modules of the script have names of the library',
    head: 'import array, atexit, time\n',
    files: { 'time.py': 'raise SystemExit("the wrong time")\n', 'array.py': 'mine = 1\n', 'atexit.py': 'mine = 1\n' },
  },
  { name: 'sys.stdout is captured', head: 'import io\nsys.stdout = io.StringIO()\n' },
  {
    name: 'sys.stdout is wrapped',
    head: 'class Quiet:\n    def write(self, text): pass\n    def flush(self): pass\nsys.stdout = Quiet()\n',
  },
  {
    name: 'standard output is redirected',
    head: 'import contextlib, io\nstack = contextlib.ExitStack()\nstack.enter_context(contextlib.redirect_stdout(io.StringIO()))\n',
  },
  { name: 'standard output is closed', head: 'sys.stdout.close()\n' },
  { name: 'descriptor 1 becomes a file', head: 'import os\nos.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n' },
  { name: 'a progress bar ends by a carriage return', bar: 'print(f"\\r{weight:.2f} |####|", end="\\r")' },
];
/** All in few processes: a case costs a start of Python twice. */
const TOGETHER = [CASES.slice(0, 7), CASES.slice(7)];

async function withFolder<T>(files: Record<string, string | Buffer>, use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'inserted-'));
  try {
    for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
    return await use(dir);
  } finally {
    await removeFolder(dir);
  }
}

const jobIn = (dir: string): Job => ({ dir, script: 'train.py', args: [] });

describe('the lines of the timing come to standard output', () => {
  it.each(TOGETHER.map((cases) => [cases.map(({ name }) => name).join(', '), cases] as const))(
    'when %s',
    async (_, cases) => {
      await Promise.all(
        cases.map(async ({ name, head = '', bar = 'pass', files = {} }) => {
          const script = `${IMPORTS}\n${head}\n${BODY.replace('BAR', bar)}`;
          await withFolder({ ...files, 'train.py': script }, async (dir) => {
            const { files: changed, refused } = await rewriteOf(jobIn(dir), [{ type: 'instrument' }]);
            expect([name, refused]).toEqual([name, []]);
            await withRewritten(jobIn(dir), changed, async (copy) => {
              const { exitCode, stderr, stdout } = await runJob(copy);
              expect([name, exitCode, stderr]).toEqual([name, 0, '']);
              const lines = stdout.split(/[\r\n]/).filter((line) => line.includes('[autoresearch]'));
              const steps = lines.flatMap(
                (line) =>
                  /\[autoresearch\] step=(\d+) step_time_ms=[\d.]+ fetch_time_ms=[\d.]+ compute_time_ms=[\d.]+ pid=\d+$/.exec(
                    line,
                  )?.[1] ?? [],
              );
              expect([name, steps.at(-1)]).toEqual([name, '30']);
              expect([name, lines.at(-1)]).toEqual([
                name,
                expect.stringMatching(/^\[autoresearch\] throughput_samples_per_s=\d/),
              ]);
            });
          });
        }),
      );
    },
  );

  it('and nothing that is inserted looks a name up in the script', async () => {
    const check = `
import dis, json, sys, types
def names(code):
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval != "__name__":
            yield step.argval
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from names(inner)
found = {}
for path in sys.argv[1:]:
    text = open(path, "rb").read().decode("ascii")
    found[path.rpartition("/")[2]] = sorted({n for n in names(compile(text, path, "exec")) if not n.startswith("_autoresearch_")})
print(json.dumps(found))`;
    const blocks = ['timing.py', 'headspace.py', 'subprocess.py'].map((name) =>
      packageFile('playbook', 'python', 'inlined', name),
    );
    const { stdout } = await execa(python, ['-I', '-c', check, ...blocks]);
    expect(JSON.parse(stdout)).toEqual({ 'timing.py': [], 'headspace.py': [], 'subprocess.py': [] });
  });
});

describe('a file stays as it is but for what is put in', () => {
  const plain = `${IMPORTS}\n${BODY.replace('BAR', 'pass')}`;
  const FILES: [name: string, bytes: Buffer, encoding: 'utf8' | 'latin1'][] = [
    ['a byte order mark and CRLF', Buffer.from(`\uFEFF${plain.replaceAll('\n', '\r\n')}`), 'utf8'],
    ['a coding line', Buffer.from(`# -*- coding: latin-1 -*-\nname = "caf\xe9"\n${plain}`, 'latin1'), 'latin1'],
    ['tabs, and no newline at the end', Buffer.from(plain.replaceAll('    ', '\t').trimEnd()), 'utf8'],
    ['mixed line ends', Buffer.from(plain.replace('import numpy as np\n', 'import numpy as np\r\n')), 'utf8'],
    [
      'letters outside of ASCII in front of the loop',
      Buffer.from(plain.replace('for batch', 'é = "ü"; é\n        for batch')),
      'utf8',
    ],
  ];

  it.each(FILES)('with %s', async (_, bytes, encoding) => {
    await withFolder({ 'train.py': bytes }, async (dir) => {
      const { files, refused } = await rewriteOf(jobIn(dir), [{ type: 'instrument' }, { type: 'headspace' }]);
      expect(refused).toEqual([]);
      const after = files['train.py']!;
      const newline = bytes.includes('\r\n\r\n') ? '\r\n' : '\n';
      const block = (name: string) =>
        after.slice(after.indexOf(`# [autoresearch] ${name}: begin`), after.indexOf(`# [autoresearch] ${name}: end`));
      const without = ['timing', 'headspace'].reduce(
        (text, name) => text.replace(`${newline}${block(name)}# [autoresearch] ${name}: end${newline}${newline}`, ''),
        after,
      );
      expect(without.replace('_autoresearch_timed(_autoresearch_cached(pipeline))', 'pipeline')).toBe(
        bytes.toString(encoding),
      );
      expect(new Set(block('timing').match(/\r?\n/g))).toEqual(new Set([newline]));
      await writeFile(join(dir, 'train.py'), Buffer.from(after, encoding));
      const output = await runJob(jobIn(dir));
      expect([output.exitCode, output.steps]).toEqual([0, 30]);
    });
  });

  it('or is refused with the Python that reads it, and the way out', async () => {
    await withFolder({ 'train.py': `${plain}\nx = = 1\n` }, async (dir) => {
      const { refused } = await rewriteOf(jobIn(dir), [{ type: 'instrument' }]);
      expect(refused[0]!.reason).toMatch(
        /^train\.py does not parse with \/.*python.* \(Python 3\.\d+\.\d+\).*name that one with --python$/,
      );
    });
  });
});
