/**
 * Looks at what git does not store (data, environments, outputs, other repositories) and says how each gets into a
 * tree.
 */
import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isBelow } from './object-database.js';
import {
  COPIED_FILES_LIMIT,
  ENVIRONMENT_NAMES,
  isBuildOutput,
  isCache,
  isOutputFolder,
  type Measured,
  type Placed,
  type PlacementGlobs,
  placementBySize,
  reachesBelow,
  saidOf,
  TREE_BYTES_LIMIT,
  TREE_FILES_LIMIT,
} from './placement-rules.js';

export interface PlacementRules {
  /** Absolute real path of the workdir, which must never be reachable from a tree. */
  workdir: string;
  hasBuild: boolean;
  globs: PlacementGlobs;
  /** Paths in output folders that the command or the code names: a checkpoint to start from, not one to write. */
  named: readonly string[];
  /** False: only what a person named with a glob. */
  all: boolean;
}

/** Folders within an output folder that are made with it: a script may count on them. */
const SKELETON_LIMIT = 100;

/**
 * `paths` are relative to `top`; of `always` (other repositories, what is too large to store) `all` is no condition.
 */
export async function planPlacement(
  top: string,
  paths: { ignored: readonly string[]; always: readonly string[] },
  rules: PlacementRules,
): Promise<Placed[]> {
  const placed = new Map<string, Placed>();
  const room = { files: TREE_FILES_LIMIT, bytes: TREE_BYTES_LIMIT };
  const { globs } = rules;
  // Elsewhere a name decides nothing: data is named as well.
  const named = rules.named.filter(liesInOutputs);
  const spoken = [...globs.link, ...globs.copy, ...globs.leaveOut, ...named];

  async function consider(path: string, by: { always: boolean; inOutputs: boolean }): Promise<void> {
    const original = join(top, path);
    if (path === '' || isBelow(original, rules.workdir) || isRunFolder(original) || !existsSync(original)) return;
    const isFolder = (await stat(original)).isDirectory();
    const real = await realpath(original);
    // By a link as well, the run's own files are no part of a tree.
    if (isBelow(real, rules.workdir)) return;
    const said = saidOf(path, globs);
    const isNamed = named.some((one) => isBelow(path, one));
    // A glob that names something in it is narrower than one that names it.
    if (isFolder && (isBelow(rules.workdir, real) || reachesBelow(path, spoken))) {
      const inOutputs = by.inOutputs || (isOutputFolder(path) && said === null);
      if (inOutputs && by.always === false && rules.all) put(path, 'empty');
      for (const child of (await readdir(original)).sort()) await consider(`${path}/${child}`, { ...by, inOutputs });
      return;
    }
    if (said === 'absent' || (said === null && isLeftAlone(path, isNamed, by.always))) return;
    if (said === null && !isNamed && (by.inOutputs || (isFolder && isOutputFolder(path)))) {
      if (isFolder) for (const folder of await skeletonOf(original, path)) put(folder, 'empty');
      return;
    }
    const measured = await measure(original, isFolder);
    const how = said ?? placementBySize(measured, room);
    if (how === 'copy') {
      room.files -= measured.files;
      room.bytes -= measured.bytes;
    }
    put(path, how);
  }

  function isLeftAlone(path: string, isNamed: boolean, always: boolean): boolean {
    if (isNamed) return false;
    return isCache(path) || (rules.hasBuild && isBuildOutput(path)) || (!always && !rules.all);
  }

  function put(path: string, how: Placed['how']): void {
    placed.set(path, { path, how });
  }

  /** Stops where it is too much for a copy. */
  async function measure(original: string, isFolder: boolean): Promise<Measured> {
    const isEnvironment = isFolder && (await looksLikeEnvironment(original));
    const found: Measured = { isFolder, isEnvironment, files: 0, bytes: 0 };
    const visit = async (at: string, above: readonly string[]): Promise<void> => {
      if (found.files > COPIED_FILES_LIMIT) return;
      const facts = await stat(at).catch(() => null);
      found.files += 1;
      if (facts?.isFile()) found.bytes += facts.size;
      if (!facts?.isDirectory()) return;
      const real = await realpath(at);
      // In a circle; the run's own files are not copied.
      if (above.some((folder) => isBelow(folder, real)) || isBelow(real, rules.workdir)) return;
      for (const child of await readdir(at).catch(() => [])) {
        if (child !== '.git') await visit(join(at, child), [...above, real]);
      }
    };
    if (!isEnvironment) await visit(original, []);
    return found;
  }

  for (const path of paths.always) await consider(path.replace(/\/$/, ''), { always: true, inOutputs: false });
  for (const path of [...paths.ignored].sort()) {
    await consider(path.replace(/\/$/, ''), { always: false, inOutputs: false });
  }
  return [...placed.values()].sort(byPath);
}

/** The folder and its nearest folders, as paths like `path`. */
async function skeletonOf(original: string, path: string): Promise<string[]> {
  const folders = [path];
  for (let at = 0; at < folders.length && folders.length < SKELETON_LIMIT; at++) {
    const folder = folders[at] as string;
    const inside = await readdir(join(original, folder.slice(path.length)), { withFileTypes: true }).catch(() => []);
    for (const entry of inside)
      if (entry.isDirectory() && entry.name !== '.git') folders.push(`${folder}/${entry.name}`);
  }
  return folders.slice(0, SKELETON_LIMIT);
}

function liesInOutputs(path: string): boolean {
  const parts = path.split('/').slice(0, -1);
  return parts.some((_, index) => isOutputFolder(parts.slice(0, index + 1).join('/')));
}

async function looksLikeEnvironment(folder: string): Promise<boolean> {
  if (ENVIRONMENT_NAMES.test(basename(folder))) return true;
  return existsSync(join(folder, 'pyvenv.cfg')) || existsSync(join(folder, 'conda-meta'));
}

function isRunFolder(path: string): boolean {
  return existsSync(join(path, 'config.json')) && existsSync(join(path, 'engine'));
}

function byPath(a: Placed, b: Placed): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
