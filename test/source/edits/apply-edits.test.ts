import { describe, expect, it } from 'vitest';
import type { FileEdit } from '../../../domain/formats/agent-replies.js';
import { applyEdits, type EditableSource, type EditOptions } from '../../../source/edits/apply-edits.js';

const TRAIN = `import time

from loader import make_loader

BATCH = 8


def step(batch):
    time.sleep(0.01)
    return batch


class Model:
    def forward(self, x):
        return x


def main():
    for batch in make_loader(BATCH):
        step(batch)
        print("done", flush=True)
        print("[autoresearch] step=1 step_time_ms=2.0 fetch_time_ms=1.0", flush=True)


if __name__ == "__main__":
    main()
`;

const FILES: Record<string, string> = {
  'train.py': TRAIN,
  'loader.py': 'WORKERS = 2\n\n\ndef make_loader(n):\n    a = 1\n    b = 1\n    return [n]\n',
  'pkg/deep/dos.py': 'a = 1\r\nb = 2\r\nc = 3\r\n',
  'conf/train.yaml': 'workers: 2\nbatch: 8\n',
  'weights.npy': '\x93NUMPY\0\0',
  'latin.py': '# coding: latin-1\nname = "café"\n',
  'korean.py': '# coding: euc-kr\nname = "a"\n',
  'broken.py': 'def {{ name }}():\n    pass\n',
};

const source: EditableSource = {
  read: async (path) => FILES[path] ?? null,
  files: new Set(Object.keys(FILES)),
  linked: ['data', 'main.py', 'third_party/lib'],
};

const strict: EditOptions = {
  protectedPaths: ['*.lock', 'infra/**', 'conf/secret?.yaml'],
  keepInstrumentation: true,
  python: 'python3',
};

interface RefusalCase {
  name: string;
  edits: FileEdit[];
  reason: RegExp;
}

