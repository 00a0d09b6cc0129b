/**
 * Which of the user's files a job's writes must not reach: what trees link to, and what lies outside of them by an
 * absolute path that the launch command, the code, a configuration or a variable of the environment names.
 */
import { realpath, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readJsonIfAny } from '../host/atomic-file.js';
import { pathsNamedIn, variablesNamedIn } from '../source/control/named-paths.js';
import { isBelow } from '../source/control/object-database.js';
import { isOutputFolder } from '../source/control/placement-rules.js';
import { Trees } from '../source/control/trees.js';
import type { Workdir } from '../workdir/paths.js';
import type { Shelter } from './platforms/platform.js';

/** Of the system, or of all programs together: a job may write there, and an own view would hide what others write. */
const SHARED =
  /^\/(?:dev|proc|sys|run|boot|etc|usr|bin|sbin|lib\w*|snap|nix)(?:\/|$)|^\/(?:[^/]*|var\/tmp)$|\/\.cache(?:\/|$)/;
/** Of the shell and of the run: no place for what a job writes. */
const NO_PLACES =
  /^(?:HOME|PWD|OLDPWD|SHELL|PATH|TMPDIR|PYTHON\w*|VIRTUAL_ENV|CONDA\w*|SOURCE_DIR|WORKDIR|AUTORESEARCH_\w+)$/;
const CHECKPOINTS = /ckpt|check_?points?|models?|weights|snapshots?/i;
/** Each costs a mount. */
const NAMED_LIMIT = 32;

const NamedSchema = z.looseObject({
  named: z.array(z.string()).default([]),
  variables: z.array(z.string()).default([]),
});

export interface LaunchedCommand {
  command: string;
  env: Readonly<Record<string, string | undefined>>;
}

export async function shelterOf(
  workdir: Workdir,
  nodeId: string,
  originals: readonly string[],
  { inCommand, outside }: NamedOutside,
): Promise<Shelter> {
  const root = await realpath(workdir.root);
  const folders = new Set<string>();
  for (const folder of [...originals, ...(await Promise.all(inCommand.map(folderAt)))]) {
    if (folder === null || isShared(folder) || isBelow(folder, root)) continue;
    folders.add(folder);
  }
  // A folder that lies in another one is kept apart with it.
  const outer = outermost(folders);
  const named = await Promise.all(outside.map(nearestFolder));
  const others = named.filter(
    (folder): folder is string =>
      folder !== null && !isShared(folder) && !isBelow(folder, root) && !outer.some((one) => isBelow(folder, one)),
  );
  return {
    folders: outer,
    named: outermost(new Set(others)).slice(0, NAMED_LIMIT),
    keep: [root],
    writes: join(Trees.writesOf(join(root, 'trees'), nodeId), `${process.pid}-${Date.now()}`),
  };
}

export interface NamedOutside {
  inCommand: string[];
  /** Those as well. */
  outside: string[];
}

/**
 * Absolute paths outside of the repository as the command, the source and the environment name them; they may not
 * exist.
 */
export async function namedOutside(workdir: Workdir, { command, env }: LaunchedCommand): Promise<NamedOutside> {
  const read = NamedSchema.safeParse(await readJsonIfAny(workdir.source));
  const { named, variables } = read.success ? read.data : { named: [], variables: [] };
  const values = [...new Set([...variables, ...variablesNamedIn(command)])]
    .filter((name) => !NO_PLACES.test(name))
    .map((name) => env[name] ?? '');
  const inCommand = pathsNamedIn(command, homedir()).absolute;
  const paths = [...inCommand, ...named, ...values.filter((one) => one.startsWith('/'))];
  return { inCommand, outside: [...new Set(paths)] };
}

/**
 * Of these, the real paths of files, and of folders that are for what trainings write: where a job can write to them, a
 * change is noticed. Other folders may be large, and hold what other programs change meanwhile.
 */
export async function watchedOutside(workdir: Workdir, { outside }: NamedOutside): Promise<string[]> {
  const root = await realpath(workdir.root);
  const found = new Set<string>();
  for (const path of outside) {
    const real = await realpath(path).catch(() => null);
    const facts = real === null ? null : await stat(real);
    if (real === null || facts === null || isShared(real) || isBelow(real, root) || isBelow(root, real)) continue;
    const isWritten = facts.isDirectory()
      ? isOutputFolder(real) || CHECKPOINTS.test(basename(real))
      : (facts.mode & 0o111) === 0;
    if (isWritten && (facts.isFile() || facts.isDirectory())) found.add(real);
  }
  return [...found];
}

function outermost(folders: ReadonlySet<string>): string[] {
  const all = [...folders].sort();
  return all.filter((folder) => !all.some((other) => other !== folder && isBelow(folder, other)));
}

/** The real path of a folder; null when there is none. */
async function folderAt(path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : null;
  } catch {
    return null;
  }
}

/** The folder in which a job would make or replace what the path names; null for a program, which is only run. */
async function nearestFolder(path: string): Promise<string | null> {
  for (let at = path; at !== '/'; at = dirname(at)) {
    const facts = await stat(at).catch(() => null);
    if (facts?.isDirectory()) return await realpath(at).catch(() => null);
    if (facts?.isFile() && (facts.mode & 0o111) !== 0) return null;
  }
  return null;
}

/** Whether the folder is everybody's. */
export function isShared(path: string): boolean {
  return SHARED.test(path) || path === homedir() || path === tmpdir();
}
