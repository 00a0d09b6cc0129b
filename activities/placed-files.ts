/** What the trees of a run share with the user's source, as engine/source.json records it. */
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { RunConfig } from '../domain/formats/config.js';
import { readJsonIfAny } from './atomic-file.js';
import type { Workdir } from './workdir.js';

const RecordSchema = z.looseObject({
  top: z.string(),
  source_dir: z.string(),
  linked: z.array(z.string()).default([]),
  placed: z.array(z.looseObject({ path: z.string() })).default([]),
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
