import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileRenewal } from '../../../workdir/projections/file-renewal.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'autoresearch-renewal-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

test('what a file of another worker holds is renewed, and then left alone', async () => {
  const path = join(root, 'spec.json');
  await writeFile(path, 'theirs');
  const renewal = new FileRenewal();
  await renewal.renew(new Map([[path, 'ours']]));
  expect(await readFile(path, 'utf8')).toBe('ours');
  const { mtimeNs } = await stat(path, { bigint: true });
  await renewal.renew(new Map([[path, 'ours']]));
  expect((await stat(path, { bigint: true })).mtimeNs).toBe(mtimeNs);
});

test('a renewal that failed has ended: none of its writes goes on beside the next', async () => {
  const inTheWay = join(root, 'a-folder');
  await mkdir(inTheWay);
  const others = Array.from({ length: 12 }, (_, index) => join(root, `file-${index}`));
  const texts = new Map([[inTheWay, 'text'], ...others.map((path) => [path, 'text'] as const)]);
  await expect(new FileRenewal().renew(texts)).rejects.toThrow('EISDIR');
  expect((await readdir(root)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  for (const path of others) expect(await readFile(path, 'utf8')).toBe('text');
});
