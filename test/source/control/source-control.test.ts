import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { hostMark, thisHost } from '../../../host/host-identity.js';
import { fingerprint, open, repository, run, write } from '../../activities/source-fixture.js';
import { describeByEachGit, folder, source, usePlaces, workdir } from '../../support/source-place.js';

usePlaces();

describeByEachGit('a repository', () => {
  beforeEach(() => void repository(source));

  it("gives up the run's refs, and leaves all others", async () => {
    const store = await open(workdir, source);
    const anchor = await store.anchor();
    await store.commitEdits('001_x', anchor, new Map([['train.py', 'print(1)\n']]), 'x');
    const refs = () => run(source, 'for-each-ref', '--format=%(refname)').split('\n').filter(Boolean);
    const own = await store.refs();
    expect(own.length).toBeGreaterThan(1);
    expect(refs()).toEqual(expect.arrayContaining(own));
    await store.dropRefs();
    expect(await store.refs()).toEqual([]);
    expect(refs()).toEqual(['refs/heads/main']);
    await store.dropRefs();
  });

  it('anchors uncommitted and untracked work and leaves the user what was there', async () => {
    write(source, {
      'train.py': 'import pkg\nprint("two")\n',
      'pkg/new.py': 'NEW = 1\n',
      'staged.py': 'S = 1\n',
      'data/huge.bin': 'x',
      'pkg/__pycache__/new.pyc': 'x',
    });
    run(source, 'add', 'staged.py');
    write(source, { 'staged.py': 'S = 2\n' });
    rmSync(join(source, 'pkg/loader.py'));
    run(source, 'stash', 'store', run(source, 'stash', 'create').trim());
    const before = fingerprint(source);

    const code = await open(workdir, source);
    const anchor = await code.anchor();
    expect(code.kind).toBe('git');
    expect((await code.listFiles(anchor)).sort()).toEqual(
      ['.gitignore', 'pkg/__init__.py', 'pkg/new.py', 'run.sh', 'staged.py', 'train.py'].sort(),
    );
    expect(await code.readFile(anchor, 'train.py')).toContain('two');
    expect(await code.readFile(anchor, 'staged.py')).toBe('S = 2\n');
    expect(await code.readFile(anchor, 'nothing.py')).toBeNull();
    expect(run(source, 'rev-parse', `${anchor}^`)).toBe(run(source, 'rev-parse', 'HEAD'));
    expect(run(source, 'ls-tree', anchor, 'run.sh', 'main.py')).toMatch(/120000 .*main.py\n100755 .*run.sh/);

    const commit = await code.commitEdits('002_x', anchor, new Map([['train.py', 'pass\n']]), 'x');
    const tree = await code.openTree('002_x', commit);
    writeFileSync(join(tree.sourceDir, 'pkg/new.py'), 'changed by the job');
    await code.closeTree('002_x');
    expect(fingerprint(source)).toEqual(before);
  });

  it('keeps the anchor of a run, whatever the user edits later', async () => {
    const first = await (await open(workdir, source)).anchor();
    write(source, { 'train.py': 'print("later")\n' });
    const again = await open(workdir, source);
    expect(await again.anchor()).toBe(first);
    run(source, 'update-ref', '-d', 'refs/autoresearch/run-1/anchor');
    expect(await (await open(workdir, source)).anchor()).toBe(first);
    expect(await again.commitOf('anchor')).toBe(first);
  });

  it('says so when the anchor of a run is gone', async () => {
    await (await open(workdir, source)).anchor();
    run(source, 'update-ref', '-d', 'refs/autoresearch/run-1/anchor');
    run(source, 'gc', '-q', '--prune=now');
    await expect((await open(workdir, source)).anchor()).rejects.toThrow(/anchor [0-9a-f]{40} of this run is gone/);
  });

  it('gives the same content the same commits in any run and any workdir', async () => {
    const edits = new Map([['pkg/loader.py', 'WORKERS = 4\n']]);
    const one = await open(workdir, source);
    const two = await open(join(folder, 'other'), source, { run_id: 'run-2' });
    const anchor = await one.anchor();
    expect(await two.anchor()).toBe(anchor);
    const commits = [
      await one.commitEdits('a', anchor, edits, 'more workers'),
      await one.commitEdits('a', anchor, edits, 'more workers'),
      await two.commitEdits('b', anchor, edits, 'more workers'),
    ];
    expect(new Set(commits).size).toBe(1);
    expect(await two.commitOf('b')).toBe(commits[0]);
    expect(await one.commitOf('b')).toBeNull();
    const content = await one.contentHash(commits[0]!);
    expect(content).not.toBe(await one.contentHash(anchor));
    expect(await one.contentHashWith(anchor, edits)).toBe(content);
    expect(await one.contentHashes([commits[0]!, 'f'.repeat(40)])).toEqual(new Map([[commits[0], content]]));
    expect(run(source, 'log', '-1', '--format=%an %ae %s', commits[0]!).trim()).toBe(
      'autoresearch autoresearch@localhost more workers',
    );
  });

  it('takes the parent itself when nothing changes', async () => {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    expect(await code.commitEdits('none', anchor, new Map(), 'm')).toBe(anchor);
    expect(await code.commitEdits('same', anchor, new Map([['pkg/loader.py', 'WORKERS = 2\n']]), 'm')).toBe(anchor);
    expect(await code.commitOf('none')).toBe(anchor);
    expect(await code.commitOf('same')).toBe(anchor);
  });

  it('keeps every commit through a garbage collection', async () => {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const commit = await code.commitEdits('c', anchor, new Map([['new.py', 'A = 1\n']]), 'm');
    run(source, 'gc', '-q', '--prune=now');
    const again = await open(workdir, source);
    expect(await again.readFile((await again.commitOf('c'))!, 'new.py')).toBe('A = 1\n');
    expect(await again.commitOf('c')).toBe(commit);
  });

  it('shows what changed, as a unified diff of the source directory', async () => {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const commit = await code.commitEdits('d', anchor, new Map([['pkg/loader.py', 'WORKERS = 8\n']]), 'm');
    const diff = await code.diff(anchor, commit);
    expect(diff).toContain(
      '--- a/pkg/loader.py\n+++ b/pkg/loader.py\n@@ -1 +1 @@\n-WORKERS = 2\n+WORKERS = 8\n'.replace(
        '@@ -1 +1 @@',
        diff.match(/@@.*@@/)![0],
      ),
    );
    expect(await code.diff(anchor, anchor)).toBe('');
  });

  it('keeps modes, links, line ends and encodings', async () => {
    write(source, {
      'dos.py': 'a = 1\r\nb = 2\r\n',
      'latin.py': Buffer.from('# -*- coding: latin-1 -*-\nname = "caf\xe9"\n', 'latin1'),
      'ascii.py': '#!/usr/bin/python\n# vim: set fileencoding=iso-8859-1 :\nname = "cafe"\n',
      'mark.py': '\uFEFFx = 1\n',
    });
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const text = await code.readFile(anchor, 'latin.py');
    expect(text).toContain('café');
    const edits = new Map([
      ['latin.py', text!.replace('name', 'title')],
      ['ascii.py', (await code.readFile(anchor, 'ascii.py'))!.replace('cafe', 'café')],
      ['mark.py', 'x = 2\n'],
      ['dos.py', 'a = 1\r\nb = 3\r\n'],
      ['run.sh', '#!/bin/sh\necho there\n'],
    ]);
    const { sourceDir } = await code.openTree('t', await code.commitEdits('t', anchor, edits, 'm'));
    expect(readFileSync(join(sourceDir, 'latin.py'), 'latin1')).toContain('title = "caf\xe9"');
    expect(readFileSync(join(sourceDir, 'ascii.py'), 'latin1')).toContain('name = "caf\xe9"');
    expect(readFileSync(join(sourceDir, 'mark.py'), 'utf8')).toBe('\uFEFFx = 2\n');
    expect(readFileSync(join(sourceDir, 'dos.py'), 'utf8')).toBe('a = 1\r\nb = 3\r\n');
    expect(statSync(join(sourceDir, 'run.sh')).mode & 0o111).toBe(0o111);
    expect(readlinkSync(join(sourceDir, 'main.py'))).toBe('train.py');
    await expect(code.commitEdits('l', anchor, new Map([['main.py', 'x']]), 'm')).rejects.toThrow(/main.py is a link/);
  });

  it('keeps a tree in a workdir that was moved, and leads its git to where it is now', async () => {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const { sourceDir } = await code.openTree('n', anchor);
    writeFileSync(join(sourceDir, 'output.txt'), 'of the build');
    const moved = `${workdir}-moved`;
    onTestFinished(() => rmSync(moved, { recursive: true, force: true }));
    renameSync(workdir, moved);
    const tree = await (await open(moved, source)).openTree('n', anchor);
    expect(existsSync(join(tree.sourceDir, 'output.txt'))).toBe(true);
    expect(run(tree.root, 'rev-parse', 'HEAD').trim()).toBe(anchor);
    expect(run(tree.root, 'rev-parse', '--absolute-git-dir').trim()).toBe(join(moved, 'trees/.admin/n'));
  });

  it('opens a tree once, renews a damaged or other one, and closes it twice', async () => {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const tree = await code.openTree('n', anchor);
    writeFileSync(join(tree.sourceDir, 'output.txt'), 'of the job');
    expect(await (await open(workdir, source)).openTree('n', anchor)).toEqual(tree);
    expect(existsSync(join(tree.sourceDir, 'output.txt'))).toBe(true);
    const other = await code.commitEdits('n', anchor, new Map([['train.py', 'pass\n']]), 'm');
    await code.openTree('n', other);
    expect(readFileSync(join(tree.sourceDir, 'train.py'), 'utf8')).toBe('pass\n');
    expect(existsSync(join(tree.sourceDir, 'output.txt'))).toBe(false);
    rmSync(join(workdir, 'trees/.admin/n'), { recursive: true });
    await code.openTree('n', other);
    expect(existsSync(join(tree.sourceDir, 'train.py'))).toBe(true);
    await code.closeTree('n');
    await code.closeTree('n');
    expect(existsSync(tree.root)).toBe(false);
  });

  it('opens eight trees at once, and one tree eight times at once', async () => {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const commits = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        code.commitEdits(`e${i}`, anchor, new Map([['train.py', `x = ${i}\n`]]), 'm'),
      ),
    );
    const trees = await Promise.all(commits.map((commit, i) => code.openTree(`e${i}`, commit)));
    trees.forEach(({ sourceDir }, i) => {
      expect(readFileSync(join(sourceDir, 'train.py'), 'utf8')).toBe(`x = ${i}\n`);
    });
    const same = await Promise.all(Array.from({ length: 8 }, () => code.openTree('same', anchor)));
    expect(new Set(same.map(({ root }) => root)).size).toBe(1);
  });

  it("works in a subfolder of the repository: the tree is whole, the paths are the folder's", async () => {
    write(source, { 'apps/a/train.py': 'import lib\n', 'apps/b/train.py': 'pass\n', 'lib/x.py': 'X = 1\n' });
    const app = join(source, 'apps/a');
    const code = await open(workdir, app);
    const anchor = await code.anchor();
    expect(await code.listFiles(anchor)).toEqual(['train.py']);
    const commit = await code.commitEdits('s', anchor, new Map([['train.py', 'import lib.x\n']]), 'm');
    const tree = await code.openTree('s', commit);
    expect(tree.sourceDir).toBe(join(workdir, 'trees/s/apps/a'));
    expect(readFileSync(join(tree.sourceDir, 'train.py'), 'utf8')).toBe('import lib.x\n');
    expect(existsSync(join(tree.root, 'lib/x.py'))).toBe(true);
    expect(await code.diff(anchor, commit)).toContain('+++ b/train.py');
    const narrow = await open(join(folder, 'narrow'), app, { tree_paths: ['lib/'] });
    const small = await narrow.openTree('s', anchor);
    expect(existsSync(join(small.root, 'apps/b'))).toBe(false);
    expect(existsSync(join(small.root, 'lib/x.py'))).toBe(true);
    expect(existsSync(join(small.sourceDir, 'train.py'))).toBe(true);
  });

  it('links what git ignores, but no cache, nothing tracked, and never the workdir', async () => {
    write(source, {
      'data/a.npz': 'a',
      '.venv/bin/python': '#!',
      'pkg/fast.so': 'elf',
      'pkg/__pycache__/loader.pyc': 'c',
      'data/kept.txt': 'tracked',
    });
    run(source, 'add', '-f', 'data/kept.txt');
    run(source, 'commit', '-qm', 'kept');
    const inside = join(source, 'data/runs/one');
    const code = await open(inside, source);
    const tree = await code.openTree('l', await code.anchor());
    expect(readlinkSync(join(tree.root, '.venv'))).toBe(join(source, '.venv'));
    expect(readFileSync(join(tree.root, 'data/a.npz'), 'utf8')).toBe('a');
    expect(lstatSync(join(tree.root, 'data/kept.txt')).isSymbolicLink()).toBe(false);
    expect(lstatSync(join(tree.root, 'pkg/fast.so')).isFile()).toBe(true);
    expect(existsSync(join(tree.root, 'pkg/__pycache__'))).toBe(false);
    expect(existsSync(join(tree.root, 'data/runs/one'))).toBe(false);
    expect(await code.linkedPaths(await code.anchor())).toEqual(
      expect.arrayContaining(['main.py', '.venv', 'pkg/fast.so']),
    );
    const bare = await open(join(folder, 'bare'), source, { link_ignored: false });
    expect(existsSync(join((await bare.openTree('l', await code.anchor())).root, '.venv'))).toBe(false);
  });

  it('keeps the workdir, and those of other runs, out of the anchor', async () => {
    write(source, { 'runs/old/engine/events.jsonl': '{}', 'runs/old/logs/x.md': 'x' });
    const inside = join(source, 'runs/new');
    write(inside, { 'config.json': '{}', 'notes.md': 'n' });
    const code = await open(inside, source);
    const files = await code.listFiles(await code.anchor());
    expect(files.filter((path) => path.startsWith('runs/'))).toEqual([]);
    const tree = await code.openTree('w', await code.anchor());
    expect(existsSync(join(tree.root, 'runs/new'))).toBe(false);
  });

  it('links large files and data sets instead of storing them, and nested repositories', async () => {
    write(source, { 'model.bin': '', 'pictures/a/1.jpg': '', 'pictures/b/2.jpg': '' });
    truncateSync(join(source, 'model.bin'), 51 * 1024 * 1024);
    truncateSync(join(source, 'pictures/a/1.jpg'), 40 * 1024 * 1024);
    truncateSync(join(source, 'pictures/b/2.jpg'), 40 * 1024 * 1024);
    repository(join(source, 'third_party/other'), { 'other.py': 'O = 1\n' });
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    const files = await code.listFiles(anchor);
    expect(files.some((path) => /model|pictures|third_party/.test(path))).toBe(false);
    const tree = await code.openTree('b', anchor);
    expect(readlinkSync(join(tree.root, 'model.bin'))).toBe(join(source, 'model.bin'));
    expect(readlinkSync(join(tree.root, 'pictures'))).toBe(join(source, 'pictures'));
    expect(readFileSync(join(tree.root, 'third_party/other/other.py'), 'utf8')).toBe('O = 1\n');
  });

  it('refuses names that are no ref', async () => {
    const code = await open(workdir, source);
    for (const name of ['../x', 'a/b', '', '.hidden', 'x.lock', 'a..b']) {
      await expect(code.openTree(name, 'x')).rejects.toThrow(/cannot be the name/);
    }
    await expect(open(workdir, source, { run_id: 'a b' })).rejects.toThrow(/run_id "a b"/);
    await expect(open(workdir, join(folder, 'absent'))).rejects.toThrow(/source_dir .*absent does not exist/);
  });
});

