/**
 * The SourceControl of a run over an object database: commits and their files, and which ref keeps which commit. What
 * stands in trees beside a commit's files is decided by surroundings.ts.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { raise } from '../../domain/protocol/thrown-failure.js';
import type { FailureKind } from '../../domain/run/failure.js';
import { isPassing } from '../../host/passing-error.js';
import { decodeText, encodeText } from './file-text.js';
import { KeptCommits } from './kept-commits.js';
import { type Entry, isBelow } from './object-database.js';
import { isRefPart } from './ref-part.js';
import type { SourceControl, SourceTree } from './source-control.js';
import { Surroundings, type SurroundingsParts } from './surroundings.js';
import type { Trees } from './trees.js';

export interface StoredSourceParts extends SurroundingsParts {
  trees: Trees;
  /** `refs/autoresearch/<run>` */
  refs: string;
}

/** Listings of commits kept in memory; a commit never changes. */
const LISTINGS = 16;
const ANCHOR = 'anchor';
const ANCHOR_MESSAGE = 'The source as it was when autoresearch began';

export class StoredSource implements SourceControl {
  /** 'git': the user's repository; 'private': a store of our own in the workdir (no repository, or Sapling's). */
  readonly kind: 'git' | 'private';
  readonly #listings = new Map<string, Promise<Map<string, Entry>>>();
  #anchor: Promise<string> | null = null;
  readonly #surroundings: Surroundings;
  readonly #kept: KeptCommits;

  constructor(readonly parts: StoredSourceParts) {
    this.kind = parts.location.kind;
    this.#kept = new KeptCommits(parts.database, parts.refs);
    this.#surroundings = new Surroundings(parts, this);
  }

  anchor(): Promise<string> {
    this.#anchor ??= this.#findOrMakeAnchor()
      .catch(asFailure('setup_source_failed'))
      .catch((error: unknown) => {
        this.#anchor = null;
        throw error;
      });
    return this.#anchor;
  }

  /** What keeps the run's commits: names of refs in the user's repository, or in the run's private store. */
  refs(): Promise<string[]> {
    return this.#kept.refs();
  }

  /** Writes those of these commits again that the user's housekeeping of the repository has removed. */
  restore(commits: readonly string[]): Promise<void> {
    return this.#kept.restore(commits);
  }

  /** Gives up every commit of the run: git removes them in its own time, and the run cannot go on. */
  async dropRefs(): Promise<void> {
    for (const ref of await this.refs()) await this.parts.database.dropRef(ref);
  }

  async openTree(name: string, commit: string): Promise<SourceTree> {
    checkName(name);
    const { placed, beside } = await this.#surroundings.plan();
    await this.restore([commit]);
    const root = await this.parts.trees.open(name, commit, placed, beside).catch(asFailure('source_restore_failed'));
    return { root, sourceDir: resolve(root, this.parts.location.prefix) };
  }

  async closeTree(name: string): Promise<void> {
    checkName(name);
    await this.parts.trees.close(name);
  }

  async commitEdits(
    name: string,
    parent: string,
    edits: ReadonlyMap<string, string>,
    message: string,
  ): Promise<string> {
    checkName(name);
    const commit = await this.#commit(parent, edits, message);
    await this.#kept.keep(name, commit);
    return commit;
  }

