/** What stands in the place of a file of ours. */
import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFileAtomic, readJsonIfAny, readTextIfAny, writeFileAtomic } from '../../host/atomic-file.js';
import { removeFolder } from '../support/remove-folder.js';

const root = await mkdtemp(join(tmpdir(), 'autoresearch-atomic-'));
afterAll(() => removeFolder(root));

it.each<[string, (path: string) => Promise<unknown>]>([
  ['written', (path) => writeFileAtomic(path, 'text')],
  ['read', readTextIfAny],
  ['read as JSON', readJsonIfAny],
])('is named where it is a directory: %s', async (_, act) => {
  const path = join(root, 'state.json');
  await mkdir(path, { recursive: true });
  const told = act(path);
  await expect(told).rejects.toThrow(`${path} is a directory, and a file of the run belongs there: move it away`);
  await expect(told).rejects.toMatchObject({ code: 'EISDIR', path });
  expect(await readdir(root)).toEqual(['state.json']);
});

it('is left alone where a file is made only if there is none', async () => {
  const path = join(root, 'state.json');
  await mkdir(path, { recursive: true });
  expect(await makeFileAtomic(path, 'text')).toBe(false);
});
