/** The metric files of one run (runs/<node_id>/metrics): which there are, and their tables. */
import { join } from 'node:path';
import { type MetricTable, readMetricTable } from '../../domain/evidence/metric-table.js';
import type { ImportedFile } from '../../domain/verdict/source-proof.js';
import { byProcess, type MetricProcess, probeTables } from './metric-names.js';
import { readStart } from './read-lines.js';
import { readTold } from './told-tables.js';

/** Hours of samples; a longer file is read up to here, and a finding says so. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;

export interface MetricFiles {
  processes: (MetricProcess & { tasks: MetricTable | null; queues: MetricTable | null; built: MetricTable | null })[];
  system: MetricTable | null;
  gpuOthers: MetricTable | null;
  imports: ImportedFile[];
  findings: string[];
}

/** What of a pipeline a process may have told. */
const OF_PIPELINES = { tasks: 'task_stats', queues: 'queue_stats', built: 'pipelines' } as const;

export async function readMetricFiles(folder: string): Promise<MetricFiles> {
  const tables = await probeTables(folder);
  const findings = (await readTold(folder))?.findings ?? [];
  const read = async (name: string): Promise<MetricTable | null> => {
    const file = await readStart(join(folder, name), FILE_LIMIT_BYTES);
    if (!file) return null;
    const table = readMetricTable(file.text);
    if (file.cut) findings.push(`metrics/${name} is larger than ${FILE_LIMIT_BYTES} bytes; the rest was not read`);
    if (table.skipped > 0)
      findings.push(`metrics/${name} has ${table.skipped} lines that are not whole; they were skipped`);
    return table;
  };
  const processes: MetricFiles['processes'] = [];
  // In their order: what is in front of the pipelines in subprocesses gets the lower number.
  for (const own of byProcess(tables.filter(({ kind }) => Object.values<string>(OF_PIPELINES).includes(kind)))) {
    const table = async (kind: string) => {
      const name = own.find((one) => one.kind === kind)?.name;
      return name === undefined ? null : await read(name);
    };
    const { rank, pid, host } = own[0]!;
    processes.push({
      ...{ rank, pid, host },
      tasks: await table(OF_PIPELINES.tasks),
      queues: await table(OF_PIPELINES.queues),
      built: await table(OF_PIPELINES.built),
    });
  }
  const imports: ImportedFile[] = [];
  for (const { name } of tables.filter(({ kind }) => kind === 'imports')) {
    for (const row of (await read(name))?.rows ?? []) {
      imports.push({ path: row.get('path') ?? '', sha256: row.get('sha256') ?? '', module: row.get('module') ?? '' });
    }
  }
  return { processes, system: await read('system.tsv'), gpuOthers: await read('gpu_others.tsv'), imports, findings };
}
