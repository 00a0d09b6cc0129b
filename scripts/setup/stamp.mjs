// Remembers what a step was last done for: a file with the hash of the step's inputs, written when the step has ended.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject } from './process.mjs';

/** Hash of the names and contents of these files of the project, and of some words beside them. */
export function contentHash(files, ...words) {
  const hash = createHash('sha256');
  for (const word of words) hash.update(`${word}\0`);
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(inProject(file)))
      .update('\0');
  return hash.digest('hex');
}

/** Files below these folders of the project whose names end so, sorted, relative to the project's root. */
export function filesBelow(folders, ending) {
  const found = [];
  const visit = (folder) => {
    for (const entry of readdirSync(inProject(folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith(ending)) found.push(path);
    }
  };
  folders.forEach(visit);
  return found.sort();
}

export function hasStamp(stampFile, expected) {
  try {
    return readFileSync(stampFile, 'utf8') === expected;
  } catch {
    return false;
  }
}

export function writeStamp(stampFile, value) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(`${stampFile}.tmp`, value);
  renameSync(`${stampFile}.tmp`, stampFile);
}

/** Before a step changes anything: if it is interrupted, it counts as not done. */
export function dropStamp(stampFile) {
  rmSync(stampFile, { force: true });
}
