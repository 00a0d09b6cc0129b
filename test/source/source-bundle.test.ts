/** A tree as one file: the same bytes for the same commit, and a script that starts a command with the probe. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { namesBundle, openBundle } from '../../source/source-bundle.js';
import { removeFolder } from '../support/remove-folder.js';

const COMMIT = 'a'.repeat(40);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoresearch-bundle-'));
});
afterEach(() => removeFolder(folder));

/** Below it, the source directory: `my code`. */
async function tree(name: string) {
  const root = join(folder, name);
  const sourceDir = join(root, 'my code');
  await mkdir(join(sourceDir, '__pycache__'), { recursive: true });
  await writeFile(join(root, '.git'), 'gitdir: elsewhere\n');
  await writeFile(join(root, '.gitignore'), '*.bin\n');
  await writeFile(join(sourceDir, '__pycache__', 'train.pyc'), name);
  await writeFile(join(sourceDir, 'train.py'), 'import sys\nprint(sys.argv[1:])\n');
  await writeFile(join(sourceDir, 'copied.bin'), 'of git ignored\n');
  await writeFile(join(sourceDir, 'run.sh'), 'echo ran\n');
  await chmod(join(sourceDir, 'run.sh'), 0o755);
  await symlink('train.py', join(sourceDir, 'link.py'));
  await mkdir(join(root, 'probe'));
  await writeFile(join(root, 'probe', 'own.py'), '');
  return { root, sourceDir };
}

async function unpacked(bundle: string): Promise<string> {
  const host = await mkdtemp(join(folder, 'host'));
  await execa('tar', ['-xzf', bundle, '-C', host]);
  return host;
}

it('has what stands in the tree, without git’s own', async () => {
  const host = await unpacked(await openBundle(join(folder, 'trees'), 'n1', COMMIT, await tree('t')));
  const at = (...parts: string[]) => join(host, ...parts);
  expect(await readlink(at('my code', 'link.py'))).toBe('train.py');
  expect(await readFile(at('my code', 'copied.bin'), 'utf8')).toBe('of git ignored\n');
  expect((await stat(at('my code', 'run.sh'))).mode & 0o777).toBe(0o755);
  expect((await stat(at('my code', 'train.py'))).mode & 0o777).toBe(0o644);
  expect([at('.gitignore'), at('probe', 'own.py')].every(existsSync)).toBe(true);
  expect([at('.git'), at('my code', '__pycache__')].some(existsSync)).toBe(false);
});

it('is the same bytes for the same files, whenever and by whomever they were written', async () => {
  const [first, second] = [await tree('t1'), await tree('t2')];
  await utimes(join(second.sourceDir, 'train.py'), 1, 1);
  await chmod(join(second.sourceDir, 'train.py'), 0o600);
  const bundles = [
    await openBundle(join(folder, 'trees'), 'n1', COMMIT, first),
    await openBundle(join(folder, 'trees'), 'n2', COMMIT, second),
  ];
  const [a, b] = await Promise.all(bundles.map((path) => readFile(path)));
  expect(a!.equals(b!)).toBe(true);
});

it('is made once for a commit', async () => {
  const one = await tree('t');
  const path = await openBundle(join(folder, 'trees'), 'n1', COMMIT, one);
  const { mtimeMs, ino } = await stat(path);
  expect(await openBundle(join(folder, 'trees'), 'n1', COMMIT, one)).toBe(path);
  expect(await stat(path)).toMatchObject({ mtimeMs, ino });
  expect(await openBundle(join(folder, 'trees'), 'n1', 'b'.repeat(40), one)).not.toBe(path);
});

it('starts a command in the source, with the probe', async () => {
  const host = await unpacked(await openBundle(join(folder, 'trees'), 'n1', COMMIT, await tree('t')));
  const code =
    'import os, sys, autoresearch_probe; print(os.getcwd(), os.environ["SOURCE_DIR"], os.path.dirname(autoresearch_probe.__file__), os.environ["AUTORESEARCH_PROBE_TO"], sys.argv[1:], sep="\\n")';
  const args = [join(host, '.autoresearch', 'run'), 'python3', '-c', code, 'a b', "it's"];
  const env = { PATH: process.env.PATH!, PYTHONPATH: '/elsewhere' };
  const { stdout } = await execa('sh', args, { env, extendEnv: false, cwd: '/' });
  const source = join(host, 'my code');
  const probe = join(host, '.autoresearch', 'probe', 'autoresearch_probe');
  expect(stdout.split('\n')).toEqual([source, source, probe, 'auto', `['a b', "it's"]`]);
  const failed = await execa('sh', [args[0]!, 'sh', '-c', 'exit 7'], { reject: false });
  expect(failed.exitCode).toBe(7);
});

it.each([
  ['cp $SOURCE_BUNDLE x', true],
  [`cp "$\{SOURCE_BUNDLE}" x`, true],
  ['cp $SOURCE_BUNDLES x', false],
  ['python train.py', false],
])('%s names it: %s', (command, names) => {
  expect(namesBundle(command)).toBe(names);
});