const REFUSALS: RefusalCase[] = [
  {
    name: 'a letter that the coding of the file lacks',
    edits: [{ path: 'latin.py', old: 'café', new: 'café ☕' }],
    reason: /latin\.py: the file says that its coding is latin-1; write "☕" as an escape/,
  },
  {
    name: 'a letter whose bytes mean another one in the coding of the file',
    edits: [{ path: 'korean.py', old: '"a"', new: '"é"' }],
    reason: /korean\.py: the file says that its coding is euc-kr; write "é" as an escape/,
  },
  { name: 'an absolute path', edits: [{ path: '/etc/passwd', content: 'x' }], reason: /absolute/ },
  { name: 'a drive letter', edits: [{ path: 'C:/x.py', content: 'x' }], reason: /absolute/ },
  { name: 'a climbing path', edits: [{ path: '../x.py', content: 'x' }], reason: /leaves the source directory/ },
  {
    name: 'a path that climbs and returns',
    edits: [{ path: 'a/../../x.py', content: '' }],
    reason: /leaves the source/,
  },
  { name: 'a path that climbs inside', edits: [{ path: 'pkg/../train.py', content: '' }], reason: /leaves the source/ },
  { name: 'an empty path', edits: [{ path: './', content: 'x' }], reason: /path is empty/ },
  { name: 'a home path', edits: [{ path: '~/x.py', content: 'x' }], reason: /begins with ~/ },
  { name: 'a backslash', edits: [{ path: 'pkg\\x.py', content: 'x' }], reason: /backslash/ },
  { name: 'a NUL in the path', edits: [{ path: 'a\0.py', content: 'x' }], reason: /NUL/ },
  { name: 'the repository', edits: [{ path: '.git/hooks/pre-commit', content: 'x' }], reason: /inside \.git/ },
  {
    name: 'a nested repository, in capitals',
    edits: [{ path: 'pkg/.GIT/config', content: 'x' }],
    reason: /inside \.GIT/,
  },
  { name: "Sapling's data", edits: [{ path: '.sl/config', content: 'x' }], reason: /inside \.sl/ },
  { name: 'a linked file', edits: [{ path: 'main.py', content: 'x' }], reason: /main\.py is a link/ },
  { name: 'a path through a linked folder', edits: [{ path: 'data/a/b.py', content: 'x' }], reason: /data is a link/ },
  {
    name: 'a protected name anywhere',
    edits: [{ path: 'pkg/poetry.lock', content: 'x' }],
    reason: /protected \(\*\.lock\)/,
  },
  { name: 'a protected folder', edits: [{ path: 'infra/a/b.tf', content: 'x' }], reason: /protected \(infra/ },
  { name: 'a protected pattern', edits: [{ path: 'conf/secret1.yaml', content: 'x' }], reason: /protected/ },
  { name: 'a directory', edits: [{ path: 'pkg/deep', content: 'x' }], reason: /path is a directory/ },
  { name: 'a file used as a folder', edits: [{ path: 'train.py/x.py', content: 'x' }], reason: /train\.py is a file/ },
  {
    name: 'a new file used as a folder',
    edits: [
      { path: 'new', content: 'x' },
      { path: 'new/x.py', content: 'x' },
    ],
    reason: /new is a file/,
  },
  {
    name: 'a missing file, with the one that was meant',
    edits: [{ path: 'src/loader.py', old: 'a', new: 'b' }],
    reason: /no such file; did you mean loader\.py/,
  },
  {
    name: 'a missing text, with the nearest lines',
    edits: [{ path: 'train.py', old: '    time.sleep(0.02)\n    return batches', new: '' }],
    reason: /nearest lines at line 9:\n {4}time\.sleep\(0\.01\)\n {4}return batch/,
  },
  {
    name: 'a text that differs in white space',
    edits: [{ path: 'train.py', old: 'def step(batch):\n  time.sleep(0.01)', new: '' }],
    reason: /the same but for white space at line 8/,
  },
  {
    name: 'a text unlike any',
    edits: [{ path: 'conf/train.yaml', old: 'zzzzqqqq!!!', new: '' }],
    reason: /nor anything like it/,
  },
  {
    name: 'a text that is there twice, with its lines',
    edits: [{ path: 'loader.py', old: ' = 1', new: ' = 2' }],
    reason: /occurs 2 times \(lines 5, 6\)/,
  },
  { name: 'a binary file', edits: [{ path: 'weights.npy', old: 'NUMPY', new: 'x' }], reason: /binary/ },
  { name: 'binary content', edits: [{ path: 'x.bin', content: 'a\0b' }], reason: /NUL/ },
  { name: 'huge content', edits: [{ path: 'x.txt', content: 'x'.repeat(2_000_001) }], reason: /2000001 characters/ },
  {
    name: 'Python that does not compile, with its line',
    edits: [{ path: 'loader.py', old: '    return [n]', new: '    return [n' }],
    reason: /loader\.py, line 7: SyntaxError: .*\n {4}return \[n/,
  },
  {
    name: 'wrong indentation',
    edits: [{ path: 'new.py', content: 'def f():\nreturn 1\n' }],
    reason: /new\.py, line 2: IndentationError/,
  },
  {
    name: 'a return outside a function, which only compile() finds',
    edits: [{ path: 'new.py', content: 'x = 1\nreturn x\n' }],
    reason: /new\.py, line 2: SyntaxError: 'return' outside function/,
  },
  {
    name: 'two broken files at once',
    edits: [
      { path: 'a.py', content: 'x = (\n' },
      { path: 'b.py', content: 'y = )\n' },
    ],
    reason: /a\.py, line 1.*b\.py, line 1/s,
  },
  {
    name: 'a whole file that was cut short',
    edits: [{ path: 'train.py', content: TRAIN.replace(/class Model:.*?return x\n/s, '') }],
    reason: /drop the top-level definition of Model; keep it/,
  },
  {
    name: 'a removed definition that is still used',
    edits: [{ path: 'train.py', old: 'def step(batch):\n    time.sleep(0.01)\n    return batch\n', new: '' }],
    reason: /definition of step although the file still uses it/,
  },
  {
    name: 'lost reports',
    edits: [
      {
        path: 'train.py',
        old: '        print("[autoresearch] step=1 step_time_ms=2.0 fetch_time_ms=1.0", flush=True)\n',
        new: '',
      },
    ],
    reason: /\[autoresearch\] lines \(.*fetch_time_ms.*step_time_ms/,
  },
  {
    name: 'one lost name of a report',
    edits: [{ path: 'train.py', old: ' fetch_time_ms=1.0', new: '' }],
    reason: /lines \(fetch_time_ms\)/,
  },
  {
    name: 'everything when one of several edits is wrong',
    edits: [
      { path: 'conf/train.yaml', old: 'workers: 2', new: 'workers: 4' },
      { path: 'nope.py', old: 'a', new: 'b' },
    ],
    reason: /^edit 2 \(nope\.py\): there is no such file/,
  },
];

describe('refuses', () => {
  it.each(REFUSALS)('$name', async ({ edits, reason }) => {
    const outcome = await applyEdits(source, edits, strict);
    expect(outcome.ok ? 'accepted' : outcome.reason).toMatch(reason);
  });
});

interface AcceptedCase {
  name: string;
  edits: FileEdit[];
  files: Record<string, string>;
  unchanged?: string[];
}

const ACCEPTED: AcceptedCase[] = [
  {
    name: 'several edits of one file and a new file',
    edits: [
      { path: 'loader.py', old: 'WORKERS = 2', new: 'WORKERS = 4' },
      { path: './loader.py', old: 'return [n]', new: 'return [n, WORKERS]' },
      { path: 'pkg/new.py', content: 'N = 1\n' },
    ],
    files: {
      'loader.py': FILES['loader.py']!.replace('2', '4').replace('[n]', '[n, WORKERS]'),
      'pkg/new.py': 'N = 1\n',
    },
  },
  {
    name: 'an edit of what an earlier edit wrote',
    edits: [
      { path: 'conf/train.yaml', old: 'workers: 2', new: 'workers: 3\nbuffer: 1' },
      { path: 'conf/train.yaml', old: 'buffer: 1', new: 'buffer: 9' },
    ],
    files: { 'conf/train.yaml': 'workers: 3\nbuffer: 9\nbatch: 8\n' },
  },
  {
    name: 'an original place that an earlier edit made look ambiguous',
    edits: [
      { path: 'conf/train.yaml', old: 'workers: 2', new: 'workers: 2\nbatch: 8 # old' },
      { path: 'conf/train.yaml', old: 'batch: 8', new: 'batch: 16' },
    ],
    files: { 'conf/train.yaml': 'workers: 2\nbatch: 8 # old\nbatch: 16\n' },
  },
  {
    name: 'an edit that says LF in a file of CRLF',
    edits: [{ path: 'pkg/deep/dos.py', old: 'a = 1\nb = 2\n', new: 'a = 5\nb = 6\n' }],
    files: { 'pkg/deep/dos.py': 'a = 5\r\nb = 6\r\nc = 3\r\n' },
  },
  {
    name: 'a whole file for one of CRLF, without its last line end',
    edits: [{ path: 'pkg/deep/dos.py', content: 'a = 9\nc = 3' }],
    files: { 'pkg/deep/dos.py': 'a = 9\r\nc = 3\r\n' },
  },
  {
    name: 'an edit that says CRLF in a file of LF',
    edits: [{ path: 'conf/train.yaml', old: 'workers: 2\r\nbatch', new: 'workers: 5\r\nbatch' }],
    files: { 'conf/train.yaml': 'workers: 5\nbatch: 8\n' },
  },
  { name: 'no edit at all', edits: [], files: {} },
  {
    name: 'an edit that changes nothing, and says so',
    edits: [{ path: 'loader.py', old: 'WORKERS = 2', new: 'WORKERS = 2' }],
    files: {},
    unchanged: ['loader.py'],
  },
  {
    name: 'a definition that moved into an import',
    edits: [
      { path: 'model.py', content: 'class Model:\n    pass\n' },
      {
        path: 'train.py',
        content: TRAIN.replace(/class Model:.*?return x\n/s, '').replace(
          'import time\n',
          'import time\nfrom model import Model\n',
        ),
      },
    ],
    files: {
      'model.py': 'class Model:\n    pass\n',
      'train.py': TRAIN.replace(/class Model:.*?return x\n/s, '').replace(
        'import time\n',
        'import time\nfrom model import Model\n',
      ),
    },
  },
  {
    name: 'a definition that was removed on purpose and is used no more',
    edits: [{ path: 'train.py', old: 'class Model:\n    def forward(self, x):\n        return x\n\n\n', new: '' }],
    files: { 'train.py': TRAIN.replace('class Model:\n    def forward(self, x):\n        return x\n\n\n', '') },
  },
  {
    name: 'reports that moved to another changed file',
    edits: [
      {
        path: 'train.py',
        old: '        print("[autoresearch] step=1 step_time_ms=2.0 fetch_time_ms=1.0", flush=True)\n',
        new: '',
      },
      {
        path: 'loader.py',
        old: '    a = 1\n',
        new: '    print("[autoresearch] step=2 step_time_ms=1 fetch_time_ms=0")\n',
      },
    ],
    files: {
      'train.py': TRAIN.replace(/ {8}print\("\[autoresearch\].*\n/, ''),
      'loader.py': FILES['loader.py']!.replace(
        '    a = 1\n',
        '    print("[autoresearch] step=2 step_time_ms=1 fetch_time_ms=0")\n',
      ),
    },
  },
  {
    name: 'a file that did not compile before either',
    edits: [{ path: 'broken.py', old: 'pass', new: 'return 1' }],
    files: { 'broken.py': 'def {{ name }}():\n    return 1\n' },
  },
  {
    name: 'special signs of replacement as they are',
    edits: [{ path: 'conf/train.yaml', old: 'workers: 2', new: "workers: $& $1 $' \\n" }],
    files: { 'conf/train.yaml': "workers: $& $1 $' \\n\nbatch: 8\n" },
  },
];

describe('accepts', () => {
  it.each(ACCEPTED)('$name', async ({ edits, files, unchanged = [] }) => {
    const outcome = await applyEdits(source, edits, strict);
    expect(outcome).toEqual({ ok: true, files: new Map(Object.entries(files)), unchanged });
    expect(await applyEdits(source, edits, strict)).toEqual(outcome);
  });
});

it('lets the instrument phase take reports away, and compiles nothing without an interpreter', async () => {
  const edits = [{ path: 'train.py', old: ' fetch_time_ms=1.0', new: '' }];
  expect((await applyEdits(source, edits, { python: 'python3' })).ok).toBe(true);
  expect((await applyEdits(source, [{ path: 'x.py', content: 'def' }], {})).ok).toBe(true);
});

it('does not blame the edit when the interpreter does not run', async () => {
  const edits = [{ path: 'x.py', content: 'x = 1\n' }];
  await expect(applyEdits(source, edits, { python: '/nowhere/python' })).rejects.toThrow(/could not check/);
});

it('runs nothing of the code that it compiles', async () => {
  const edits = [{ path: 'x.py', content: 'raise SystemExit(3)\n' }];
  expect((await applyEdits(source, edits, strict)).ok).toBe(true);
});
