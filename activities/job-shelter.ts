/** Which of the user's files a job's writes must not reach: what trees link to, and folders that its command names. */
import { realpath, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Shelter } from './platforms/platform.js';
import { pathsNamedIn } from './source-control/named-paths.js';
import { isBelow } from './source-control/object-database.js';
import { Trees } from './source-control/trees.js';
import type { Workdir } from './workdir.js';

/** Of the system, or of all programs together: a job may write there, and an own view would hide what others write. */
const SHARED = /^\/(?:dev|proc|sys|run|boot|etc|usr|bin|sbin|lib\w*|snap|nix)(?:\/|$)|^\/(?:[^/]*|var\/tmp)$/;

export async function shelterOf(
  workdir: Workdir,
  nodeId: string,
  originals: readonly string[],
  command: string,
): Promise<Shelter> {
  const root = await realpath(workdir.root);
  const named = await Promise.all(pathsNamedIn(command).absolute.map(folderAt));
  const folders = new Set<string>();
  for (const folder of [...originals, ...named]) {
    if (folder === null || isShared(folder) || isBelow(folder, root)) continue;
    folders.add(folder);
  }
  // A folder that lies in another one is kept apart with it.
  const all = [...folders].sort();
  const outer = all.filter((folder) => !all.some((other) => other !== folder && isBelow(folder, other)));
  return {
    folders: outer,
    keep: [root],
    writes: join(Trees.writesOf(join(root, 'trees'), nodeId), `${process.pid}-${Date.now()}`),
  };
}

/** The real path of a folder, or of the folder of a file that is data; null when there is none. */
async function folderAt(path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : null;
  } catch {
    return null;
  }
}

function isShared(path: string): boolean {
  return SHARED.test(path) || path === homedir() || path === tmpdir();
}
