import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { launchScripts } from '../../jobs/output/launch-scripts.js';
import { removeFolder } from '../support/remove-folder.js';

const source = mkdtempSync(join(tmpdir(), 'autoresearch-scripts-'));
for (const folder of ['sub', 'tools']) mkdirSync(join(source, folder));
const FILES = ['Makefile', 'sub/makefile', 'other.mk', 'run.sh', 'launch.py', 'tools/go.py', 'train.py'];
for (const file of FILES) writeFileSync(join(source, file), '');
afterAll(() => removeFolder(source));

it.each([
  ['make train THREADS=2', ['make Makefile']],
  ['LIMIT=3 make -C sub', ['make sub/makefile']],
  ['make -f other.mk train', ['make other.mk']],
  ['bash run.sh && python3.11 -u launch.py --x 1', ['shell run.sh', 'python launch.py']],
  ['/env/bin/python -m tools.go train.py', ['python tools/go.py']],
  ['python train.py', []],
  ['cmake . && python gone.py', []],
])('%j runs %j', async (command, names) => {
  const found = await launchScripts(command, source, join(source, 'train.py'));
  expect(found.map(({ kind, name }) => `${kind} ${name}`)).toEqual(names);
});
