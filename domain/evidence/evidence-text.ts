/** The evidence as the texts that people and other programs read: pipeline_stats_log.txt and system_metrics.txt. */
import { judgedText, lagSentence, RANK_COLUMNS, rankRows } from '../memory/rank-sentences.js';
import type { Evidence, Ranks, StageStatistics, SystemUse } from './evidence.js';

const COLUMNS: [string, (stage: StageStatistics) => string][] = [
  ['stage', ({ name }) => name],
  ['ave_time_ms', ({ aveTimeS }) => scaled(aveTimeS, 1000, 3)],
  ['num_tasks', ({ numTasks }) => scaled(numTasks, 1, 0)],
  ['num_failures', ({ numFailures }) => scaled(numFailures, 1, 0)],
  ['qps', ({ qps }) => scaled(qps, 1, 1)],
  ['put_ms', ({ putS }) => scaled(putS, 1000, 3)],
  ['get_ms', ({ getS }) => scaled(getS, 1000, 3)],
  ['occupation_pct', ({ occupationRate }) => scaled(occupationRate, 100, 1)],
];

export function pipelineStatsText(stdout: readonly string[], stderr: readonly string[], evidence: Evidence): string {
  const table =
    evidence.stages.length === 0
      ? '(no stage statistics)'
      : aligned([
          COLUMNS.map(([name]) => name),
          ...evidence.stages.map((stage) => COLUMNS.map(([, cell]) => cell(stage))),
        ]);
  const whose = evidence.ranks ? `; ${judgedText(evidence.ranks)}` : '';
  const ranks = evidence.ranks ? `\n\n## ranks (steady part)\n${ranksText(evidence.ranks)}\n` : '';
  return `## stdout.log\n${stdout.join('\n')}\n\n\n## stderr.log\n${stderr.join('\n')}\n\n\n## stages (steady part${whose})\n${table}\n${ranks}`;
}

function ranksText(ranks: Ranks): string {
  const lag = lagSentence(ranks);
  return `${aligned([RANK_COLUMNS, ...rankRows(ranks)])}${lag === null ? '' : `\n${lag}`}`;
}

export function systemMetricsText(system: SystemUse): string {
  const { cpuPct, peakRssMb, smPct, steadySmPct, gpuMemoryMb, cpuCores, contention, gpuOthers } = system;
  if ([cpuPct, peakRssMb, smPct].every((value) => value === null)) return '(system metrics unavailable for this job)\n';
  return `${aligned([
    ['cpu_cores', scaled(cpuCores, 1, 0)],
    ['cpu_pct (100 = one core)', scaled(cpuPct, 1, 1)],
    ['peak_rss_mb', scaled(peakRssMb, 1, 0)],
    ['sm_pct', scaled(smPct, 1, 1)],
    ['steady_sm_pct (p75)', scaled(steadySmPct, 1, 1)],
    ['gpu_mem_mb', scaled(gpuMemoryMb, 1, 0)],
    ['others_cpu_pct (of its CPUs)', scaled(contention ?? null, 100, 1)],
    ['others_sm_pct (of a GPU)', scaled(gpuOthers?.smShare ?? null, 100, 1)],
  ])}\n`;
}

/** `-` is unknown. */
function scaled(value: number | null, factor: number, digits: number): string {
  return value === null ? '-' : (value * factor).toFixed(digits);
}

function aligned(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}