  async #commit(parent: string, edits: ReadonlyMap<string, string>, message: string): Promise<string> {
    const { database, location } = this.parts;
    const entries = await this.#entries(parent);
    const files = new Map<string, { content: Uint8Array; mode: Entry['mode'] }>();
    for (const path of [...edits.keys()].sort()) {
      const entry = entries.get(path);
      if (entry && entry.mode !== '100644' && entry.mode !== '100755') {
        throw new RangeError(`${path} is a link at ${parent} and cannot be edited`);
      }
      const before = entry ? await database.blob(entry.oid) : null;
      const content = encodeText(edits.get(path) ?? '', before);
      if (!before?.equals(content)) files.set(location.prefix + path, { content, mode: entry?.mode ?? '100644' });
    }
    return files.size === 0 ? parent : await database.commitFiles(parent, files, message.trim());
  }

  async commitOf(name: string): Promise<string | null> {
    checkName(name);
    return this.#kept.commitOf(name);
  }

  async readFile(commit: string, path: string): Promise<string | null> {
    const entry = (await this.#entries(commit)).get(path);
    if (!entry?.mode.startsWith('100')) return null;
    return decodeText(await this.parts.database.blob(entry.oid));
  }

  async listFiles(commit: string): Promise<string[]> {
    return [...(await this.#entries(commit))].filter(([, entry]) => entry.mode.startsWith('100')).map(([path]) => path);
  }

  async linkedPaths(commit: string): Promise<string[]> {
    const { prefix } = this.parts.location;
    const own = [...(await this.#entries(commit))].filter(([, entry]) => !entry.mode.startsWith('100'));
    const { placed } = await this.#surroundings.plan();
    const linked = placed.filter(({ path }) => path.startsWith(prefix)).map(({ path }) => path.slice(prefix.length));
    return [...own.map(([path]) => path), ...linked];
  }

  async originals(): Promise<string[]> {
    const { location } = this.parts;
    const { outside } = await this.#surroundings.plan();
    const repository =
      location.kind === 'git' && !isBelow(location.commonDir, location.top) ? [location.commonDir] : [];
    return [location.top, ...repository, ...outside];
  }

  /**
   * Files of a commit, relative to the source directory, that are others there now or gone; what is new is not told, as
   * it may be anything. Changes no ref.
   */
  async changedSince(commit: string): Promise<string[]> {
    const { prefix, top } = this.parts.location;
    const { plan, without } = await this.#surroundings.workingFiles();
    const now = await this.parts.database.snapshot({ add: plan.add, without, message: ANCHOR_MESSAGE });
    const [before, after] = await Promise.all([this.#entries(commit), this.#entries(now)]);
    return [...before].flatMap(([path, { oid, mode }]) => {
      const entry = after.get(path);
      // One that git has come to ignore stands where it stood.
      const isOther = entry ? entry.oid !== oid || entry.mode !== mode : !existsSync(resolve(top, prefix, path));
      return isOther ? [path] : [];
    });
  }

  async diff(from: string, to: string): Promise<string> {
    if (from === to) return '';
    await this.restore([from, to]);
    return this.parts.database.diff(from, to, this.parts.location.prefix);
  }

  async contentHash(commit: string): Promise<string> {
    const hash = (await this.contentHashes([commit])).get(commit);
    if (hash === undefined) throw new Error(`${commit} is no commit of the repository`);
    return hash;
  }

  async contentHashes(commits: readonly string[]): Promise<Map<string, string>> {
    const found = await this.parts.database.treesOf(commits);
    if (found.size === new Set(commits).size) return found;
    await this.restore(commits);
    return this.parts.database.treesOf(commits);
  }

  async contentHashWith(parent: string, edits: ReadonlyMap<string, string>): Promise<string> {
    return await this.contentHash(await this.#commit(parent, edits, 'content'));
  }

  #entries(commit: string): Promise<Map<string, Entry>> {
    const known = this.#listings.get(commit);
    if (known) return known;
    const listing = this.#list(commit);
    this.#listings.set(commit, listing);
    listing.catch(() => this.#listings.delete(commit));
    const oldest = this.#listings.keys().next().value;
    if (this.#listings.size > LISTINGS && oldest !== undefined) this.#listings.delete(oldest);
    return listing;
  }

  async #list(commit: string): Promise<Map<string, Entry>> {
    const { database, location } = this.parts;
    try {
      return await database.entries(commit, location.prefix);
    } catch {
      await this.restore([commit]);
      return await database.entries(commit, location.prefix);
    }
  }

  async #findOrMakeAnchor(): Promise<string> {
    const anchor = (await this.#kept.commitOf(ANCHOR)) ?? (await this.#recordedAnchor()) ?? (await this.#newAnchor());
    await this.#kept.keepHistory(anchor);
    return anchor;
  }

  async #recordedAnchor(): Promise<string | null> {
    const { database, location, refs } = this.parts;
    const recorded = await this.#surroundings.recordedAnchor();
    if (recorded === null) return null;
    if (await database.hasCommit(recorded)) return this.#kept.keepFirst(ANCHOR, recorded);
    return raise(
      'setup_source_failed',
      `the anchor ${recorded} of this run is gone from ${location.top}: its ref ${refs}/${ANCHOR} was deleted. Restore it (for example by fetching it from a clone), or begin a new run.`,
    );
  }

  async #newAnchor(): Promise<string> {
    const { plan, without } = await this.#surroundings.workingFiles();
    const snapshot = await this.parts.database.snapshot({ add: plan.add, without, message: ANCHOR_MESSAGE });
    const commit = await this.#kept.keepFirst(ANCHOR, snapshot);
    await this.#surroundings.record(commit);
    return commit;
  }
}

/** What git or the file system refused, as a failure with a next step for its reader. */
function asFailure(kind: FailureKind): (error: unknown) => never {
  return (error) => {
    const isTyped = error instanceof ApplicationFailure || error instanceof RangeError;
    if (isTyped || !(error instanceof Error) || isPassing(error)) throw error;
    return raise(kind, error.message, { exception_type: error.name });
  };
}

function checkName(name: string): void {
  if (!isRefPart(name)) throw new RangeError(`${JSON.stringify(name)} cannot be the name of a tree and of a git ref`);
}
