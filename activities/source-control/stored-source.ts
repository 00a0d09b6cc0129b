/** The SourceControl of a run over an object database: what is stored, what is linked, and which ref keeps which commit. */
import { lstat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { FailureKind } from '../../domain/failure.js';
import { raise } from '../activity-failure.js';
import { readJsonIfAny, writeJsonAtomic } from '../atomic-file.js';
import { decodeText, encodeText } from './file-text.js';
import { linkable } from './links.js';
import type { SourceLocation } from './locate.js';
import { type Entry, isBelow, type ObjectDatabase } from './object-database.js';
import { isRefPart } from './ref-part.js';
import type { SourceControl, SourceTree } from './source-control.js';
import { planStorage, runFolders, type StoragePlan } from './storage-plan.js';
import type { Trees } from './trees.js';

export interface StoredSourceParts {
  location: SourceLocation;
  database: ObjectDatabase;
  trees: Trees;
  /** `refs/autoresearch/<run>` */
  refs: string;
  /** engine/source.json: what was anchored. */
  record: string;
  /** Real path of the workdir, and the same relative to the top when it lies inside. */
  workdir: string;
  workdirInside: readonly string[];
  linkIgnored: boolean;
  hasBuild: boolean;
}

const RecordSchema = z.looseObject({ anchor_commit: z.string() });

/** Listings of commits kept in memory; a commit never changes. */
const LISTINGS = 16;
const ANCHOR_MESSAGE = 'The source as it was when autoresearch began';

export class StoredSource implements SourceControl {
  /** 'git': the user's repository; 'private': a store of our own in the workdir (no repository, or Sapling's). */
  readonly kind: 'git' | 'private';
  readonly #listings = new Map<string, Promise<Map<string, Entry>>>();
  #anchor: Promise<string> | null = null;
  #working: Promise<{ plan: StoragePlan; links: string[]; without: string[] }> | null = null;

  constructor(readonly parts: StoredSourceParts) {
    this.kind = parts.location.kind;
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

  async openTree(name: string, commit: string): Promise<SourceTree> {
    checkName(name);
    const { links } = await this.#workingFiles();
    const root = await this.parts.trees.open(name, commit, links).catch(asFailure('source_restore_failed'));
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
    const { database, location } = this.parts;
    const ref = this.#ref(name);
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
    const commit = files.size === 0 ? parent : await database.commitFiles(parent, files, message.trim());
    await database.keep(ref, commit);
    return commit;
  }

  commitOf(name: string): Promise<string | null> {
    return this.parts.database.resolve(this.#ref(name));
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
    const { links } = await this.#workingFiles();
    const linked = links.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
    return [...own.map(([path]) => path), ...linked];
  }

  async diff(from: string, to: string): Promise<string> {
    return from === to ? '' : this.parts.database.diff(from, to, this.parts.location.prefix);
  }

  async contentHash(commit: string): Promise<string> {
    return (await this.parts.database.facts(commit)).tree;
  }

  #ref(name: string): string {
    checkName(name);
    return `${this.parts.refs}/${name}`;
  }

  #entries(commit: string): Promise<Map<string, Entry>> {
    const known = this.#listings.get(commit);
    if (known) return known;
    const listing = this.parts.database.entries(commit, this.parts.location.prefix);
    this.#listings.set(commit, listing);
    listing.catch(() => this.#listings.delete(commit));
    const oldest = this.#listings.keys().next().value;
    if (this.#listings.size > LISTINGS && oldest !== undefined) this.#listings.delete(oldest);
    return listing;
  }

  async #findOrMakeAnchor(): Promise<string> {
    const { database, location, record } = this.parts;
    const ref = this.#ref('anchor');
    const kept = await database.resolve(ref);
    if (kept !== null) return kept;
    const recorded = RecordSchema.safeParse(await readJsonIfAny(record));
    if (recorded.success) {
      const commit = recorded.data.anchor_commit;
      if (await database.hasCommit(commit)) return database.keepFirst(ref, commit);
      raise(
        'setup_source_failed',
        `the anchor ${commit} of this run is gone from ${location.top}: its ref ${ref} was deleted. Restore it (for example by fetching it from a clone), or begin a new run.`,
      );
    }
    const { plan, without } = await this.#workingFiles();
    const commit = await database.keepFirst(
      ref,
      await database.snapshot({ add: plan.add, without, message: ANCHOR_MESSAGE }),
    );
    await writeJsonAtomic(record, {
      kind: location.kind,
      ...(location.kind === 'private' && { reason: location.reason }),
      top: location.top,
      source_dir: resolve(location.top, location.prefix),
      anchor_commit: commit,
      linked: (await this.#workingFiles()).links,
    });
    return commit;
  }

  /** Looked at once for the life of a worker: all of its trees see the same links. */
  #workingFiles() {
    this.#working ??= this.#lookAtWorkingFiles().catch((error: unknown) => {
      this.#working = null;
      throw error;
    });
    return this.#working;
  }

  async #lookAtWorkingFiles() {
    const { database, location, workdir, workdirInside, hasBuild, linkIgnored } = this.parts;
    const files = await database.workingFiles(workdirInside);
    const without = [...workdirInside, ...runFolders(files.untracked)];
    const untracked = files.untracked.filter((path) => !without.some((folder) => isBelow(path, folder)));
    const plan = planStorage(await withSizes(location.top, untracked));
    // What is too large to store, and what other repositories hold, belongs to the source whether or not ignored files do.
    const candidates = [...(linkIgnored ? files.ignored : []), ...files.repositories, ...plan.link];
    return { plan, without, links: await linkable(location.top, candidates, { workdir, hasBuild }) };
  }
}

/** What git or the file system refused, as a failure with a next step for its reader. */
function asFailure(kind: FailureKind): (error: unknown) => never {
  return (error) => {
    const isTyped = error instanceof ApplicationFailure || error instanceof RangeError;
    if (isTyped || !(error instanceof Error)) throw error;
    return raise(kind, error.message, { exception_type: error.name });
  };
}

function checkName(name: string): void {
  if (!isRefPart(name)) throw new RangeError(`${JSON.stringify(name)} cannot be the name of a tree and of a git ref`);
}

/** Files that vanished meanwhile are left out. */
async function withSizes(top: string, paths: readonly string[]): Promise<{ path: string; bytes: number }[]> {
  const sized: { path: string; bytes: number }[] = [];
  for (let at = 0; at < paths.length; at += 256) {
    const part = paths.slice(at, at + 256);
    const facts = await Promise.all(part.map((path) => lstat(join(top, path)).catch(() => null)));
    part.forEach((path, index) => {
      const fact = facts[index];
      if (fact) sized.push({ path, bytes: fact.isFile() ? fact.size : 0 });
    });
  }
  return sized;
}
