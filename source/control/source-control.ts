/**
 * The code of a run. The user's working tree, index, HEAD and branches are never touched: commits are made from
 * memory into the repository (or a private store) and kept by refs refs/autoresearch/<run>/<name>, which no log of the
 * user's shows (kept-commits.ts).
 */
export interface SourceControl {
  /**
   * Commit of the source directory as it is now, uncommitted changes included. The same content gives the same commit.
   */
  anchor(): Promise<string>;
  /**
   * Makes (or finds) the separate directory for `name` at `commit` and returns where the source directory stands in it.
   */
  openTree(name: string, commit: string): Promise<SourceTree>;
  /** Removes the directory; no error when it is gone. */
  closeTree(name: string): Promise<void>;
  /**
   * Commit with `edits` on top of `parent`, kept by the ref `name`; the same input gives the same commit.
   * No edits: `parent` itself, still kept by the ref.
   */
  commitEdits(name: string, parent: string, edits: ReadonlyMap<string, string>, message: string): Promise<string>;
  /** The commit that the ref `name` keeps, or null. */
  commitOf(name: string): Promise<string | null>;
  /** Text of a file of the source directory (path relative to it) at a commit; null when absent. */
  readFile(commit: string, path: string): Promise<string | null>;
  /** Files of the source directory at a commit, relative to it. */
  listFiles(commit: string): Promise<string[]>;
  /**
   * Paths that no edit may touch or go through: symbolic links, submodules, and what is linked into trees from outside.
   */
  linkedPaths(commit: string): Promise<string[]>;
  /** Absolute real paths of the user's own files that a job in a tree can reach by links, and of their repository. */
  originals(): Promise<string[]>;
  /** Unified diff of the source directory between two commits. */
  diff(from: string, to: string): Promise<string>;
  /** Hash of the source directory's content at a commit: equal content, equal hash. */
  contentHash(commit: string): Promise<string>;
  /** The same for each of these commits, in one call; one that is not there is left out. */
  contentHashes(commits: readonly string[]): Promise<Map<string, string>>;
  /** The content hash that `parent` has with these edits; no ref is made. */
  contentHashWith(parent: string, edits: ReadonlyMap<string, string>): Promise<string>;
}

export interface SourceTree {
  /** The tree's own directory (repository top). */
  root: string;
  /** The source directory inside it. */
  sourceDir: string;
}
