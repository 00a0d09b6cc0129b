/**
 * Decides how what git does not store gets into a tree: pure. Names and sizes decide, and a person's globs before them.
 */
import { isUnder } from '../../domain/proposals/edit-path.js';

/**
 * `link`: the user's own, which jobs only read. `copy`: a copy for each tree, all alike. `empty`: a folder for what
 * jobs write, without what is in it. `absent`: not there.
 */
export type Placement = 'link' | 'copy' | 'empty' | 'absent';

export interface Placed {
  /** Relative to the repository's top. */
  path: string;
  how: Exclude<Placement, 'absent'>;
}

/** What a person said of paths, as globs relative to the repository's top. */
export interface PlacementGlobs {
  link: readonly string[];
  copy: readonly string[];
  leaveOut: readonly string[];
}

/** What was found at a path; a count above its limit is not counted on. */
export interface Measured {
  isFolder: boolean;
  /** Of an interpreter or of packages: code that finds itself by its own path, which a copy would break. */
  isEnvironment: boolean;
  files: number;
  bytes: number;
}

/** A tree costs as much as its copies: these take well under a second. */
export const COPIED_FILES_LIMIT = 2000;
export const COPIED_BYTES_LIMIT = 32 * 1024 * 1024;
/** All copies of a tree together. */
export const TREE_FILES_LIMIT = 4000;
export const TREE_BYTES_LIMIT = 128 * 1024 * 1024;

/** Caches and records of other tools: never read by code, or wrong when shared between trees. */
const CACHES =
  /^(__pycache__|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.cache|\.hypothesis|\.ipynb_checkpoints|\.tox|\.nox|\.coverage.*|htmlcov|\.idea|\.vscode|\.git|\.hg|\.sl|\.DS_Store|\.eggs|.*\.py[co]|.*\.sw[op]|.*~|.*\.log|.*\.tmp)$/;

/** A build makes these anew in its own tree; without a build they are needed. */
const BUILD_OUTPUTS = /^(build|dist|target|cmake-build-.*|.*\.egg-info)$/;

/** Where training scripts write by custom: an earlier training that lies there is neither read nor gone on with. */
const OUTPUTS =
  /^(?:.*[._-])?(?:outputs?|out|runs?|logs?|results?|saved?|saves|exps?|experiments?|work_?dirs?|multiruns?|wandb|mlruns|mlartifacts|lightning_logs|tb_?logs|tensorboard|tmp|temp)(?:[._-]?(?:dir|folder|\d+))?$/i;

export const ENVIRONMENT_NAMES = /^(\.?v?env|\.?venv.*|virtualenv|node_modules|\.?conda.*|\.pixi|\.direnv)$/;

export function isCache(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return CACHES.test(name) || (path.includes('node_modules/') && name === '.cache');
}

export function isBuildOutput(path: string): boolean {
  return BUILD_OUTPUTS.test(path.slice(path.lastIndexOf('/') + 1));
}

/** By its name, a folder for what jobs write. */
export function isOutputFolder(path: string): boolean {
  return OUTPUTS.test(path.slice(path.lastIndexOf('/') + 1));
}

/** What a person said of the path, or of a folder that it lies in; the narrower word first. Null: nothing. */
export function saidOf(path: string, globs: PlacementGlobs): 'link' | 'copy' | 'absent' | null {
  // `data/**` speaks of `data` as well.
  const matches = (list: readonly string[]) => list.some((glob) => isUnder(path, glob.replace(/(?<=.)\/\*\*\/?$/, '')));
  if (matches(globs.leaveOut)) return 'absent';
  if (matches(globs.copy)) return 'copy';
  return matches(globs.link) ? 'link' : null;
}

/** Whether one of the paths or globs speaks of something below the folder: its children are then placed one by one. */
export function reachesBelow(folder: string, globs: readonly string[]): boolean {
  return globs.some((glob) => {
    const plain = glob.replace(/^(?:\.?\/)+|\/+$/g, '');
    const literal = plain.split('/').findIndex((part) => /[*?]/.test(part));
    const parts = literal === -1 ? plain.split('/') : plain.split('/').slice(0, literal + 1);
    const depth = folder.split('/').length;
    return parts.length > depth && parts.slice(0, depth).join('/') === folder && parts[depth] !== '**';
  });
}

/** Room that is left for copies that nobody asked for. */
export interface CopyRoom {
  files: number;
  bytes: number;
}

/** For what no name and no person decides: a copy where it costs next to nothing, else a link. */
export function placementBySize(of: Measured, room: CopyRoom): 'link' | 'copy' {
  if (of.isEnvironment) return 'link';
  const isSmall = of.files <= COPIED_FILES_LIMIT && of.bytes <= COPIED_BYTES_LIMIT;
  return isSmall && of.files <= room.files && of.bytes <= room.bytes ? 'copy' : 'link';
}
