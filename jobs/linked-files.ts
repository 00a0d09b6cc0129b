/**
 * Notices that files of the user's which trees link to were changed while jobs ran, where the host lets no job have a
 * view of its own: what they were like before the first job is compared with what they are like after each.
 */

import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { firstOf } from '../domain/reports/quantity-text.js';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import { isBelow } from '../source/control/object-database.js';
import { ENVIRONMENT_NAMES } from '../source/control/placement-rules.js';
import type { Workdir } from '../workdir/paths.js';

/** Beyond these a look would take longer than a second: what is deeper is not watched. */
export const WATCHED_FILES_LIMIT = 50_000;
const LOOKS_AT_ONCE = 64;
const SHOWN = 5;

const RecordSchema = z.looseObject({
  top: z.string(),
  placed: z.array(z.looseObject({ path: z.string(), how: z.string() })).default([]),
  outside: z.array(z.string()).default([]),
});
const ManifestSchema = z.looseObject({ told: z.number(), files: z.record(z.string(), z.string()) });

/**
 * Before a job: what the linked files are like, once; and again in a run that was ended for a change and goes on.
 * `told`: for how many changes it was ended. `outside`: more paths to watch.
 */
export async function rememberLinkedFiles(
  workdir: Workdir,
  told: number,
  outside: readonly string[] = [],
): Promise<void> {
  const kept = ManifestSchema.safeParse(await readJsonIfAny(workdir.linkedFiles));
  if (kept.success && kept.data.told >= told) return;
  const paths = new Set([...(await linkedPaths(workdir)), ...outside]);
  await writeJsonAtomic(workdir.linkedFiles, { told, files: await factsOf([...paths]) });
}

/** In words, what was changed since then of all, or of what lies in one of the folders; null when nothing was. */
export async function linkedFilesChanged(
  workdir: Workdir,
  within: readonly string[] | null = null,
): Promise<string | null> {
  const before = ManifestSchema.safeParse(await readJsonIfAny(workdir.linkedFiles));
  if (!before.success) return null;
  const files = Object.entries(before.data.files).filter(
    ([path]) => within === null || within.some((folder) => isBelow(path, folder)),
  );
  const now = await factsOf(files.map(([path]) => path));
  const changed = files.filter(([path, facts]) => now[path] !== facts);
  return changed.length === 0 ? null : inWords(changed.map(([path]) => path));
}

function inWords(changed: readonly string[]): string {
  return `files of yours outside of its tree were changed while the job ran: ${firstOf(changed, SHOWN)}`;
}

async function linkedPaths(workdir: Workdir): Promise<string[]> {
  const read = RecordSchema.safeParse(await readJsonIfAny(workdir.source));
  if (!read.success) return [];
  const { top, placed, outside } = read.data;
  const linked = placed.filter(
    ({ path, how }) => how === 'link' && !ENVIRONMENT_NAMES.test(path.split('/').at(-1) ?? ''),
  );
  return [...linked.map(({ path }) => join(top, path)), ...outside].filter((path) =>
    relative(path, workdir.root).startsWith('..'),
  );
}

/** Size, time, place and mode of each file; new ones say nothing. */
async function factsOf(paths: readonly string[]): Promise<Record<string, string>> {
  const facts: Record<string, string> = {};
  let count = 0;
  let level = [...paths];
  while (level.length > 0) {
    const below: string[] = [];
    for (let at = 0; at < level.length && count < WATCHED_FILES_LIMIT; at += LOOKS_AT_ONCE) {
      const part = level.slice(at, at + LOOKS_AT_ONCE);
      count += part.length;
      const found = await Promise.all(part.map((path) => lstat(path, { bigint: true }).catch(() => null)));
      for (const [index, of] of found.entries()) {
        const path = part[index] as string;
        if (of !== null && !of.isDirectory()) facts[path] = `${of.size} ${of.mtimeNs} ${of.ino} ${of.mode}`;
        if (of?.isDirectory()) below.push(...(await childrenOf(path)));
      }
    }
    level = count < WATCHED_FILES_LIMIT ? below : [];
  }
  return facts;
}

async function childrenOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => name !== '.git')
    .sort()
    .map((name) => join(folder, name));
}
