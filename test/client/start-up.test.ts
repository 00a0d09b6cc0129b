/** What every call of the command line loads: help and a wrong word must not wait for Temporal, git or the schemas. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

/** `import` and `export … from`, types apart; an `import()` within an act is no such line. */
const IMPORTED = /^(?:import|export)\s(?!type\s)(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm;

/** The packages that are loaded with a file, each with the files of ours that import it. */
function packagesLoadedBy(file: string, seen = new Map<string, string[]>(), files = new Set<string>()) {
  if (files.has(file)) return seen;
  files.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(IMPORTED)) {
    if (name.startsWith('node:')) continue;
    if (name.startsWith('.')) packagesLoadedBy(join(dirname(file), name.replace(/\.js$/, '.ts')), seen, files);
    else seen.set(name, [...(seen.get(name) ?? []), file]);
  }
  return seen;
}

it('loads what parses the command line and formats numbers, and no other package', () => {
  expect([...packagesLoadedBy(packageFile('client', 'main.ts')).keys()].sort()).toEqual(['commander', 'd3-format']);
});

it('would see what a command loads', () => {
  expect([...packagesLoadedBy(packageFile('client', 'run', 'run-here.ts')).keys()]).toContain('@temporalio/client');
});
