/**
 * Where links lead out of the repository: files of the user's as well, to which a job in a tree could write through
 * them.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isBelow } from './object-database.js';

/** About a second's work; what is deeper is not looked at. */
const LOOKS = 50_000;

/**
 * Real paths outside of `top` and the workdir that are reached from `paths` by links, also by links in what these lead
 * to.
 */
export async function outsideLinks(top: string, workdir: string, paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting = [...paths];
  for (let looks = 0, at = waiting.pop(); at !== undefined && looks < LOOKS; looks++, at = waiting.pop()) {
    const facts = await lstat(at).catch(() => null);
    if (facts?.isSymbolicLink()) {
      const real = await realpath(at).catch(() => null);
      if (real === null || isBelow(real, workdir) || (await isProgram(real))) continue;
      if (!isBelow(real, top)) found.add(real);
      waiting.push(real);
    } else if (facts?.isDirectory() && !seen.has(at)) {
      seen.add(at);
      for (const entry of await readdir(at, { withFileTypes: true }).catch(() => []))
        if (entry.isDirectory() || entry.isSymbolicLink()) waiting.push(join(at, entry.name));
    }
  }
  return [...found].sort();
}

/** An environment's links to its interpreter: nothing that a job writes to. */
async function isProgram(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  return facts === null || (facts.isFile() && (facts.mode & 0o111) !== 0);
}
