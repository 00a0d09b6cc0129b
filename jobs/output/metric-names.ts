/**
 * The probe's tables of one run by their names: `<kind>-<pid>.tsv` in the metrics folder, or in `rank-<n>/` where the
 * process had a rank, with `@<host>` behind the pid where it ran on another host than the engine
 * (probe/autoresearch_probe/place.py).
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './read-lines.js';

/** One process of a job. Its number alone names it on no more than one host. */
export interface MetricProcess {
  /** Null where its launcher gave it none. */
  rank: number | null;
  pid: number;
  /** Null on the engine's own. */
  host: string | null;
}

export interface ProbeTable extends MetricProcess {
  kind: string;
  path: string;
  /** Within the metrics folder. */
  name: string;
}

const RANK_FOLDER = /^rank-(\d{1,7})$/;
const TABLE = /^([a-z_]+)-(\d+)(?:@([\w.-]+))?\.tsv$/;

/** By rank, those without one first, and by pid: a process is older than those that it starts. */
export async function probeTables(metricsDir: string): Promise<ProbeTable[]> {
  const names = await namesIn(metricsDir);
  const found = tablesOf(metricsDir, '', null, names);
  for (const folder of names) {
    const rank = RANK_FOLDER.exec(folder)?.[1];
    if (rank === undefined) continue;
    found.push(...tablesOf(metricsDir, `${folder}/`, Number(rank), await namesIn(join(metricsDir, folder))));
  }
  const host = (table: ProbeTable) => table.host ?? '';
  return found.sort(
    (a, b) => (a.rank ?? -1) - (b.rank ?? -1) || (host(a) === host(b) ? a.pid - b.pid : host(a) < host(b) ? -1 : 1),
  );
}

/** The tables of each process, in their order. */
export function byProcess(tables: readonly ProbeTable[]): ProbeTable[][] {
  const processes = new Map<string, ProbeTable[]>();
  for (const table of tables) {
    const key = `${table.rank}/${table.pid}@${table.host}`;
    processes.set(key, [...(processes.get(key) ?? []), table]);
  }
  return [...processes.values()];
}

function tablesOf(metricsDir: string, folder: string, rank: number | null, names: readonly string[]): ProbeTable[] {
  return names.flatMap((file) => {
    const match = TABLE.exec(file);
    if (!match) return [];
    const [, kind, pid, host] = match;
    const name = `${folder}${file}`;
    return [{ kind: kind!, rank, pid: Number(pid), host: host ?? null, name, path: join(metricsDir, name) }];
  });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