describeByEachGit('no repository', () => {
  beforeEach(() => {
    write(source, {
      'train.py': 'pass\n',
      '.gitignore': 'out/\n',
      'out/x.txt': 'x',
      '.venv/bin/python': '#!',
      'pkg/__pycache__/a.pyc': 'c',
      'pkg/a.py': 'A = 1\n',
    });
  });

  it('uses a private store, and writes nothing into the source directory', async () => {
    mkdirSync(join(source, '.sl'));
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    expect(code.kind).toBe('private');
    expect((await code.listFiles(anchor)).sort()).toEqual(['.gitignore', 'pkg/a.py', 'train.py']);
    const commit = await code.commitEdits('p', anchor, new Map([['pkg/b.py', 'B = 1\n']]), 'm');
    const tree = await code.openTree('p', commit);
    expect(readFileSync(join(tree.sourceDir, 'pkg/b.py'), 'utf8')).toBe('B = 1\n');
    expect(readlinkSync(join(tree.root, '.venv'))).toBe(join(source, '.venv'));
    expect(readdirSync(join(tree.root, 'out'))).toEqual([]);
    expect(existsSync(join(source, '.git'))).toBe(false);
    expect(run(join(workdir, 'source.git'), 'rev-parse', 'refs/autoresearch/run-1/p:source').trim()).toBe(
      await code.contentHash(commit),
    );
  });

  it('stays with its store when a repository appears around the source', async () => {
    const anchor = await (await open(workdir, source)).anchor();
    run(source, 'init', '-q');
    write(source, { 'train.py': 'print()\n' });
    const again = await open(workdir, source);
    expect(again.kind).toBe('private');
    expect(await again.anchor()).toBe(anchor);
  });
});

