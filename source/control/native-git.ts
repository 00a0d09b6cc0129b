/** The object database by native git. Only objects and refs are written; every index is a temporary one of ours. */
import { copyFile, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText } from './file-text.js';
import { GitError, type GitOptions, type GitPlace, git, gitBytes, gitList } from './git-command.js';
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
import { ObjectReader } from './object-reader.js';
import { scratchPrefix } from './trees.js';

const ABSENT = '0'.repeat(40);

export class NativeGit implements ObjectDatabase {
  readonly #reader: ObjectReader;

  /** `top` is the working directory; `scratch` an existing folder for temporary indexes. */
  constructor(
    readonly gitDir: string,
    readonly top: string,
    readonly scratch: string,
  ) {
    this.#reader = new ObjectReader(gitDir);
  }

  async resolve(ref: string): Promise<string | null> {
    return this.#attempt(['rev-parse', '--verify', '--quiet', ref], 1);
  }

  async hasCommit(commit: string): Promise<boolean> {
    return (await this.readObjects([commit]))[0]?.type === 'commit';
  }

  async readObjects<const T extends readonly string[]>(names: T): Promise<{ [K in keyof T]: StoredObject | null }> {
    return (await this.#reader.read(names)) as { [K in keyof T]: StoredObject | null };
  }

  writeObject(type: 'blob' | 'tree' | 'commit', content: Uint8Array): Promise<string> {
    return this.#git(['hash-object', '-t', type, '-w', '--stdin'], { input: content });
  }

  async keep(ref: string, oid: string): Promise<void> {
    await this.#git(['update-ref', ref, oid]);
  }

  async keepFirst(ref: string, oid: string): Promise<string> {
    try {
      await this.#git(['update-ref', ref, oid, ABSENT.padEnd(oid.length, '0')]);
      return oid;
    } catch (error) {
      const winner = await this.resolve(ref);
      if (winner === null) throw error;
      return winner;
    }
  }

  async refsBelow(prefix: string): Promise<string[]> {
    const refs = await this.#git(['for-each-ref', '--format=%(refname)', prefix]);
    return refs.split('\n').filter(Boolean);
  }

  async dropRef(ref: string): Promise<void> {
    await this.#git(['update-ref', '-d', ref]);
  }

  async facts(commit: string): Promise<CommitFacts> {
    const [object] = await this.readObjects([commit]);
    const text = object?.content.toString('utf8') ?? '';
    const tree = /^tree ([0-9a-f]+)$/m.exec(text)?.[1];
    const time = /^committer .*> (\d+) [-+]\d+$/m.exec(text)?.[1];
    if (!tree || !time) throw new Error(`commit ${commit} has no tree or committer line`);
    return { tree, parent: /^parent ([0-9a-f]+)$/m.exec(text)?.[1] ?? null, timestampS: Number(time) };
  }

  async treesOf(commits: readonly string[]): Promise<Map<string, string>> {
    const trees = await this.readObjects(commits.map((commit) => `${commit}^{tree}`));
    return new Map(commits.flatMap((commit, i): [string, string][] => (trees[i] ? [[commit, trees[i].oid]] : [])));
  }

  async entries(commit: string, prefix: string): Promise<Map<string, Entry>> {
    const lines = await gitList(['ls-tree', '-r', '-z', '--full-tree', commit, ...(prefix ? ['--', prefix] : [])], {
      place: this.#place(),
    });
    const entries = new Map<string, Entry>();
    for (const line of lines) {
      const [, mode, oid, path] = /^(\d{6}) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      if (mode && oid && path?.startsWith(prefix)) {
        entries.set(path.slice(prefix.length), { mode: mode as Entry['mode'], oid });
      }
    }
    return entries;
  }

  async blob(oid: string): Promise<Buffer> {
    const [object] = await this.readObjects([oid]);
    if (object?.type !== 'blob') throw new Error(`${oid} is no file of the repository`);
    return object.content;
  }

  async workingFiles(without: readonly string[]): Promise<WorkingFiles> {
    return this.#withUserIndex(async (place) => {
      const list = (...args: string[]) =>
        gitList(['ls-files', '-z', ...without.flatMap((path) => [`--exclude=/${escapePattern(path)}/`]), ...args], {
          place,
        });
      const [others, ignored, staged] = await Promise.all([
        list('--others', '--exclude-standard'),
        list('--others', '--ignored', '--exclude-standard', '--directory'),
        list('--stage'),
      ]);
      const submodules = staged
        .filter((line) => line.startsWith('160000 '))
        .map((line) => line.replace(/^[^\t]*\t/, ''));
      const outside = (path: string) => !without.some((folder) => isBelow(path, folder));
      // A name that is not UTF-8 cannot be a path of an edit, and would not survive as text.
      const named = (path: string) => !path.includes('\uFFFD');
      return {
        untracked: others.filter((path) => !path.endsWith('/') && outside(path) && named(path)),
        ignored: ignored.filter(outside),
        repositories: [...others.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1)), ...submodules],
      };
    });
  }

  async snapshot({ add, without, message }: Snapshot): Promise<string> {
    const tree = await this.#withUserIndex(async (place) => {
      await git(['add', '--update'], { place });
      if (add.length > 0)
        await git(['update-index', '--add', '-z', '--stdin'], { place, input: `${add.join('\0')}\0` });
      if (without.length > 0) {
        await git(['rm', '-r', '--cached', '--quiet', '--ignore-unmatch', '--', ...without], { place });
      }
      return git(['write-tree'], { place });
    });
    const head = await this.resolve('HEAD');
    const timestampS = head === null ? FIRST_TIMESTAMP_S : (await this.facts(head)).timestampS;
    return this.#commitTree(tree, head, timestampS, message);
  }

  async commitFiles(
    parent: string,
    files: ReadonlyMap<string, { content: Uint8Array; mode: Entry['mode'] }>,
    message: string,
  ): Promise<string> {
    const lines = await Promise.all(
      [...files].map(async ([path, { content, mode }]) => {
        const oid = await this.writeObject('blob', content);
        return `${mode} ${oid}\t${path}\0`;
      }),
    );
    const tree = await this.#withIndex(async (place) => {
      await git(['read-tree', parent], { place });
      await git(['update-index', '--add', '-z', '--index-info'], { place, input: lines.join('') });
      return git(['write-tree'], { place });
    });
    const before = await this.facts(parent);
    if (before.tree === tree) return parent;
    // One second later, so that a log reads in order without a clock in it.
    return this.#commitTree(tree, parent, before.timestampS + 1, message);
  }

  async checkout(commit: string, destination: string, indexFile: string, paths: readonly string[]): Promise<void> {
    const place = { gitDir: this.gitDir, workTree: destination, indexFile };
    const config = ['core.sparseCheckout=false', 'submodule.recurse=false'];
    if (paths.length === 0) {
      await git(['read-tree', '--reset', '-u', '--no-recurse-submodules', commit], { place, config });
      return;
    }
    await git(['read-tree', commit], { place, config });
    const wanted = [...(await this.entries(commit, '')).keys()].filter((path) => paths.some((p) => isBelow(path, p)));
    const input = wanted.map((path) => `${path}\0`).join('');
    await git(['checkout-index', '-f', '-u', '-z', '--stdin'], { place, config, input });
  }

  async diff(from: string, to: string, prefix: string): Promise<string> {
    const relative = prefix ? [`--relative=${prefix}`] : [];
    const plain = ['--no-color', '--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/'];
    const args = ['diff-tree', '-r', '-p', ...plain, ...relative, from, to];
    return decodeText(await gitBytes(args, { place: this.#place(), cwd: this.top }));
  }

  #commitTree(tree: string, parent: string | null, timestampS: number, message: string): Promise<string> {
    const date = `${timestampS} +0000`;
    return this.#git(['commit-tree', tree, ...(parent === null ? [] : ['-p', parent])], {
      input: `${message}\n`,
      env: {
        GIT_AUTHOR_NAME: AUTHOR.name,
        GIT_AUTHOR_EMAIL: AUTHOR.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: AUTHOR.name,
        GIT_COMMITTER_EMAIL: AUTHOR.email,
        GIT_COMMITTER_DATE: date,
      },
    });
  }

  #place(): GitPlace {
    return { gitDir: this.gitDir };
  }

  #git(args: string[], options: GitOptions = {}): Promise<string> {
    return git(args, { place: this.#place(), cwd: this.top, ...options });
  }

  /** Output, or null when git ended with `code`, its way of saying no. */
  async #attempt(args: string[], code: number): Promise<string | null> {
    try {
      return await this.#git(args);
    } catch (error) {
      if (error instanceof GitError && error.exitCode === code) return null;
      throw error;
    }
  }

  async #withIndex<T>(act: (place: GitPlace & { indexFile: string }) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(this.scratch, await scratchPrefix()));
    try {
      return await act({ gitDir: this.gitDir, workTree: this.top, indexFile: join(folder, 'index') });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** A copy of the user's index: it knows what is unchanged, so that only changed files are hashed. */
  #withUserIndex<T>(act: (place: GitPlace) => Promise<T>): Promise<T> {
    return this.#withIndex(async (place) => {
      const own = join(this.gitDir, 'index');
      const facts = await stat(own).catch(() => null);
      if (facts) {
        await copyFile(own, place.indexFile);
        // A file changed in the moment the index was written is told by the index's own time, so the copy must not be
        // younger.
        const second = Math.floor(facts.mtimeMs / 1000);
        await utimes(place.indexFile, second, second);
      }
      return act(place);
    });
  }
}

/** For a gitignore pattern: its own signs lose their meaning. */
function escapePattern(path: string): string {
  return path.replace(/[\\*?[\]!# ]/g, '\\$&');
}
