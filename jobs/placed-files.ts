/** What the trees of a run share with the user's source, as engine/source.json records it. */
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { RunConfig } from '../domain/formats/config.js';
import { readJsonIfAny } from '../host/atomic-file.js';
import { ENVIRONMENT_NAMES } from '../source/control/placement-rules.js';
import type { Workdir } from '../workdir/paths.js';

const RecordSchema = z.looseObject({
  top: z.string(),
  source_dir: z.string(),
  linked: z.array(z.string()).default([]),
  placed: z.array(z.looseObject({ path: z.string(), how: z.string().default('link') })).default([]),
});

/** Absolute paths below the source directory as the user calls it; [] where nothing was recorded. */
export async function placedFiles(workdir: Workdir, config: Pick<RunConfig, 'source_dir'>): Promise<string[]> {
  const read = RecordSchema.safeParse(await readJsonIfAny(workdir.source));
  if (!read.success) return [];
  const { top, source_dir, linked, placed } = read.data;
  const paths = new Set([...linked, ...placed.map(({ path }) => path)]);
  const below = [...paths].map((path) => relative(source_dir, join(top, path)));
  return below.filter((path) => path !== '' && !path.startsWith('..')).map((path) => join(config.source_dir, path));
}

/** Names of what a training keeps, to go on from it. */
const KEPT =
  /ckpt|check_?point|model|weights|snapshot|state|last|latest|best|resume|\.(?:pth?|safetensors|pkl|h5|npz|bin)$/i;

/** Paths in a tree, relative to the repository's top, that came from the user and that a job may go on from. */
export async function earlierWork(workdir: Workdir): Promise<string[]> {
  const read = RecordSchema.safeParse(await readJsonIfAny(workdir.source));
  const placed = read.success ? read.data.placed.filter(({ how }) => how !== 'empty') : [];
  const own = placed.map(({ path }) => path).filter((path) => !ENVIRONMENT_NAMES.test(path.split('/').at(-1) ?? ''));
  const kept = own.filter((path) => KEPT.test(path));
  return kept.length > 0 ? kept : own;
}
