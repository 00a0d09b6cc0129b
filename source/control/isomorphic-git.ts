/**
 * The object database without a `git` command, by isomorphic-git's object calls. Its own index, checkout and ref
 * writes are not used (ref-file.ts writes refs). It hashes every file, and knows neither filters (line endings, LFS)
 * nor linked working trees.
 */
import fs from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import git from 'isomorphic-git';
import { decodeText } from './file-text.js';
import {
  AUTHOR,
  type CommitFacts,
  type Entry,
  FIRST_TIMESTAMP_S,
  isBelow,
  type ObjectDatabase,
  type Snapshot,
  type StoredObject,
  type WorkingFiles,
} from './object-database.js';
import { writeRef } from './ref-file.js';

export async function initBareStore(gitDir: string): Promise<void> {
  await git.init({ fs, gitdir: gitDir, bare: true, defaultBranch: 'main' });
}

export class IsomorphicGit implements ObjectDatabase {
  readonly #cache = {};

  constructor(
    readonly gitDir: string,
    readonly top: string,
  ) {}

  async resolve(ref: string): Promise<string | null> {
    try {
      return await git.resolveRef({ fs, gitdir: this.gitDir, ref });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  async hasCommit(commit: string): Promise<boolean> {
    try {
      await git.readCommit({ ...this.#at, oid: commit });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async readObjects<const T extends readonly string[]>(names: T): Promise<{ [K in keyof T]: StoredObject | null }> {
    const found = await Promise.all(names.map((name) => this.#readObject(name)));
    return found as { [K in keyof T]: StoredObject | null };
  }

  async #readObject(name: string): Promise<StoredObject | null> {
    const oid = name.startsWith('refs/') ? await this.resolve(name) : name;
    if (oid === null) return null;
    try {
      const read = await git.readObject({ ...this.#at, oid, format: 'content' });
      return { oid, type: read.type, content: Buffer.from(read.object as Uint8Array) };
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  writeObject(type: 'blob' | 'tree' | 'commit', object: Uint8Array): Promise<string> {
    return git.writeObject({ fs, gitdir: this.gitDir, type, object, format: 'content' });
  }

  keep(ref: string, oid: string): Promise<void> {
    return writeRef(this.gitDir, ref, oid);
  }

  async keepFirst(ref: string, oid: string): Promise<string> {
    await writeRef(this.gitDir, ref, oid, async () => (await this.resolve(ref)) === null);
    return (await this.resolve(ref)) ?? oid;
  }

  async refsBelow(prefix: string): Promise<string[]> {
    // The library's names are relative to the folder that is asked for.
    const refs = await git.listRefs({ fs, gitdir: this.gitDir, filepath: prefix.replace(/\/$/, '') });
    return refs.map((ref) => `${prefix}${ref}`).sort();
  }

  async dropRef(ref: string): Promise<void> {
    await git.deleteRef({ fs, gitdir: this.gitDir, ref });
  }

  async facts(commit: string): Promise<CommitFacts> {
    const read = await git.readCommit({ ...this.#at, oid: commit });
    const { tree, parent, committer } = read.commit;
    return { tree, parent: parent[0] ?? null, timestampS: committer.timestamp };
  }

  async treesOf(commits: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const commit of commits) if (await this.hasCommit(commit)) found.set(commit, (await this.facts(commit)).tree);
    return found;
  }

  async entries(commit: string, prefix: string): Promise<Map<string, Entry>> {
    const all = new Map<string, Entry>();
    const visit = async (oid: string, path: string): Promise<void> => {
      const { tree } = await git.readTree({ ...this.#at, oid });
      for (const entry of tree) {
        const at = `${path}${entry.path}`;
        if (entry.type === 'tree') {
          if (isBelow(at, prefix) || isBelow(prefix, at)) await visit(entry.oid, `${at}/`);
        } else if (at.startsWith(prefix)) {
          all.set(at.slice(prefix.length), { mode: entry.mode as Entry['mode'], oid: entry.oid });
        }
      }
    };
    await visit((await this.facts(commit)).tree, '');
    return all;
  }

  async blob(oid: string): Promise<Buffer> {
    return Buffer.from((await git.readBlob({ ...this.#at, oid })).blob);
  }

  async workingFiles(without: readonly string[]): Promise<WorkingFiles> {
    const tracked = await this.#tracked();
    const trackedFolders = new Set([...tracked.keys()].flatMap((path) => foldersOf(path)));
    const found: WorkingFiles = { untracked: [], ignored: [], repositories: [] };
    const visit = async (folder: string): Promise<void> => {
      for (const child of await readdir(join(this.top, folder), { withFileTypes: true })) {
        const path = folder === '' ? child.name : `${folder}/${child.name}`;
        if (child.name === '.git' || without.some((one) => isBelow(path, one))) continue;
        if (tracked.get(path)?.mode === '160000') found.repositories.push(path);
        else if (tracked.has(path)) continue;
        else if (!trackedFolders.has(path) && (await this.#isIgnored(path, child.isDirectory()))) {
          found.ignored.push(child.isDirectory() ? `${path}/` : path);
        } else if (child.isDirectory()) {
          if (fs.existsSync(join(this.top, path, '.git'))) found.repositories.push(path);
          else await visit(path);
        } else if (child.isFile() || child.isSymbolicLink()) found.untracked.push(path);
      }
    };
    await visit('');
    return found;
  }

  async snapshot({ add, without, message }: Snapshot): Promise<string> {
    const tracked = await this.#tracked();
    const entries = new Map<string, Entry>();
    for (const path of [...tracked.keys(), ...add]) {
      if (without.some((folder) => isBelow(path, folder))) continue;
      const kept = tracked.get(path);
      const entry = kept?.mode === '160000' ? kept : await this.#storeFile(path);
      if (entry) entries.set(path, entry);
    }
    const head = await this.resolve('HEAD');
    const timestampS = head === null ? FIRST_TIMESTAMP_S : (await this.facts(head)).timestampS;
    return this.#commitTree(await this.#storeTree(entries), head, timestampS, message);
  }

  async commitFiles(
    parent: string,
    files: ReadonlyMap<string, { content: Uint8Array; mode: Entry['mode'] }>,
    message: string,
  ): Promise<string> {
    const entries = await this.entries(parent, '');
    for (const [path, { content, mode }] of files) {
      entries.set(path, { mode, oid: await git.writeBlob({ fs, gitdir: this.gitDir, blob: content }) });
    }
    const tree = await this.#storeTree(entries);
    const before = await this.facts(parent);
    return before.tree === tree ? parent : this.#commitTree(tree, parent, before.timestampS + 1, message);
  }

  async checkout(commit: string, destination: string, _indexFile: string, paths: readonly string[]): Promise<void> {
    for (const [path, { mode, oid }] of await this.entries(commit, '')) {
      if (paths.length > 0 && !paths.some((wanted) => isBelow(path, wanted))) continue;
      const target = join(destination, path);
      if (mode === '160000') {
        await mkdir(target, { recursive: true });
        continue;
      }
      await mkdir(dirname(target), { recursive: true });
      const content = await this.blob(oid);
      if (mode === '120000') await symlink(content.toString('utf8'), target);
      else await writeFile(target, content, { mode: mode === '100755' ? 0o755 : 0o644 });
    }
  }

  async diff(from: string, to: string, prefix: string): Promise<string> {
    const [old, now] = await Promise.all([this.entries(from, prefix), this.entries(to, prefix)]);
    const parts: string[] = [];
    for (const path of [...new Set([...old.keys(), ...now.keys()])].sort()) {
      const [a, b] = [old.get(path), now.get(path)];
      if (a?.oid === b?.oid && a?.mode === b?.mode) continue;
      const [before, after] = await Promise.all([this.#text(a), this.#text(b)]);
      const names = [a ? `a/${path}` : '/dev/null', b ? `b/${path}` : '/dev/null'] as const;
      const patch = createTwoFilesPatch(...names, before, after, '', '', { context: 3 });
      parts.push(
        `diff --git a/${path} b/${path}\n${patch.replace(/^=+\n/, '').replace(/^(--- .*?|\+\+\+ .*?)\t$/gm, '$1')}`,
      );
    }
    return parts.join('');
  }

  get #at() {
    return { fs, gitdir: this.gitDir, cache: this.#cache };
  }

  #isIgnored(path: string, isFolder: boolean): Promise<boolean> {
    return git.isIgnored({ fs, dir: this.top, gitdir: this.gitDir, filepath: isFolder ? `${path}/` : path });
  }

  /** What HEAD and the index know: a file that is tracked stays so, even where a pattern ignores it. */
  async #tracked(): Promise<Map<string, Entry>> {
    const head = await this.resolve('HEAD');
    const tracked = head === null ? new Map<string, Entry>() : await this.entries(head, '');
    if (!fs.existsSync(join(this.gitDir, 'index'))) return tracked;
    const staged = new Set(await git.listFiles({ fs, dir: this.top, gitdir: this.gitDir }));
    const known = new Map([...tracked].filter(([path, { mode }]) => staged.has(path) || mode === '160000'));
    for (const path of staged) if (!known.has(path)) known.set(path, { mode: '100644', oid: '' });
    return known;
  }

  async #text(entry: Entry | undefined): Promise<string> {
    return entry && entry.mode !== '160000' ? decodeText(await this.blob(entry.oid)) : '';
  }

  async #storeFile(path: string): Promise<Entry | null> {
    const file = join(this.top, path);
    const facts = await lstat(file).catch(() => null);
    const store = (blob: Uint8Array) => git.writeBlob({ fs, gitdir: this.gitDir, blob });
    if (facts?.isSymbolicLink()) return { mode: '120000', oid: await store(Buffer.from(await readlink(file))) };
    if (!facts?.isFile()) return null;
    return { mode: facts.mode & 0o100 ? '100755' : '100644', oid: await store(await readFile(file)) };
  }

  async #storeTree(entries: ReadonlyMap<string, Entry>): Promise<string> {
    const folders = new Map<string, Map<string, Entry>>();
    const tree: { mode: string; path: string; oid: string; type: 'blob' | 'tree' | 'commit' }[] = [];
    for (const [path, entry] of entries) {
      const slash = path.indexOf('/');
      if (slash === -1) {
        tree.push({ mode: entry.mode, path, oid: entry.oid, type: entry.mode === '160000' ? 'commit' : 'blob' });
      } else {
        const name = path.slice(0, slash);
        const folder = folders.get(name) ?? new Map<string, Entry>();
        folders.set(name, folder.set(path.slice(slash + 1), entry));
      }
    }
    for (const [path, inside] of folders) {
      tree.push({ mode: '040000', path, oid: await this.#storeTree(inside), type: 'tree' });
    }
    return git.writeTree({ fs, gitdir: this.gitDir, tree });
  }

  #commitTree(tree: string, parent: string | null, timestamp: number, message: string): Promise<string> {
    const person = { ...AUTHOR, timestamp, timezoneOffset: 0 };
    const commit = { tree, parent: parent === null ? [] : [parent], author: person, committer: person, message };
    return git.writeCommit({ fs, gitdir: this.gitDir, commit });
  }
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === 'NotFoundError';
}
