/** What the object database under a SourceControl must do: native git and isomorphic-git each do it whole. */

/** Kinds of entries: a submodule or nested repository is a `link` to a commit and has no content here. */
export interface Entry {
  mode: '100644' | '100755' | '120000' | '160000';
  oid: string;
}

export interface CommitFacts {
  tree: string;
  /** The first one. */
  parent: string | null;
  timestampS: number;
}

/** Files below a working directory, split by what the repository knows of them; paths relative to it, `/`-separated. */
export interface WorkingFiles {
  /** Neither tracked nor ignored. */
  untracked: string[];
  /** The highest paths that are ignored as a whole; directories end in `/`. */
  ignored: string[];
  /** Submodules and other repositories inside; they are linked, never stored. */
  repositories: string[];
}

export interface Snapshot {
  /** Untracked files to store; tracked ones are stored always. */
  add: readonly string[];
  /** Paths that must not be in it even when tracked (the workdir). */
  without: readonly string[];
  message: string;
}

export interface StoredObject {
  oid: string;
  /** `commit`, `tree`, `blob` or `tag`. */
  type: string;
  /** As git stores it. */
  content: Buffer;
}

export interface ObjectDatabase {
  /** Id of the object that a ref names, or null. */
  resolve(ref: string): Promise<string | null>;
  hasCommit(commit: string): Promise<boolean>;
  /** What stands under each id or ref, or null. One call, however many. */
  readObjects<const T extends readonly string[]>(names: T): Promise<{ [K in keyof T]: StoredObject | null }>;
  /** Writes it unless it is there; its id. */
  writeObject(type: 'blob' | 'tree' | 'commit', content: Uint8Array): Promise<string>;
  /** Points the ref to the object, atomically. */
  keep(ref: string, oid: string): Promise<void>;
  /** The same for a ref that must not exist yet; returns what it names afterwards, ours or another process's. */
  keepFirst(ref: string, oid: string): Promise<string>;
  /** Refs whose names begin so, in order. */
  refsBelow(prefix: string): Promise<string[]>;
  /** No error when it is gone. */
  dropRef(ref: string): Promise<void>;
  facts(commit: string): Promise<CommitFacts>;
  /** Tree of each commit; one that is not there is left out. One call, however many. */
  treesOf(commits: readonly string[]): Promise<Map<string, string>>;
  /** All entries below `prefix` ('' or ending in `/`), with paths relative to it. */
  entries(commit: string, prefix: string): Promise<Map<string, Entry>>;
  blob(oid: string): Promise<Buffer>;
  workingFiles(without: readonly string[]): Promise<WorkingFiles>;
  /** Commit of the working files as they are; its parent is HEAD where there is one. */
  snapshot(snapshot: Snapshot): Promise<string>;
  /** Commit that differs from `parent` by whole files (paths relative to the top). Same input, same id. */
  commitFiles(
    parent: string,
    files: ReadonlyMap<string, { content: Uint8Array; mode: Entry['mode'] }>,
    message: string,
  ): Promise<string>;
  /** Writes the commit's files (only those below `paths`, unless empty) into the empty directory `destination`. */
  checkout(commit: string, destination: string, indexFile: string, paths: readonly string[]): Promise<void>;
  diff(from: string, to: string, prefix: string): Promise<string>;
}

/** Author and committer of every commit; dates are set by the caller so that ids depend on content alone. */
export const AUTHOR = { name: 'autoresearch', email: 'autoresearch@localhost' } as const;

/** Date of an anchor without history: 2000-01-01T00:00:00Z. */
export const FIRST_TIMESTAMP_S = 946_684_800;

export function isBelow(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