it('makes the same commits by native git and by isomorphic-git', async () => {
  repository(source, { 'deep/er/x.txt': 'ä\n' });
  appendFileSync(join(source, 'train.py'), '# more\n');
  const native = await open(workdir, source);
  process.env.AUTORESEARCH_NATIVE_GIT = '0';
  const pure = await open(join(folder, 'pure'), source, { run_id: 'pure' });
  expect(await pure.anchor()).toBe(await native.anchor());
  const edits = new Map([['deep/er/y.py', 'Y = 1\n']]);
  const anchor = await native.anchor();
  expect(await pure.commitEdits('x', anchor, edits, 'm')).toBe(await native.commitEdits('x', anchor, edits, 'm'));
});

it('sees an edit made in the very moment in which the index was written', async () => {
  repository(source);
  // Same size, and times set back to those in the index: only its content tells.
  const file = join(source, 'pkg/loader.py');
  const { atime, mtime } = statSync(file);
  writeFileSync(file, 'WORKERS = 9\n');
  execFileSync('touch', ['-d', mtime.toISOString(), file]);
  expect(atime).toBeDefined();
  const code = await open(workdir, source);
  expect(await code.readFile(await code.anchor(), 'pkg/loader.py')).toBe('WORKERS = 9\n');
});

it('runs no hook, signs nothing, and ignores the GIT_ variables of its caller', async () => {
  repository(source);
  for (const hook of ['pre-commit', 'post-index-change', 'reference-transaction', 'post-checkout']) {
    write(source, { [`.git/hooks/${hook}`]: `#!/bin/sh\ntouch ${join(folder, 'hook-ran')}\nexit 1\n` });
    execFileSync('chmod', ['+x', join(source, `.git/hooks/${hook}`)]);
  }
  run(source, 'config', 'commit.gpgsign', 'true');
  process.env.GIT_DIR = '/nowhere';
  process.env.GIT_INDEX_FILE = '/nowhere/index';
  try {
    const code = await open(workdir, source);
    const anchor = await code.anchor();
    await code.openTree('h', await code.commitEdits('h', anchor, new Map([['n.py', '']]), 'm'));
    expect(existsSync(join(folder, 'hook-ran'))).toBe(false);
  } finally {
    delete process.env.GIT_DIR;
    delete process.env.GIT_INDEX_FILE;
  }
});

