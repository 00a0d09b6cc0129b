/**
 * What a job left outside of its tree, where later jobs find it: one that goes on from there does less work, and none
 * of their numbers can be compared.
 */

import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { firstOf } from '../domain/reports/quantity-text.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { BASELINE_ID } from '../domain/run/experiment-record.js';
import { isBelow } from '../source/control/object-database.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { isShared, namedOutside } from './job-shelter.js';
import { writtenFiles } from './output/written-files.js';
import type { KeptApart } from './platforms/platform.js';

/** A folder is looked through so far. */
const DEPTH = 3;
const LOOKS = 2000;
const SHOWN = 3;

/** What a person should know of places outside of the tree to which the job wrote, or would have written. */
export async function outsideOfTree(
  { workdir, config }: RunContext,
  state: EngineState,
  nodeId: string,
  command: string,
  apart: KeptApart,
  sinceMs: number,
): Promise<string[]> {
  const { outside: named } = await namedOutside(workdir, { command, env: process.env });
  const ids = new Set([BASELINE_ID, nodeId]);
  const heard = await Promise.all([...ids].map((id) => writtenFiles(workdir.metrics(id))));
  const places = [...new Set([...named, ...heard.flat()])].filter((path) => !isBelow(path, config.source_dir));
  const left = await leftOutside(workdir, places, apart.covered, sinceMs, [...ids, ...Object.keys(state.experiments)]);
  return [...(left.length > 0 ? [leftOutsideText(left)] : []), keptApartText(apart) ?? []].flat();
}

/**
 * Of `places` (absolute paths, which may not exist), what was made or changed since then and kept apart by nobody. What
 * has the name of one of `nodeIds` in its path is that experiment's own ($NODE_ID): no other job finds it.
 */
export async function leftOutside(
  workdir: Workdir,
  places: readonly string[],
  covered: readonly string[],
  sinceMs: number,
  nodeIds: readonly string[] = [],
): Promise<string[]> {
  const isOwn = (path: string) => nodeIds.some((id) => path.includes(id));
  const root = await realpath(workdir.root);
  const found = new Set<string>();
  for (const place of places) {
    const real = await realpath(place).catch(() => null);
    if (real === null || isShared(real) || isBelow(real, root) || isBelow(root, real)) continue;
    if (covered.some((folder) => isBelow(real, folder))) continue;
    const newest = isOwn(real) ? null : await newestBelow(real, isOwn);
    if (newest !== null && newest.atMs >= sinceMs) found.add(newest.path);
  }
  return [...found];
}

export function leftOutsideText(paths: readonly string[]): string {
  return (
    `${firstOf(paths, SHOWN)} lies outside of the tree, and later jobs find there what earlier ones wrote: put $NODE_ID into the path ` +
    '(as in --output-dir /scratch/out/$NODE_ID, or os.environ["NODE_ID"] in the code; docs/your-files.md)'
  );
}

/** Null where nothing of the user's would have been written to. */
export function keptApartText({ wrote, count }: KeptApart): string | null {
  if (count === 0) return null;
  return (
    `what the job wrote outside of its tree was kept apart from your files, and goes with the tree: ` +
    `${firstOf(wrote, SHOWN, count)} (docs/your-files.md)`
  );
}

interface Written {
  path: string;
  atMs: number;
}

/**
 * The file that was written last, or the folder itself where it holds none, nor anything that is an experiment's own.
 */
async function newestBelow(path: string, isOwn: (path: string) => boolean): Promise<Written | null> {
  let looks = 0;
  let newest: Written | null = null;
  let newestFile: Written | null = null;
  let hasOwn = false;
  let level = [path];
  for (let depth = 0; depth <= DEPTH && level.length > 0 && looks < LOOKS; depth++) {
    const below: string[] = [];
    for (const at of level) {
      if (looks++ >= LOOKS) break;
      const facts = await stat(at).catch(() => null);
      if (facts === null) continue;
      if (facts.isDirectory()) {
        const inside = (await readdir(at).catch((): string[] => [])).map((name) => join(at, name));
        below.push(...inside.filter((one) => !isOwn(one)));
        hasOwn ||= inside.some(isOwn);
      }
      const found = { path: at, atMs: facts.mtimeMs };
      if (newest === null || found.atMs > newest.atMs || (facts.isFile() && found.atMs === newest.atMs)) newest = found;
      if (facts.isFile() && (newestFile === null || found.atMs > newestFile.atMs)) newestFile = found;
    }
    level = below;
  }
  // A folder changes with what jobs make in it for themselves.
  return hasOwn ? newestFile : newest;
}
