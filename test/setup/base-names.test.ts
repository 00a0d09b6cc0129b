/** A file is found by its name alone: no two of the program's have the same one, but for the indexes. */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

const FLOORS = 'domain host workdir source agents playbook jobs activities workflows worker client'.split(' ');

it('no base name stands twice', () => {
  const names = FLOORS.flatMap((floor) => readdirSync(packageFile(floor), { recursive: true, encoding: 'utf8' }))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => basename(path))
    .filter((name) => name !== 'index.ts');
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it('no folder holds more than twenty-five files', () => {
  const crowded = FLOORS.flatMap((floor) => {
    const entries = readdirSync(packageFile(floor), { recursive: true, withFileTypes: true });
    const counts = new Map<string, number>();
    for (const entry of entries) {
      if (entry.isFile() && /\.(ts|py)$/.test(entry.name))
        counts.set(entry.parentPath, (counts.get(entry.parentPath) ?? 0) + 1);
    }
    return [...counts].filter(([, count]) => count > 25);
  });
  expect(crowded).toEqual([]);
});
