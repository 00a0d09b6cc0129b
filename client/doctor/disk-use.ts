/** How much disk a workdir takes, by part, and how much is free: what each part is for decides what may go. */
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workdir } from '../../workdir/paths.js';
import { type Finding, ok, output, problem } from './finding.js';

const FREE_AT_LEAST_BYTES = 1e9;

export type DiskPart = 'trees' | 'jobs' | 'database' | 'logs' | 'runs' | 'code store' | 'engine' | 'other';

/** By the name in the workdir; what is not named is `other`. */
const PART_OF: Readonly<Record<string, DiskPart>> = {
  trees: 'trees',
  local_jobs: 'jobs',
  logs: 'logs',
  runs: 'runs',
  'source.git': 'code store',
  engine: 'engine',
};
const DATABASE = /^temporal\.db/;

export async function diskUse(workdir: Workdir): Promise<Finding> {
  const parts = await partsOf(workdir);
  const used = [...parts.values()].reduce((sum, bytes) => sum + bytes, 0);
  const { bavail, bsize } = await statfs(workdir.root);
  const free = bavail * bsize;
  const shown = [...parts]
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([part, bytes]) => `${part} ${sizeText(bytes)}`);
  const found = `${workdir.root}: ${sizeText(used)} used (${shown.join(', ')}), ${sizeText(free)} free`;
  if (free >= FREE_AT_LEAST_BYTES) return ok(found);
  return problem(found, 'make room: trees/ and local_jobs/ of runs that have stopped may go');
}

/** As `du` counts: what the files take on disk, links not followed. */
export async function partsOf(workdir: Workdir): Promise<Map<DiskPart, number>> {
  const names = await readdir(workdir.root);
  const databases = (await readdir(workdir.engine).catch(() => [])).filter((name) => DATABASE.test(name));
  const sizes = await bytesOf([
    ...names.map((name) => join(workdir.root, name)),
    ...databases.map((name) => join(workdir.engine, name)),
  ]);
  const parts = new Map<DiskPart, number>();
  const add = (part: DiskPart, bytes: number) => parts.set(part, (parts.get(part) ?? 0) + bytes);
  for (const name of names) add(PART_OF[name] ?? 'other', sizes.get(join(workdir.root, name)) ?? 0);
  for (const name of databases) {
    const bytes = sizes.get(join(workdir.engine, name)) ?? 0;
    add('database', bytes);
    // The folder that holds it was counted whole.
    add('engine', -bytes);
  }
  return parts;
}

async function bytesOf(paths: readonly string[]): Promise<Map<string, number>> {
  const sizes = await Promise.all(
    paths.map(async (path) => {
      const line = await output('du', ['-sk', path]);
      return [path, Number(line?.split('\t')[0] ?? 0) * 1024] as const;
    }),
  );
  return new Map(sizes);
}

export function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6 ? `${Math.round(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}
