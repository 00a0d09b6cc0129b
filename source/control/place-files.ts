/** Puts into a tree what git does not store: links to the user's own, copies, and empty folders for what jobs write. */
import { constants, type Dirent, existsSync, lstatSync, statSync } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readdir, readlink, realpath, symlink, utimes } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { isBelow } from './object-database.js';
import { ENVIRONMENT_NAMES, type Placed } from './placement-rules.js';

/** Above this a folder is linked whole: a link a file would take seconds for each tree. */
export const LINKED_FILES_LIMIT = 20_000;

export interface PlacingRules {
  /** Original of what is linked. */
  top: string;
  /** Where the copies of this run stand that trees are given, as they were when it began. */
  copies: string;
  /** Link folders file by file, so that a new file, or one that replaces another, stays in the tree. */
  byFile: boolean;
}

export async function placeInto(root: string, { path, how }: Placed, rules: PlacingRules): Promise<void> {
  if (how === 'empty') await makeFolder(root, path);
  else if (how === 'copy') await copyInto(join(rules.copies, path), root, path);
  else await linkInto(root, rules, path);
}

/**
 * Links `path` of the top into `root`. What the tree has itself stays: inside a real directory the children are linked.
 */
async function linkInto(root: string, rules: PlacingRules, path: string): Promise<void> {
  const target = join(root, path);
  const original = join(rules.top, path);
  if (!existsSync(original)) return;
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (!there) {
    if (!(await makeFolder(root, dirname(path)))) return;
    const byFile = rules.byFile && statSync(original).isDirectory() && (await isLinkedByFile(original));
    if (byFile) await linkFiles(original, target);
    else await symlink(original, target);
    return;
  }
  if (!there.isDirectory() || !statSync(original).isDirectory()) return;
  for (const child of await readdir(original)) {
    if (child !== '.git') await linkInto(root, rules, join(path, child));
  }
}

/** An environment finds itself by its own path; a folder with too many files would cost each tree too much. */
async function isLinkedByFile(folder: string): Promise<boolean> {
  if (ENVIRONMENT_NAMES.test(folder.slice(folder.lastIndexOf('/') + 1))) return false;
  if (existsSync(join(folder, 'pyvenv.cfg')) || existsSync(join(folder, 'conda-meta'))) return false;
  let entries = 0;
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined && entries <= LINKED_FILES_LIMIT; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch((): Dirent[] => [])) {
      entries += 1;
      if (entry.isDirectory()) waiting.push(join(next, entry.name));
    }
  }
  return entries <= LINKED_FILES_LIMIT;
}

async function linkFiles(original: string, target: string): Promise<void> {
  await mkdir(target);
  for (const entry of await readdir(original, { withFileTypes: true })) {
    const [from, to] = [join(original, entry.name), join(target, entry.name)];
    if (entry.isDirectory() && entry.name !== '.git') await linkFiles(from, to);
    else if (entry.name !== '.git') await symlink(from, to);
  }
}

/** Copies a file or folder with times and modes; what stands in the tree already stays. */
async function copyInto(from: string, root: string, path: string): Promise<void> {
  if (!existsSync(from) && !lstatSync(from, { throwIfNoEntry: false })) return;
  if (await makeFolder(root, dirname(path))) await copyTree(from, join(root, path), copyLinkAsItIs);
}

export interface Original {
  /** Of the repository. */
  top: string;
  /** Never copied: the copies are in it. */
  workdir: string;
}

/**
 * Copies what lies at `path` of the original for good: a link that stays in it, or in the repository, stays a link that
 * does so in a tree; of any other the content is copied, so that nothing leads back to the user's own.
 */
export async function copyOriginal(path: string, to: string, { top, workdir }: Original): Promise<void> {
  const copyFrom = async (from: string, place: string, within: string, above: readonly string[]): Promise<void> => {
    await copyTree(from, join(to, relative(path, place)), (link, at) => copyLink(link, at, within, above), { workdir });
  };
  const copyLink = async (from: string, at: string, within: string, above: readonly string[]): Promise<void> => {
    const place = join(path, relative(to, at));
    const target = await readlink(from);
    const leadsTo = resolve(dirname(from), target);
    const staysIn = from !== within && isBelow(leadsTo, within);
    if (!target.startsWith('/') && staysIn) return await symlink(target, at);
    const real = await realpath(from).catch(() => null);
    const around = [...above, await realpath(dirname(from))];
    if (real !== null && !around.some((folder) => isBelow(folder, real))) {
      return await copyFrom(real, place, real, around);
    }
    // In a circle, or to what does not exist: as a link it stays in the tree, or it is not there.
    const inTop = isBelow(real ?? leadsTo, top) ? relative(top, real ?? leadsTo) : null;
    if (inTop !== null) await symlink(relative(dirname(place), inTop) || '.', at);
  };
  await copyFrom(join(top, path), path, join(top, path), []);
}

type CopyLink = (from: string, to: string) => Promise<void>;

async function copyLinkAsItIs(from: string, to: string): Promise<void> {
  await symlink(await readlink(from), to);
}

async function copyTree(from: string, to: string, copyLink: CopyLink, { workdir = '' } = {}): Promise<void> {
  if (workdir !== '' && isBelow(from, workdir)) return;
  const facts = await lstat(from);
  const there = lstatSync(to, { throwIfNoEntry: false });
  if (facts.isSymbolicLink()) {
    if (!there) await copyLink(from, to);
  } else if (facts.isDirectory()) {
    if (there && !there.isDirectory()) return;
    if (!there) await mkdir(to);
    // A repository's own data is not copied with its files: it may be large, and may lead back to the user's.
    const names = (await readdir(from)).filter((name) => name !== '.git');
    for (let at = 0; at < names.length; at += 32) {
      const part = names.slice(at, at + 32);
      await Promise.all(part.map((name) => copyTree(join(from, name), join(to, name), copyLink, { workdir })));
    }
    // The folder's owner must be able to write into it, and to remove it with the tree.
    if (!there) await chmod(to, (facts.mode & 0o7777) | 0o700);
    if (!there) await utimes(to, facts.atimeMs / 1000, facts.mtimeMs / 1000);
  } else if (facts.isFile() && !there) {
    try {
      await copyFile(from, to, constants.COPYFILE_FICLONE);
    } catch (error) {
      // What this user may not read, no job of theirs reads either.
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return;
      throw error;
    }
    await chmod(to, facts.mode & 0o7777);
    await utimes(to, facts.atimeMs / 1000, facts.mtimeMs / 1000);
  }
}

/** False where the tree has a file or a link on the way: nothing is written through it. */
async function makeFolder(root: string, path: string): Promise<boolean> {
  const folder = join(root, path);
  for (let part = folder; relative(root, part) !== ''; part = dirname(part)) {
    const there = lstatSync(part, { throwIfNoEntry: false });
    if (there && !there.isDirectory()) return false;
  }
  await mkdir(folder, { recursive: true });
  return true;
}
