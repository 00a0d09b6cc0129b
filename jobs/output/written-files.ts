/** Paths outside of its tree that a job wrote to, as the probe heard of them (its tables `written`). */
import { readFile } from 'node:fs/promises';
import { readMetricTable } from '../../domain/evidence/metric-table.js';
import { probeTables } from './metric-names.js';

/** A job of many processes names the same ones. */
const MOST = 1000;

export async function writtenFiles(metricsDir: string): Promise<string[]> {
  const found = new Set<string>();
  for (const { path: table } of (await probeTables(metricsDir)).filter(({ kind }) => kind === 'written')) {
    for (const row of readMetricTable(await readFile(table, 'utf8')).rows) {
      const path = row.get('path') ?? '';
      if (path.startsWith('/') && found.size < MOST) found.add(path);
    }
  }
  return [...found];
}
