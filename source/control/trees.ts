/**
 * The separate directories in which experiments run. A tree is made beside its place and moved there whole, with a
 * `.git` file that leads to a git directory of its own (HEAD, index) inside the workdir: commands in the tree see a
 * repository at the right commit, and nothing is written into the user's.
 */

import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTextIfAny, writeFileAtomic } from '../../host/atomic-file.js';
import { hostMark, markedBy, thisHost } from '../../host/host-identity.js';
import { makeKeyTurns } from '../../host/in-turn.js';
import { isRunning } from '../../host/process-identity.js';
import type { ObjectDatabase } from './object-database.js';
import { copyOriginal, placeInto } from './place-files.js';
import type { Placed } from './placement-rules.js';

export interface TreePlace {
  /** Folder of all trees. */
  trees: string;
  /** Where objects and refs are: the user's repository or the private store. */
  commonDir: string;
  /** Original of what is linked and copied. */
  top: string;
  /** Link folders file by file. */
  byFile: boolean;
  /** Paths to which trees are limited; [] writes all. */
  paths: readonly string[];
}

/** Not a name that an experiment can have. */
const ADMIN = '.admin';
const SCRATCH = '.scratch';
/** What every tree gets a copy of, as it was when it was first needed: all experiments start from the same files. */
const COPIES = '.copies';
/** What a job wrote to files that are not its own (probe/autoresearch_job/shelter.py). */
const WRITES = '.writes';
/** Trees as one file, for jobs that do not see this disk (source/source-bundle.ts). */
const BUNDLES = '.bundles';

export class Trees {
  readonly #alone = makeKeyTurns();

  constructor(
    readonly place: TreePlace,
    readonly database: ObjectDatabase,
  ) {}

  static scratchOf(trees: string): string {
    return join(trees, SCRATCH);
  }

  /** Where a job's writes to what lies outside its tree are kept, apart from what they were meant for. */
  static writesOf(trees: string, name: string): string {
    return join(trees, WRITES, name);
  }

  static bundlesOf(trees: string, name: string): string {
    return join(trees, BUNDLES, name);
  }

  /** Where each tree's own git directory is, by its name; one whose tree was taken away may be left by a kill. */
  static adminOf(trees: string): string {
    return join(trees, ADMIN);
  }