it('lets commands in a tree see a repository at its commit, and only there', async () => {
  repository(source);
  run(source, 'tag', 'v1');
  const code = await open(workdir, source);
  const anchor = await code.anchor();
  const tree = await code.openTree('g', anchor);
  expect(run(tree.root, 'rev-parse', 'HEAD').trim()).toBe(anchor);
  expect(run(tree.root, 'describe', '--tags').trim()).toMatch(/^v1-1-g/);
  expect(run(tree.root, 'status', '--porcelain')).toBe('');
  expect(run(source, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
});

it('works from a linked working tree, with submodules, and from a repository without commits', async () => {
  const main = repository(join(folder, 'main'));
  const sub = repository(join(folder, 'sub'), { 'sub.py': 'S = 1\n' });
  run(main, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', sub, 'lib/sub');
  run(main, 'commit', '-qm', 'sub');
  run(main, 'worktree', 'add', '-q', source);
  write(source, { 'train.py': 'pass\n' });
  const code = await open(workdir, source);
  const anchor = await code.anchor();
  expect(await code.readFile(anchor, 'train.py')).toBe('pass\n');
  expect(run(main, 'rev-parse', 'refs/autoresearch/run-1/anchor:source').trim()).toBe(await code.contentHash(anchor));
  const fromMain = await open(join(folder, 'w2'), main, { run_id: 'r2' });
  const tree = await fromMain.openTree('s', await fromMain.anchor());
  expect(readFileSync(join(tree.root, 'lib/sub/sub.py'), 'utf8')).toBe('S = 1\n');

  const young = join(folder, 'young');
  write(young, { 'train.py': 'pass\n' });
  run(young, 'init', '-q');
  const newborn = await open(join(folder, 'w3'), young);
  expect(await newborn.listFiles(await newborn.anchor())).toEqual(['train.py']);
});

it('takes a private store where the repository around it ignores the source directory', async () => {
  repository(source);
  write(source, { 'data/app/train.py': 'pass\n' });
  const code = await open(workdir, join(source, 'data/app'));
  expect(code.kind).toBe('private');
  expect(await code.listFiles(await code.anchor())).toEqual(['train.py']);
  expect(readFileSync(join(workdir, 'engine/source.json'), 'utf8')).toContain('ignores the source directory');
});

it('does not link build outputs where a build makes them', async () => {
  repository(source, { '.gitignore': 'build/\n' });
  write(source, { 'build/lib.so': 'x' });
  const built = await open(workdir, source, { build_command: 'make' });
  expect(existsSync(join((await built.openTree('b', await built.anchor())).root, 'build'))).toBe(false);
  const unbuilt = await open(join(folder, 'w2'), source);
  expect(existsSync(join((await unbuilt.openTree('b', await built.anchor())).root, 'build/lib.so'))).toBe(true);
});

it('follows a source directory given through a symbolic link', async () => {
  repository(source);
  symlinkSync(source, join(folder, 'alias'));
  const code = await open(workdir, join(folder, 'alias'));
  expect(code.kind).toBe('git');
  expect(await code.listFiles(await code.anchor())).toContain('train.py');
});

it('sweeps what a killed process left half made, and leaves what a living one makes', async () => {
  repository(source);
  const scratch = join(workdir, 'trees/.scratch');
  const dead = spawnSync('true').pid;
  const mark = hostMark(await thisHost());
  const [left, mine, elsewhere] = [`${mark}~${dead}~x`, `${mark}~${process.pid}~x`, `other-host~12345678~${dead}~x`];
  // A container of the same name, whose pids are others; and what an earlier version or life left long ago.
  const [namesake, old] = [`${hostname()}~12345678~${dead}~x`, `${hostname()}~${dead}~old`];
  for (const name of [left, mine, elsewhere, namesake, old]) write(scratch, { [`${name}/tree/train.py`]: 'half' });
  utimesSync(join(scratch, old), 0, 0);
  await open(workdir, source);
  expect(existsSync(join(scratch, left))).toBe(false);
  expect(existsSync(join(scratch, mine))).toBe(true);
  expect(existsSync(join(scratch, elsewhere))).toBe(true);
  expect(existsSync(join(scratch, namesake))).toBe(true);
  expect(existsSync(join(scratch, old))).toBe(false);
});

it('says what failed, as a failure of its kind', async () => {
  repository(source);
  const code = await open(workdir, source);
  await expect(code.openTree('x', '0'.repeat(40))).rejects.toMatchObject({ type: 'source_restore_failed' });
  const other = repository(join(folder, 'filtered'), { '.gitattributes': '*.bin filter=lost\n', 'a.bin': 'x' });
  run(other, 'config', 'filter.lost.clean', 'exit 1');
  run(other, 'config', 'filter.lost.required', 'true');
  write(other, { 'a.bin': 'changed' });
  const filtered = await open(join(folder, 'w2'), other);
  await expect(filtered.anchor()).rejects.toMatchObject({ type: 'setup_source_failed' });
});
