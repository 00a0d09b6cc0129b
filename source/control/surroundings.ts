/**
 * What stands in a run's trees beside the files of a commit: decided once, kept in engine/source.json, the same for all
 * of them. That is what git ignores and a job needs, what lies beside the repository, and what jobs may reach by links.
 */
import { lstat, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { readJsonIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import type { SourceLocation } from './locate.js';
import { type NamedPlaces, type NamedText, namedPlaces } from './named-in-source.js';
import { isBelow, type ObjectDatabase, type WorkingFiles } from './object-database.js';
import { outsideLinks } from './outside-links.js';
import { planPlacement } from './placement.js';
import type { PlacementGlobs } from './placement-rules.js';
import type { SourceControl } from './source-control.js';
import { planStorage, runFolders, type StoragePlan } from './storage-plan.js';

export interface SurroundingsParts {
  location: SourceLocation;
  database: ObjectDatabase;
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

/** Files that may name a path: code, configuration, scripts. */
const NAMING = /\.(py|ya?ml|json|toml|cfg|ini|sh|bash)$/;
const NAMING_FILES = 300;
const NAMING_BYTES = 128 * 1024;

export class Surroundings {
  #working: Promise<{ plan: StoragePlan; without: string[]; files: WorkingFiles }> | null = null;
  #plan: Promise<SurroundingsPlan> | null = null;

  constructor(
    private readonly parts: SurroundingsParts,
    private readonly source: Pick<SourceControl, 'anchor' | 'readFile'>,
  ) {}

  /** The commit that the record says was anchored; null where there is no record. */
  async recordedAnchor(): Promise<string | null> {
    const recorded = RecordSchema.safeParse(await readJsonIfAny(this.parts.record));
    return recorded.success ? recorded.data.anchor_commit : null;
  }

  /** Decides, and writes down, what goes with a commit that was anchored now. */
  async record(anchorCommit: string): Promise<void> {
    await this.#write(anchorCommit, await this.#make(anchorCommit));
  }

  async #write(anchorCommit: string, plan: SurroundingsPlan): Promise<void> {
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
  plan(): Promise<SurroundingsPlan> {
    this.#plan ??= this.#findOrMake().catch((error: unknown) => {
      this.#plan = null;
      throw error;
    });
    return this.#plan;
  }

  async #findOrMake(): Promise<SurroundingsPlan> {
    const commit = await this.source.anchor();
    const kept = PlacementSchema.safeParse(await readJsonIfAny(this.parts.record));
    if (kept.success) {
      const { placed, outside, beside, named, variables } = kept.data;
      return { placed, outside, beside, named, variables };
    }
    const plan = await this.#make(commit);
    await this.#write(commit, plan);
    return plan;
  }

  async #make(commit: string): Promise<SurroundingsPlan> {
    const { location, workdir, hasBuild, linkIgnored, globs } = this.parts;
    const { files, plan } = await this.workingFiles();
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
    const naming = [...(await this.parts.database.entries(commit, location.prefix))].filter(
      ([path, { mode }]) => mode !== '120000' && NAMING.test(path),
    );
    for (const [path] of naming.slice(0, NAMING_FILES)) {
      const facts = await lstat(join(location.top, location.prefix, path)).catch(() => null);
      if (facts === null || facts.size > NAMING_BYTES) continue;
      const text = (await this.source.readFile(commit, path)) ?? '';
      texts.push({ folder: join(location.prefix, dirname(path)), text });
    }
    return namedPlaces({ top: location.top, prefix: location.prefix, workdir, home: homedir() }, texts);
  }

  /** Looked at once for the life of a worker. */
  workingFiles() {
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
