/**
 * Files that a build leaves in its tree (compiled extensions, generated code). An experiment with the same content
 * builds nothing, so it gets a copy of them.
 */
import { constants, existsSync } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Not products: git's own, and what Python makes again by itself. */
const SKIPPED = new Set(['.git', '__pycache__']);

/** What stands in a tree: path, and a value that differs when the file was written again. Links are not followed. */
export type TreeListing = Map<string, string>;

export async function listTree(root: string): Promise<TreeListing> {
  const listing: TreeListing = new Map();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (SKIPPED.has(entry.name)) continue;
      if (entry.isDirectory()) await visit(path);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const facts = await lstat(join(root, path));
        listing.set(path, `${facts.ino} ${facts.size} ${facts.mtimeMs}`);
      }
    }
  };
  await visit('');
  return listing;
}

/** Copies what is new or changed since `before` to `store`, whole or not at all. */
export async function keepProducts(root: string, before: TreeListing, store: string): Promise<void> {
  const products = [...(await listTree(root))].filter(([path, facts]) => before.get(path) !== facts);
  await rm(store, { recursive: true, force: true });
  if (products.length === 0) return;
  const half = `${store}.${process.pid}.tmp`;
  await rm(half, { recursive: true, force: true });
  for (const [path] of products) await copyEntry(join(root, path), join(half, path));
  await rename(half, store);
}

export async function restoreProducts(store: string, root: string): Promise<void> {
  if (!existsSync(store)) return;
  for (const path of (await listTree(store)).keys()) await copyEntry(join(store, path), join(root, path));
}

/** Shares the blocks where the file system can. */
async function copyEntry(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const there = await lstat(to).catch(() => null);
  // Never through a link: it leads to the user's own files.
  if (there) await rm(to, { recursive: true });
  if ((await lstat(from)).isSymbolicLink()) await symlink(await readlink(from), to);
  else await copyFile(from, to, constants.COPYFILE_FICLONE);
}
