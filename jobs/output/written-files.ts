/** Paths outside of its tree that a job wrote to, as the probe heard of them (metrics/written-<pid>.tsv). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMetricTable } from '../../domain/evidence/metric-table.js';
import { isMissing } from './read-lines.js';

/** A job of many processes names the same ones. */
const MOST = 1000;

export async function writtenFiles(metricsDir: string): Promise<string[]> {
  const names = await readdir(metricsDir).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  const found = new Set<string>();
  for (const name of names.filter((one) => /^written-\d+\.tsv$/.test(one))) {
    for (const row of readMetricTable(await readFile(join(metricsDir, name), 'utf8')).rows) {
      const path = row.get('path') ?? '';
      if (path.startsWith('/') && found.size < MOST) found.add(path);
    }
  }
  return [...found];
}
