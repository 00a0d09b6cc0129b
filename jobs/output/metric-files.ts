/** The metric files of one run (runs/<node_id>/metrics): which there are, and their tables. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type MetricTable, readMetricTable } from '../../domain/evidence/metric-table.js';
import type { ImportedFile } from '../../domain/verdict/source-proof.js';
import { isMissing, readStart } from './read-lines.js';

/** Hours of samples; a longer file is read up to here, and a finding says so. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;

export interface MetricFiles {
  processes: { tasks: MetricTable | null; queues: MetricTable | null; built?: MetricTable | null }[];
  system: MetricTable | null;
  gpuOthers: MetricTable | null;
  imports: ImportedFile[];
  findings: string[];
}

export async function readMetricFiles(folder: string): Promise<MetricFiles> {
  const names = await namesIn(folder);
  const findings: string[] = [];
  const table = async (name: string): Promise<MetricTable | null> => {
    const file = names.includes(name) ? await readStart(join(folder, name), FILE_LIMIT_BYTES) : null;
    if (!file) return null;
    const read = readMetricTable(file.text);
    if (file.cut) findings.push(`metrics/${name} is larger than ${FILE_LIMIT_BYTES} bytes; the rest was not read`);
    if (read.skipped > 0)
      findings.push(`metrics/${name} has ${read.skipped} lines that are not whole; they were skipped`);
    return read;
  };
  const pids = (kind: string) => names.flatMap((name) => new RegExp(`^${kind}-(.+)\\.tsv$`).exec(name)?.[1] ?? []);
  const processes: MetricFiles['processes'] = [];
  const seen = new Set([...pids('task_stats'), ...pids('queue_stats'), ...pids('pipelines')]);
  // A process is older than those that it starts: what is in front of them gets the lower number.
  for (const pid of [...seen].sort((a, b) => Number(a) - Number(b))) {
    processes.push({
      tasks: await table(`task_stats-${pid}.tsv`),
      queues: await table(`queue_stats-${pid}.tsv`),
      built: await table(`pipelines-${pid}.tsv`),
    });
  }
  const imports: ImportedFile[] = [];
  for (const pid of pids('imports')) {
    for (const row of (await table(`imports-${pid}.tsv`))?.rows ?? []) {
      imports.push({ path: row.get('path') ?? '', sha256: row.get('sha256') ?? '', module: row.get('module') ?? '' });
    }
  }
  const [system, gpuOthers] = [await table('system.tsv'), await table('gpu_others.tsv')];
  return { processes, system, gpuOthers, imports, findings };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
