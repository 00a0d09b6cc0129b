/** What was measured of one job over its steps and its time, as lines of a chart. Pure. */
import type { JobOutput } from '../evidence/job-output.js';
import { probedSamples, trainingProcesses } from '../evidence/measure.js';
import { measuredNumber, Refusals } from '../evidence/measured-number.js';
import type { MetricTable } from '../evidence/metric-table.js';
import type { ProcessLines } from '../evidence/process-lines.js';
import { type ProbedProcess, rankOfSpeakers, ranksSeen } from '../evidence/ranks.js';
import { parseStageName } from '../evidence/stage-name.js';

export interface SeriesPoint {
  /** The number of a step, or seconds since the job was launched. */
  at: number;
  /** By the wall clock. */
  atMs: number;
  value: number;
}

export interface Series {
  /** Path-like, its unit at the end: `train/step_time_ms`. */
  name: string;
  by: 'step' | 'second';
  points: SeriesPoint[];
}

export interface SeriesFiles {
  stdout: JobOutput;
  stderr: JobOutput;
  processes: Parameters<typeof probedSamples>[0]['processes'];
  system: MetricTable | null;
}

/** More of them no chart shows. */
const POINTS_KEPT = 5000;

export function jobSeries(files: SeriesFiles, launchedAtMs: number): Series[] {
  const refusals = new Refusals();
  const training = trainingProcesses(files);
  const probed = probedSamples(files, refusals);
  const rankOf = rankOfSpeakers(probed);
  const nameOf = (lines: ProcessLines, index: number) => {
    const rank = rankOf(lines);
    return rank === null ? `/process_${index + 1}` : `/rank_${rank}`;
  };
  const all = [
    ...training.flatMap((lines, index) =>
      stepSeries(lines, training.length > 1 ? nameOf(lines, index) : '', launchedAtMs),
    ),
    ...systemSeries(files.system, launchedAtMs, refusals),
    ...stageSeries(probed, launchedAtMs),
  ];
  return all.filter(({ points }) => points.length > 0).map(thinned);
}

const STEP_TIMES = { step_time_ms: 'stepMs', fetch_time_ms: 'fetchMs', compute_time_ms: 'computeMs' } as const;

/** A step's line bears no time: its moment is told from the time to the first batch and the steps' own times. */
function stepSeries({ steps, singles }: ProcessLines, suffix: string, launchedAtMs: number): Series[] {
  let atMs = launchedAtMs + 1000 * (singles.ttfb_s ?? 0);
  const moments = steps.map(({ first, last, stepMs }) => {
    atMs += (last - first + 1) * (stepMs ?? 0);
    return atMs;
  });
  return Object.entries(STEP_TIMES).map(([name, key]) => ({
    name: `train/${name}${suffix}`,
    by: 'step',
    points: steps.flatMap((step, index) => {
      const value = step[key];
      return value === null ? [] : [{ at: step.last, atMs: moments[index]!, value }];
    }),
  }));
}

const SYSTEM_COLUMNS = ['cpu_pct', 'rss_mb', 'sm_pct', 'gpu_mem_mb', 'others_cpu_pct'] as const;

function systemSeries(table: MetricTable | null, launchedAtMs: number, refusals: Refusals): Series[] {
  return SYSTEM_COLUMNS.map((column) => ({
    name: `machine/${column}`,
    by: 'second',
    points: (table?.rows ?? []).flatMap((row) => {
      const timeS = measuredNumber(row.get('time_s'), 'time_s', refusals);
      return pointAt(timeS, measuredNumber(row.get(column), column, refusals), launchedAtMs);
    }),
  }));
}

/** By stage and, of several ranks, by rank: the samples of all processes in the order of their times. */
function stageSeries(processes: readonly ProbedProcess[], launchedAtMs: number): Series[] {
  const series = new Map<string, SeriesPoint[]>();
  const add = (stage: string, metric: string, timeS: number, value: number | null) => {
    const parsed = parseStageName(stage);
    if (!parsed) return;
    const name = `pipeline_${parsed.pipeline}/${parsed.index}_${parsed.function}/${metric}`;
    series.set(name, [...(series.get(name) ?? []), ...pointAt(timeS, value, launchedAtMs)]);
  };
  const hasRanks = ranksSeen(processes) > 1;
  for (const { tasks, queues, rank } of processes) {
    const named = (metric: string) => (hasRanks && rank !== null ? `${metric}/rank_${rank}` : metric);
    for (const { name, timeS, aveTimeS } of tasks) add(name, named('ave_time_ms'), timeS, scaled(aveTimeS, 1000));
    for (const { name, timeS, occupationRate, numItems, elapsedS, isSink } of queues) {
      add(name, named(isSink ? 'data_readiness_pct' : 'queue_occupation_pct'), timeS, scaled(occupationRate, 100));
      const isRate = numItems !== null && elapsedS !== null && elapsedS > 0;
      add(name, named('items_per_s'), timeS, isRate ? numItems / elapsedS : null);
    }
  }
  return [...series].map(([name, points]) => ({ name, by: 'second', points: points.sort((a, b) => a.atMs - b.atMs) }));
}

/** Nothing where either is unknown. */
function pointAt(timeS: number | null, value: number | null, launchedAtMs: number): SeriesPoint[] {
  if (timeS === null || value === null) return [];
  return [{ at: Math.max(0, timeS - launchedAtMs / 1000), atMs: 1000 * timeS, value }];
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

function thinned(series: Series): Series {
  const every = Math.ceil(series.points.length / POINTS_KEPT);
  return { ...series, points: series.points.filter((_, index) => index % every === 0) };
}
