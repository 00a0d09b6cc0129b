import { describe, expect, it } from 'vitest';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { Refusals } from '../../../domain/evidence/measured-number.js';
import { readMetricTable } from '../../../domain/evidence/metric-table.js';
import { jobSeries, type SeriesFiles } from '../../../domain/tracking/job-series.js';

const LAUNCHED_MS = 1_000_000;

function files(stdoutLines: string[], more: Partial<SeriesFiles> = {}): SeriesFiles {
  const [stdout, stderr] = [new JobOutput(new Refusals()), new JobOutput(new Refusals())];
  for (const line of stdoutLines) stdout.readLine(line);
  return { stdout, stderr, processes: [], system: null, ...more };
}

const table = (...rows: string[]) => readMetricTable(`${rows.map((row) => row.replaceAll(' ', '\t')).join('\n')}\n`);

describe('series of a job', () => {
  it('has step times by step, at moments that the steps tell', () => {
    const lines = [
      '[autoresearch] ttfb_s=2',
      '[autoresearch] step=1 step_time_ms=500',
      '[autoresearch] step=3 step_time_ms=250',
    ];
    expect(jobSeries(files(lines), LAUNCHED_MS)).toEqual([
      {
        name: 'train/step_time_ms',
        by: 'step',
        points: [
          { at: 1, atMs: expect.any(Number), value: 500 },
          { at: 3, atMs: expect.any(Number), value: 250 },
        ],
      },
    ]);
    const [first, last] = jobSeries(files(lines), LAUNCHED_MS)[0]!.points;
    expect(last!.atMs - first!.atMs).toBe(500);
  });

  it.each([
    ['rank', 'rank_0', 'rank_1'],
    ['pid', 'process_1', 'process_2'],
  ])('tells processes apart by %s', (by, first, second) => {
    const lines = [0, 1].map((number) => `[autoresearch] ${by}=${number} step=1 step_time_ms=${10 + number}`);
    const series = jobSeries(files(lines), LAUNCHED_MS);
    expect(series.map(({ name, points }) => [name, points[0]!.value])).toEqual([
      [`train/step_time_ms/${first}`, 10],
      [`train/step_time_ms/${second}`, 11],
    ]);
  });

  it('has the stages of each of several ranks, and of a process the rank of its tables', () => {
    const processes = [0, 1].map((rank) => ({
      rank,
      pid: 40 + rank,
      queues: null,
      tasks: table('time_s name num_tasks num_failures ave_time', `1001 pipeline:0:1:decode[4] 10 0 0.0${2 + rank}`),
    }));
    const lines = [0, 1].map((rank) => `[autoresearch] pid=${40 + rank} step=1 step_time_ms=${10 + rank}`);
    const series = jobSeries(files(lines, { processes }), LAUNCHED_MS);
    expect(Object.fromEntries(series.map(({ name, points }) => [name, points[0]!.value]))).toEqual({
      'train/step_time_ms/rank_0': 10,
      'train/step_time_ms/rank_1': 11,
      'pipeline_0/1_decode/ave_time_ms/rank_0': 20,
      'pipeline_0/1_decode/ave_time_ms/rank_1': 30,
    });
  });

  it('has the machine by seconds since the launch, without what is blank', () => {
    const system = table('time_s cpu_pct rss_mb sm_pct', '1001.5 90 10 55', '1002.5 95 x 60');
    const series = jobSeries(files([], { system }), LAUNCHED_MS);
    expect(series.find(({ name }) => name === 'machine/sm_pct')?.points).toEqual([
      { at: 1.5, atMs: 1_001_500, value: 55 },
      { at: 2.5, atMs: 1_002_500, value: 60 },
    ]);
    expect(series.find(({ name }) => name === 'machine/rss_mb')?.points).toHaveLength(1);
    expect(series.map(({ name }) => name)).not.toContain('machine/gpu_mem_mb');
  });

  it('has stages with their pipeline and place, the sink as data readiness', () => {
    const tasks = table('time_s name num_tasks num_failures ave_time', '1001 pipeline:0:1:decode[4] 10 0 0.02');
    const queues = table(
      'time_s name elapsed num_items put get occupation_rate sink',
      '1001 pipeline:0:2:sink 2 8 0 0 0.25 1',
    );
    const series = jobSeries(files([], { processes: [{ tasks, queues }] }), LAUNCHED_MS);
    expect(Object.fromEntries(series.map(({ name, points }) => [name, points[0]!.value]))).toEqual({
      'pipeline_0/1_decode/ave_time_ms': 20,
      'pipeline_0/2_sink/data_readiness_pct': 25,
      'pipeline_0/2_sink/items_per_s': 4,
    });
  });

  it('keeps no more points than a chart shows', () => {
    const lines = Array.from({ length: 12_000 }, (_, i) => `[autoresearch] step=${i + 1} step_time_ms=1`);
    const { points } = jobSeries(files(lines), LAUNCHED_MS)[0]!;
    expect(points.length).toBeLessThanOrEqual(5000);
    expect([points[0]!.at, points.at(-1)!.at > 11_990]).toEqual([1, true]);
  });
});
