/** What the launch command and the source's own text name of files that git does not store, and of folders outside. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { besideNamedIn, pathsNamedIn, variablesNamedIn } from './named-paths.js';
import { isBelow } from './object-database.js';

export interface NamedText {
  /** Folder of the file, relative to the repository's top; '' for the launch command. */
  folder: string;
  text: string;
}

export interface NamedPlaces {
  /** Of the repository, relative to its top: what exists. */
  inside: string[];
  /** Names of folders that stand beside the repository, as `../lib` says. */
  beside: string[];
  /** Absolute paths outside, as they are written; whether they exist is asked when a job starts. */
  absolute: string[];
  /** Names of environment variables that are read, one of which may hold a path. */
  variables: string[];
}

/** More than this is no list of places any more, but data. */
const LIMIT = 200;
const BESIDE_LIMIT = 20;
/** Names that trees have, or may have, in their folder. */
const OF_TREES = /^(?:\.|\d{3,}_|view_)/;

export async function namedPlaces(
  of: { top: string; prefix: string; workdir: string; home: string },
  texts: readonly NamedText[],
): Promise<NamedPlaces> {
  const { top, prefix, workdir, home } = of;
  const inside = new Set<string>();
  const absolutes = new Set<string>();
  const variables = new Set<string>();
  const besides = new Set<string>();
  const siblings = await siblingsOf(top, workdir);
  for (const { folder, text } of texts) {
    const found = pathsNamedIn(text, home);
    const places = [...new Set([folder, prefix, ''])];
    for (const path of found.relative) for (const place of places) await noteInside(resolve(top, place, path));
    for (const path of found.absolute) {
      await noteInside(path);
      if (!isBelow(path, top) && !isBelow(path, workdir)) absolutes.add(path);
    }
    for (const name of variablesNamedIn(text)) variables.add(name);
    for (const name of besideNamedIn(text)) if (siblings.has(name)) besides.add(name);
  }
  return {
    inside: [...inside].filter((path) => path !== '').sort(),
    beside: [...besides].sort().slice(0, BESIDE_LIMIT),
    absolute: [...absolutes].sort().slice(0, LIMIT),
    variables: [...variables].sort().slice(0, LIMIT),
  };

  async function noteInside(path: string): Promise<void> {
    if (!isBelow(path, top)) return;
    if (await lstat(path).catch(() => null)) inside.add(relative(top, path).split(sep).join('/'));
  }
}

/** Folders beside the repository that a tree can have beside it as well; none of the file system's own top. */
async function siblingsOf(top: string, workdir: string): Promise<Set<string>> {
  const around = dirname(top);
  if (around === '/' || around === top) return new Set();
  const entries = await readdir(around, { withFileTypes: true }).catch(() => []);
  const found = new Set<string>();
  for (const entry of entries) {
    if (!(entry.isDirectory() || entry.isSymbolicLink())) continue;
    if (entry.name === basename(top) || OF_TREES.test(entry.name)) continue;
    const real = await realpath(join(around, entry.name)).catch(() => null);
    if (real !== null && !isBelow(workdir, real) && !isBelow(real, workdir)) found.add(entry.name);
  }
  return found;
}