  /** `beside`: names of folders beside the repository that its code reaches by `../`. */
  open(name: string, commit: string, placed: readonly Placed[], beside: readonly string[] = []): Promise<string> {
    return this.#alone(name, async () => {
      await this.#linkBeside(beside);
      const root = join(this.place.trees, name);
      if (existsSync(root)) {
        if ((await this.#commitOf(name)) === commit) {
          await this.#lead(name);
          return root;
        }
        await this.#remove(name);
      }
      await this.#make(name, commit, placed);
      return root;
    });
  }

  /** All trees have them in common, as they stand beside each. */
  async #linkBeside(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const target = join(dirname(this.place.top), name);
      await symlink(target, join(this.place.trees, name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
  }

  close(name: string): Promise<void> {
    return this.#alone(name, () => this.#remove(name));
  }

  async #commitOf(name: string): Promise<string | null> {
    try {
      return (await readFile(join(this.place.trees, ADMIN, name, 'commit'), 'utf8')).trim();
    } catch {
      return null;
    }
  }

  /** A workdir that was moved holds trees whose paths lead to where it was. */
  async #lead(name: string): Promise<void> {
    const admin = join(this.place.trees, ADMIN, name);
    const git = join(this.place.trees, name, '.git');
    const paths = { [git]: `gitdir: ${admin}\n`, ...this.#leadsOf(name, admin) };
    for (const [file, path] of Object.entries(paths)) {
      if ((await readTextIfAny(file)) !== path) await writeFileAtomic(file, path);
    }
  }

  #leadsOf(name: string, admin: string): Record<string, string> {
    return {
      [join(admin, 'commondir')]: `${this.place.commonDir}\n`,
      [join(admin, 'gitdir')]: `${join(this.place.trees, name, '.git')}\n`,
    };
  }

  async #make(name: string, commit: string, placed: readonly Placed[]): Promise<void> {
    await this.#keepCopies(placed);
    const scratch = Trees.scratchOf(this.place.trees);
    await mkdir(scratch, { recursive: true });
    const folder = await mkdtemp(join(scratch, await scratchPrefix()));
    try {
      const root = join(folder, 'tree');
      const admin = join(folder, 'admin');
      const finalAdmin = join(this.place.trees, ADMIN, name);
      await mkdir(root);
      await mkdir(admin);
      await this.database.checkout(commit, root, join(admin, 'index'), this.place.paths);
      await writeFile(join(root, '.git'), `gitdir: ${finalAdmin}\n`);
      await writeFile(join(admin, 'HEAD'), `${commit}\n`);
      await writeFile(join(admin, 'commit'), `${commit}\n`);
      for (const [file, path] of Object.entries(this.#leadsOf(name, admin))) await writeFile(file, path);
      const { top, byFile } = this.place;
      const rules = { top, byFile, copies: join(this.place.trees, COPIES) };
      for (const one of placed) await placeInto(root, one, rules);
      await mkdir(join(this.place.trees, ADMIN), { recursive: true });
      await rm(finalAdmin, { recursive: true, force: true });
      await rename(admin, finalAdmin);
      await rename(root, join(this.place.trees, name));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Makes each copy whole or not at all; one that another process made meanwhile is as good. */
  async #keepCopies(placed: readonly Placed[]): Promise<void> {
    for (const { path, how } of placed) {
      const kept = join(this.place.trees, COPIES, path);
      const original = join(this.place.top, path);
      if (how !== 'copy' || existsSync(kept) || !existsSync(original)) continue;
      const folder = await mkdtemp(join(Trees.scratchOf(this.place.trees), await scratchPrefix()));
      try {
        await copyOriginal(path, join(folder, 'copy'), { top: this.place.top, workdir: dirname(this.place.trees) });
        // A link that leads in a circle out of the repository has nothing to copy.
        if (!lstatSync(join(folder, 'copy'), { throwIfNoEntry: false })) continue;
        await mkdir(dirname(kept), { recursive: true });
        await rename(join(folder, 'copy'), kept);
      } catch (error) {
        if (!existsSync(kept)) throw error;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
  }

  /** The tree first, so that a tree that is there always has its commit. */
  async #remove(name: string): Promise<void> {
    const scratch = Trees.scratchOf(this.place.trees);
    await mkdir(scratch, { recursive: true });
    const grave = await mkdtemp(join(scratch, await scratchPrefix()));
    try {
      await rename(join(this.place.trees, name), join(grave, 'tree'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await removeWhole(grave);
    await rm(join(this.place.trees, ADMIN, name), { recursive: true, force: true });
    await removeWhole(Trees.writesOf(this.place.trees, name));
    await removeWhole(Trees.bundlesOf(this.place.trees, name));
  }

  /** What a killed process left half made. */
  async sweep(): Promise<void> {
    const scratch = Trees.scratchOf(this.place.trees);
    if (!existsSync(scratch)) return;
    const here = await thisHost();
    for (const entry of readdirSync(scratch)) {
      const path = join(scratch, entry);
      const [, mark = '', pid] = /^(.*)~(\d+)~/.exec(entry) ?? [];
      const by = markedBy(mark, here);
      const isLeft = by === 'ours' ? !isRunning(Number(pid)) : by === 'namesake' && (await isOld(path));
      if (isLeft) await removeWhole(path);
    }
  }
}

/** Also folders that their owner may not look into: the kernel makes such ones for an overlay, and a job may. */
export async function removeWhole(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    await openUp(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
}

/** Says whose scratch folder it is: several hosts may share a workdir. */
export async function scratchPrefix(): Promise<string> {
  return `${hostMark(await thisHost())}~${process.pid}~`;
}

/** Half a tree is made, or taken away, within minutes. */
const OLD_MS = 24 * 3600 * 1000;

async function isOld(path: string): Promise<boolean> {
  return Date.now() - (await stat(path).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs > OLD_MS;
}
