/** Exceptions that ended processes of a job, as the probe recorded them (its tables `uncaught`). */
import { readFile } from 'node:fs/promises';
import { readMetricTable } from '../../domain/evidence/metric-table.js';
import { byProcess, probeTables } from './metric-names.js';

/** What a shell tries first and does without (`python -c 'import x' || …`) ends long before the job. */
const LATE_SHARE = 0.8;

/**
 * The last one of a process that ran a pipeline, or of one that ended near the job's end; null where there is none. Of
 * several ranks the first that died: the others' ends follow from it.
 */
export async function uncaughtError(
  metricsDir: string,
  job: { startedAtMs: number; endedAtMs: number },
): Promise<{ type: string; message: string } | null> {
  const lateMs = job.startedAtMs + LATE_SHARE * (job.endedAtMs - job.startedAtMs);
  const ends: { type: string; message: string; atMs: number; rank: number | null }[] = [];
  for (const tables of byProcess(await probeTables(metricsDir))) {
    const hadPipeline = tables.some(({ kind }) => kind === 'task_stats' || kind === 'queue_stats');
    for (const { path, rank } of tables.filter(({ kind }) => kind === 'uncaught')) {
      for (const row of readMetricTable(await readFile(path, 'utf8')).rows) {
        const atMs = Number(row.get('time_s')) * 1000;
        if (!hadPipeline && !(atMs >= lateMs)) continue;
        ends.push({ type: row.get('type') ?? 'Exception', message: row.get('message') ?? '', atMs, rank });
      }
    }
  }
  ends.sort((a, b) => a.atMs - b.atMs);
  const hasRanks = new Set(ends.map(({ rank }) => rank)).size > 1;
  const told = hasRanks ? ends.find(({ rank }) => rank !== null) : ends.at(-1);
  if (told === undefined) return null;
  return { type: told.type, message: hasRanks ? `${told.message} (rank ${told.rank})` : told.message };
}
