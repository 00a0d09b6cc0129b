/**
 * The SourceControl of a run over an object database: what is stored, what is linked, and which ref keeps which commit.
 */
import { lstat, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { raise } from '../../domain/protocol/thrown-failure.js';
import type { FailureKind } from '../../domain/run/failure.js';
import { readJsonIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import { isPassing } from '../../host/passing-error.js';
import { decodeText, encodeText } from './file-text.js';
import type { SourceLocation } from './locate.js';
import { type NamedPlaces, type NamedText, namedPlaces } from './named-in-source.js';
import { type Entry, isBelow, type ObjectDatabase, type WorkingFiles } from './object-database.js';
import { outsideLinks } from './outside-links.js';
import { planPlacement } from './placement.js';
import type { PlacementGlobs } from './placement-rules.js';
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
  globs: PlacementGlobs;
  /** Of the run's first command: what it names is needed. */
  launchCommand: string;
  hasBuild: boolean;
}

const RecordSchema = z.looseObject({ anchor_commit: z.string() });
/** Records of earlier versions lack it. */
const PlacementSchema = z.looseObject({
  placed: z.array(z.object({ path: z.string(), how: z.enum(['link', 'copy', 'empty']) })),
  outside: z.array(z.string()),
  beside: z.array(z.string()).default([]),
  named: z.array(z.string()).default([]),
  variables: z.array(z.string()).default([]),
});
/** What a tree holds beside the commit's files, what stands beside it, and what lies outside that jobs may reach. */
type SurroundingsPlan = z.output<typeof PlacementSchema>;

/** Listings of commits kept in memory; a commit never changes. */
const LISTINGS = 16;
/** Files that may name a path: code, configuration, scripts. */
const NAMING = /\.(py|ya?ml|json|toml|cfg|ini|sh|bash)$/;
const NAMING_FILES = 300;
const NAMING_BYTES = 128 * 1024;
const ANCHOR_MESSAGE = 'The source as it was when autoresearch began';

export class StoredSource implements SourceControl {
  /** 'git': the user's repository; 'private': a store of our own in the workdir (no repository, or Sapling's). */
  readonly kind: 'git' | 'private';
  readonly #listings = new Map<string, Promise<Map<string, Entry>>>();
  #anchor: Promise<string> | null = null;
  #working: Promise<{ plan: StoragePlan; without: string[]; files: WorkingFiles }> | null = null;
  #placement: Promise<SurroundingsPlan> | null = null;

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
    const { placed, beside } = await this.#placementPlan();
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
    const ref = this.#ref(name);
    const commit = await this.#commit(parent, edits, message);
    await this.parts.database.keep(ref, commit);
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
    const { placed } = await this.#placementPlan();
    const linked = placed.filter(({ path }) => path.startsWith(prefix)).map(({ path }) => path.slice(prefix.length));
    return [...own.map(([path]) => path), ...linked];
  }

  async originals(): Promise<string[]> {
    const { location } = this.parts;
    const { outside } = await this.#placementPlan();
    const repository =
      location.kind === 'git' && !isBelow(location.commonDir, location.top) ? [location.commonDir] : [];
    return [location.top, ...repository, ...outside];
  }

  async diff(from: string, to: string): Promise<string> {
    return from === to ? '' : this.parts.database.diff(from, to, this.parts.location.prefix);
  }

  async contentHash(commit: string): Promise<string> {
    return (await this.parts.database.facts(commit)).tree;
  }

  contentHashes(commits: readonly string[]): Promise<Map<string, string>> {
    return this.parts.database.treesOf(commits);
  }

  async contentHashWith(parent: string, edits: ReadonlyMap<string, string>): Promise<string> {
    return await this.contentHash(await this.#commit(parent, edits, 'content'));
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
    await this.#writeRecord(commit, await this.#planPlacement(commit));
    return commit;
  }

  async #writeRecord(anchorCommit: string, plan: SurroundingsPlan): Promise<void> {
    const { location, record } = this.parts;
    await writeJsonAtomic(record, {
      kind: location.kind,
      ...(location.kind === 'private' && { reason: location.reason }),
      top: location.top,
      source_dir: resolve(location.top, location.prefix),
      anchor_commit: anchorCommit,
      linked: plan.placed.filter(({ how }) => how === 'link').map(({ path }) => path),
      ...plan,
    });
  }

  /** Decided once for a run and kept in its record: all of its trees hold the same. */
  #placementPlan(): Promise<SurroundingsPlan> {
    this.#placement ??= this.#findOrMakePlacement().catch((error: unknown) => {
      this.#placement = null;
      throw error;
    });
    return this.#placement;
  }

  async #findOrMakePlacement(): Promise<SurroundingsPlan> {
    const commit = await this.anchor();
    const kept = PlacementSchema.safeParse(await readJsonIfAny(this.parts.record));
    if (kept.success) {
      const { placed, outside, beside, named, variables } = kept.data;
      return { placed, outside, beside, named, variables };
    }
    const plan = await this.#planPlacement(commit);
    await this.#writeRecord(commit, plan);
    return plan;
  }

  async #planPlacement(commit: string): Promise<SurroundingsPlan> {
    const { location, workdir, hasBuild, linkIgnored, globs } = this.parts;
    const { files, plan } = await this.#workingFiles();
    const named = await this.#namedPlaces(commit);
    const rules = { workdir, hasBuild, globs, all: linkIgnored, named: named.inside };
    const always = [...files.repositories, ...plan.link];
    const placed = await planPlacement(location.top, { ignored: files.ignored, always }, rules);
    const reached = [
      ...placed.filter(({ how }) => how === 'link').map(({ path }) => path),
      ...[...(await this.parts.database.entries(commit, ''))].flatMap(([path, { mode }]) =>
        mode === '120000' ? [path] : [],
      ),
    ].map((path) => join(location.top, path));
    const beside = await Promise.all(named.beside.map((name) => realpath(join(dirname(location.top), name))));
    const outside = [...(await outsideLinks(location.top, workdir, [...reached, ...beside])), ...beside];
    return {
      placed,
      outside: [...new Set(outside)].sort(),
      beside: named.beside,
      named: named.absolute,
      variables: named.variables,
    };
  }

  async #namedPlaces(commit: string): Promise<NamedPlaces> {
    const { location, launchCommand, workdir } = this.parts;
    const texts: NamedText[] = [{ folder: '', text: launchCommand }];
    const naming = [...(await this.#entries(commit))].filter(
      ([path, { mode }]) => mode !== '120000' && NAMING.test(path),
    );
    for (const [path] of naming.slice(0, NAMING_FILES)) {
      const facts = await lstat(join(location.top, location.prefix, path)).catch(() => null);
      if (facts === null || facts.size > NAMING_BYTES) continue;
      const text = (await this.readFile(commit, path)) ?? '';
      texts.push({ folder: join(location.prefix, dirname(path)), text });
    }
    return namedPlaces({ top: location.top, prefix: location.prefix, workdir, home: homedir() }, texts);
  }

  /** Looked at once for the life of a worker. */
  #workingFiles() {
    this.#working ??= this.#lookAtWorkingFiles().catch((error: unknown) => {
      this.#working = null;
      throw error;
    });
    return this.#working;
  }

  async #lookAtWorkingFiles() {
    const { database, location, workdirInside } = this.parts;
    const files = await database.workingFiles(workdirInside);
    const without = [...workdirInside, ...runFolders(files.untracked)];
    const untracked = files.untracked.filter((path) => !without.some((folder) => isBelow(path, folder)));
    return { plan: planStorage(await withSizes(location.top, untracked)), without, files };
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
