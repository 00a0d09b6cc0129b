import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

test('a file that somebody else writes as well is renewed when that changed it', async () => {
  const path = join(root, 'spec.json');
  const renewal = new FileRenewal(false);
  await renewal.renew(new Map([[path, 'ours']]));
  await writeFile(path, 'theirs');
  await renewal.renew(new Map([[path, 'ours']]));
  expect(await readFile(path, 'utf8')).toBe('ours');
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
