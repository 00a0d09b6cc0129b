/**
 * engine/place.json: where the workdir of a run was when its engine served it last. A workdir that was moved is the
 * run's as before. A copy is not: its commits in the repository, its workflows' ids and the names of its jobs are those
 * of the original.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import { readKeptRecord } from './kept-record.js';
import { Workdir } from './paths.js';

const PlaceSchema = z.looseObject({
  /** Real path of the workdir. */
  path: z.string(),
});

export type Whereabouts =
  | { is: 'here' }
  /** Nothing tells where it was before. */
  | { is: 'unknown' }
  | { is: 'moved'; from: string }
  | { is: 'copy'; of: string };

/** A folder that exists and that nobody here may read counts as the original. */
export async function whereabouts(workdir: Workdir): Promise<Whereabouts> {
  const before = (await recordedPlace(workdir)) ?? (await placeOfJobs(workdir));
  if (before === null) return { is: 'unknown' };
  const here = await realpath(workdir.root);
  if (before === here || (await isSameFolder(before, here))) return { is: 'here' };
  return (await holdsRunOf(workdir, before)) ? { is: 'copy', of: before } : { is: 'moved', from: before };
}

/** The workdir of which this one is a copy, or null. */
export async function originalOf(workdir: Workdir): Promise<string | null> {
  const where = await whereabouts(workdir);
  return where.is === 'copy' ? where.of : null;
}

/** Needs the engine's lock. */
export async function recordPlace(workdir: Workdir): Promise<void> {
  await writeJsonAtomic(workdir.place, { path: await realpath(workdir.root) } satisfies z.infer<typeof PlaceSchema>);
}

/** What a person is told who would have a copy run. */
export function copyText(original: string): string {
  return (
    `a copy of ${original}, which holds the same run: the commits in the repository, the workflows and the jobs of both ` +
    'would be the same. Go on there, or begin a new run in another workdir. A copy can be read, and `autoresearch clean` ' +
    'removes what is its own; once the original has been removed, the run goes on here'
  );
}

async function recordedPlace(workdir: Workdir): Promise<string | null> {
  const wayOut = 'Delete the file if no other workdir holds this run: it is made again';
  return (await readKeptRecord(workdir.place, PlaceSchema, wayOut))?.path ?? null;
}

/** Folders of jobs that are asked: all of a run name the same workdir, unless it was moved meanwhile. */
const JOBS_ASKED = 3;
const OF_METRICS = /^(\/.*)\/runs\/[^/]+\/metrics$/;

/** Runs of earlier versions record no place; their jobs recorded where they were to write their metrics. */
async function placeOfJobs(workdir: Workdir): Promise<string | null> {
  const jobs = (await readdir(workdir.localJobs).catch(() => [])).sort().slice(-JOBS_ASKED);
  for (const job of jobs.reverse()) {
    const record = (await readJsonIfAny(workdir.job(job, 'job.json')).catch(() => null)) as {
      metrics_dir?: unknown;
    } | null;
    const root = OF_METRICS.exec(String(record?.metrics_dir ?? ''))?.[1];
    if (root !== undefined) return await realpath(root).catch(() => root);
  }
  return null;
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => null)));
  return a != null && b != null && a.dev === b.dev && a.ino === b.ino;
}

async function holdsRunOf(workdir: Workdir, path: string): Promise<boolean> {
  try {
    const [mine, theirs] = await Promise.all([workdir, new Workdir(path)].map(runIdOf));
    return theirs !== null && theirs === mine;
  } catch {
    return true;
  }
}

/** Null where there is no run. */
async function runIdOf({ root }: Workdir): Promise<string | null> {
  const config = (await readJsonIfAny(join(root, 'config.json'))) as { run_id?: unknown } | null;
  return typeof config?.run_id === 'string' && config.run_id !== '' ? config.run_id : null;
}
