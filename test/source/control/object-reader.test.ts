/** One `git cat-file` for many looks: what it answers, and what becomes of it. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isPassing } from '../../../host/passing-error.js';
import { ObjectReader } from '../../../source/control/object-reader.js';
import { removeFolder } from '../../support/remove-folder.js';

let root: string;
let gitDir: string;
let reader: ObjectReader;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'object-reader-'));
  gitDir = join(root, '.git');
  git('init', '--quiet');
  reader = new ObjectReader(gitDir);
});
afterEach(() => removeFolder(root));

const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const store = (content: Buffer) =>
  execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: root, input: content, encoding: 'utf8' }).trim();

/** Process ids of the batches over this repository. */
async function batches(): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment] = await Promise.all(
        ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
      );
      return command!.includes('cat-file\0--batch') && environment!.includes(`GIT_DIR=${gitDir}\0`) ? [pid] : [];
    }),
  );
  return found.flat();
}

it('answers each look by its own object, however large, and null for what is not there', async () => {
  const contents = [Buffer.from(''), Buffer.from('\n\nmissing\n'), randomBytes(3_000_000), Buffer.from('last')];
  const oids = contents.map(store);
  const names = [...oids, 'f'.repeat(40), 'refs/heads/none', ...oids.toReversed()];
  const [first, second] = await Promise.all([reader.read(names), reader.read(oids)]);
  // By their hashes: a comparison byte by byte takes a minute.
  const hashes = [...oids, null, null, ...oids.toReversed()];
  expect(first.map((object) => object && store(object.content))).toEqual(hashes);
  expect(second.map((object) => object && [object.oid, object.type])).toEqual(oids.map((oid) => [oid, 'blob']));
});

it('knows what was written, and what a ref names, since it began', async () => {
  const [first, second] = [store(Buffer.from('1')), store(Buffer.from('2'))];
  git('update-ref', 'refs/of/ours', first);
  expect((await reader.read(['refs/of/ours']))[0]?.oid).toBe(first);
  git('update-ref', 'refs/of/ours', second);
  const third = store(Buffer.from('3'));
  expect((await reader.read(['refs/of/ours', third])).map((object) => object?.content.toString())).toEqual(['2', '3']);
});

it.skipIf(process.platform !== 'linux')('is one program, which ends when nothing is asked', async () => {
  const oid = store(Buffer.from('1'));
  await Promise.all([reader.read([oid]), reader.read([oid, oid])]);
  expect(await batches()).toHaveLength(1);
  while ((await batches()).length > 0) await sleep(20);
  expect((await reader.read([oid]))[0]?.oid).toBe(oid);
});

it('says that it was interrupted where somebody ends it, and answers again', async () => {
  const oid = store(Buffer.from('1'));
  await reader.read([oid]);
  const [pid] = await batches();
  process.kill(pid!, 'SIGSTOP');
  const look = reader.read([oid]).catch((error: unknown) => error);
  process.kill(pid!, 'SIGTERM');
  process.kill(pid!, 'SIGCONT');
  expect(isPassing(await look)).toBe(true);
  expect((await reader.read([oid]))[0]?.oid).toBe(oid);
});

it('rejects where there is no repository', async () => {
  await expect(new ObjectReader(join(root, 'none')).read(['HEAD'])).rejects.toThrow(/not a git repository/);
});
