/** Makes what git ignores but code reads (data, environments) visible in a tree, by symbolic links to the original. */
import { existsSync, lstatSync, statSync } from 'node:fs';
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isBelow } from './object-database.js';

/** Caches, records of other tools and run outputs: never read by code, or wrong when shared between trees. */
const CACHES =
  /^(__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.cache|\.hypothesis|\.ipynb_checkpoints|\.tox|\.nox|\.coverage.*|htmlcov|\.idea|\.vscode|\.git|\.hg|\.sl|\.DS_Store|\.eggs|wandb|mlruns|lightning_logs|tb_logs|.*\.py[co]|.*\.sw[op]|.*~|.*\.log|.*\.tmp)$/;

/** A build makes these anew in its own tree, and must not write through a link; without a build they are needed. */
const BUILD_OUTPUTS = /^(build|dist|target|cmake-build-.*|.*\.egg-info)$/;

export interface LinkRules {
  /** Absolute real path of the workdir, which must never be reachable from a tree. */
  workdir: string;
  hasBuild: boolean;
}

/** Of `paths` (relative to `top`), those to link; one that holds the workdir is replaced by what stands beside the workdir. */
export async function linkable(top: string, paths: readonly string[], rules: LinkRules): Promise<string[]> {
  const found: string[] = [];
  const consider = async (path: string): Promise<void> => {
    const name = basename(path);
    const original = join(top, path);
    if (path === '' || CACHES.test(name) || (path.includes('node_modules/') && name === '.cache')) return;
    if (rules.hasBuild && BUILD_OUTPUTS.test(name)) return;
    if (isBelow(original, rules.workdir) || isRunFolder(original) || !existsSync(original)) return;
    if (!isBelow(rules.workdir, original)) {
      found.push(path);
      return;
    }
    for (const child of await readdir(original)) await consider(`${path}/${child}`);
  };
  for (const path of paths) await consider(path.replace(/\/$/, ''));
  return found.sort();
}

function isRunFolder(path: string): boolean {
  return existsSync(join(path, 'config.json')) && existsSync(join(path, 'engine'));
}

/** Links `path` of `top` into `root`. What the tree has itself stays: inside a real directory the children are linked. */
export async function linkInto(root: string, top: string, path: string): Promise<void> {
  const target = join(root, path);
  const original = join(top, path);
  if (!existsSync(original)) return;
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (!there) {
    if (!(await makeParents(root, dirname(path)))) return;
    await symlink(original, target);
    return;
  }
  if (!there.isDirectory() || !statSync(original).isDirectory()) return;
  for (const child of await readdir(original)) {
    if (child !== '.git') await linkInto(root, top, join(path, child));
  }
}

/** False where the tree has a file or a link on the way: nothing is written through it. */
async function makeParents(root: string, path: string): Promise<boolean> {
  const folder = join(root, path);
  for (let part = folder; relative(root, part) !== ''; part = dirname(part)) {
    const there = lstatSync(part, { throwIfNoEntry: false });
    if (there && !there.isDirectory()) return false;
  }
  await mkdir(folder, { recursive: true });
  return true;
}
