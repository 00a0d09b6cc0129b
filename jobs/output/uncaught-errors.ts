/** Exceptions that ended processes of a job, as the probe recorded them (metrics/uncaught-<pid>.tsv). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMetricTable } from '../../domain/evidence/metric-table.js';
import { isMissing } from './read-lines.js';

/** What a shell tries first and does without (`python -c 'import x' || …`) ends long before the job. */
const LATE_SHARE = 0.8;

/** That of a process that ran a pipeline, or of one that ended near the job's end; null where there is none. */
export async function uncaughtError(
  metricsDir: string,
  job: { startedAtMs: number; endedAtMs: number },
): Promise<{ type: string; message: string } | null> {
  const names = await readdir(metricsDir).catch((error: unknown): string[] => {
    if (isMissing(error)) return [];
    throw error;
  });
  const lateMs = job.startedAtMs + LATE_SHARE * (job.endedAtMs - job.startedAtMs);
  let last: { type: string; message: string; atMs: number } | null = null;
  for (const name of names) {
    const pid = /^uncaught-(\d+)\.tsv$/.exec(name)?.[1];
    if (pid === undefined) continue;
    const hadPipeline = names.includes(`task_stats-${pid}.tsv`) || names.includes(`queue_stats-${pid}.tsv`);
    for (const row of readMetricTable(await readFile(join(metricsDir, name), 'utf8')).rows) {
      const atMs = Number(row.get('time_s')) * 1000;
      if (!(hadPipeline || atMs >= lateMs) || (last !== null && last.atMs > atMs)) continue;
      last = { type: row.get('type') ?? 'Exception', message: row.get('message') ?? '', atMs };
    }
  }
  return last;
}
