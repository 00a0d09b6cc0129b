/** Decides which untracked files become part of the anchor, and which stay outside and are linked: pure. */

/** A larger file is linked, not stored: it is data or a checkpoint, and a repository keeps it for ever. */
export const STORED_FILE_LIMIT_BYTES = 50 * 1024 * 1024;
/** An untracked directory without code and larger than this is a data set. */
export const STORED_FOLDER_LIMIT_BYTES = 64 * 1024 * 1024;

const CODE = /\.(py|pyi|pyx|pxd|ipynb|c|cc|cpp|cu|cuh|h|hpp|rs|go|java|js|ts|sh|bash|cmake|mk)$/;

/** Never stored in a private store (a repository has its own ignore file). */
export const PRIVATE_EXCLUDES = [
  '.git',
  '.hg',
  '.sl',
  '__pycache__/',
  '*.py[co]',
  '.venv/',
  'venv/',
  'node_modules/',
  '.pytest_cache/',
  '.mypy_cache/',
  '.ruff_cache/',
  '.ipynb_checkpoints/',
  '.tox/',
  '.nox/',
  '.DS_Store',
] as const;

export interface StoragePlan {
  add: string[];
  /** Files and directories (without a `/` at the end) that are linked. */
  link: string[];
}

export function planStorage(untracked: readonly { path: string; bytes: number }[]): StoragePlan {
  const folders = new Map<string, { bytes: number; code: boolean }>();
  for (const { path, bytes } of untracked) {
    const code = CODE.test(path);
    for (const folder of foldersOf(path)) {
      const sum = folders.get(folder) ?? { bytes: 0, code: false };
      sum.bytes += bytes;
      sum.code ||= code;
      folders.set(folder, sum);
    }
  }
  const plan: StoragePlan = { add: [], link: [] };
  const linked = new Set<string>();
  for (const { path, bytes } of untracked) {
    const data = foldersOf(path).find((folder) => {
      const sum = folders.get(folder);
      return sum !== undefined && !sum.code && sum.bytes > STORED_FOLDER_LIMIT_BYTES;
    });
    if (data !== undefined) linked.add(data);
    else if (bytes > STORED_FILE_LIMIT_BYTES) linked.add(path);
    else plan.add.push(path);
  }
  plan.link = [...linked];
  return plan;
}

/** Highest first: `a`, `a/b` of `a/b/c.txt`. */
function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Folders of runs (ours, or the Python engine's) among untracked paths: another run's workdir is no source. */
export function runFolders(untracked: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of untracked) {
    const found = /^(?:(.*)\/)?engine\/(?:events\.jsonl|checkpoint\.json|engine_state\.json|temporal\.json)$/.exec(
      path,
    );
    if (found?.[1]) folders.add(found[1]);
  }
  return [...folders];
}
