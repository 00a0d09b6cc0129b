import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JobOutput } from '../../../domain/evidence/job-output.js';
import { type JobFiles, measure } from '../../../domain/evidence/measure.js';
import { measuredNumber, Refusals } from '../../../domain/evidence/measured-number.js';
import { readMetricTable } from '../../../domain/evidence/metric-table.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { parseStageName } from '../../../domain/evidence/stage-name.js';
import { spdlLogSample } from '../../../domain/evidence/stage-samples.js';

function evidenceOf(stdout: string, more: Partial<JobFiles> = {}, stderr = '') {
  const refusals = new Refusals();
  const out = new JobOutput(refusals);
  const err = new JobOutput(refusals);
  for (const line of stdout.split('\n')) out.readLine(line);
  for (const line of stderr.split('\n')) err.readLine(line);
  const files = {
    stdout: out,
    stderr: err,
    processes: [],
    system: null,
    gpuOthers: null,
    batchSize: null,
    ranks: 1,
    durationS: null,
    findings: [],
  };
  return measure('000_baseline', { ...files, ...more }, refusals);
}

const stepLines = (count: number, ms: (step: number) => number) =>
  Array.from(
    { length: count },
    (_, i) => `[autoresearch] step=${i + 1} step_time_ms=${ms(i + 1)} fetch_time_ms=2 compute_time_ms=${ms(i + 1) - 2}`,
  ).join('\n');

describe('what a job prints', () => {
  it('is read from a plain run', () => {
    const { metrics, sources, steps, system } = evidenceOf(
      `[autoresearch] cpu_cores=32\nloss 3.2\n[autoresearch] ttfb_s=12.34\n${stepLines(100, (s) => (s <= 20 ? 900 : 150))}\n[autoresearch] throughput_samples_per_s=263.2\n`,
    );
    expect(metrics).toMatchObject({ ttfb_s: 12.34, steady_step_time_ms: 150, throughput_samples_per_s: 263.2 });
    expect(metrics.step_time_ms).toBeCloseTo(300);
    expect(sources).toMatchObject({
      ttfb_s: 'parsed',
      steady_step_time_ms: 'derived',
      throughput_samples_per_s: 'parsed',
    });
    expect(steps).toMatchObject({ count: 100, stepMs: 150, fetchMs: 2, computeMs: 148 });
    expect(system.cpuCores).toBe(32);
  });
  it('may come in stderr, behind a logger’s prefix', () => {
    const { metrics } = evidenceOf('', {}, '2026-01-01 INFO trainer: [autoresearch] step=1 step_time_ms=5.5');
    expect(metrics.steady_step_time_ms).toBe(5.5);
  });
  it('may be throttled averages: the first reaches into the warm-up', () => {
    const lines = [100, 200, 300].map((step, i) => `[autoresearch] step=${step} step_time_ms=${[500, 100, 102][i]}`);
    expect(evidenceOf(lines.join('\n')).steps).toMatchObject({ count: 300, stepMs: 101 });
  });
  it('may come from several ranks', () => {
    const lines = Array.from({ length: 60 }, (_, i) => `[autoresearch] step=${Math.floor(i / 2) + 1} step_time_ms=10`);
    expect(evidenceOf(lines.join('\n')).steps.count).toBe(30);
  });
  it('may start again with each epoch', () => {
    expect(evidenceOf(`${stepLines(30, () => 10)}\n${stepLines(30, () => 10)}`).steps.count).toBe(60);
  });
  it('gives the throughput by batch size and ranks where it is not printed', () => {
    const { metrics, sources } = evidenceOf(
      stepLines(10, () => 50),
      { batchSize: 16, ranks: 2 },
    );
    expect(metrics.throughput_samples_per_s).toBe(640);
    expect(sources.throughput_samples_per_s).toBe('derived');
  });
  it('says nothing of a job that printed nothing', () => {
    expect(evidenceOf('hello').metrics).toEqual(UNKNOWN_METRICS);
  });
  it.each(['nan', 'inf', '-inf', 'Infinity', '-5', '1e999', '12ms', '0x10'])('refuses %s with a finding', (text) => {
    const { metrics, findings } = evidenceOf(`[autoresearch] throughput_samples_per_s=${text}`);
    expect(metrics.throughput_samples_per_s).toBeNull();
    expect(findings.join()).toContain(text);
  });
  it('makes one finding of many refusals', () => {
    expect(evidenceOf(stepLines(500, () => Number.NaN)).findings).toHaveLength(2);
  });
  it('reads any text, and never gives what is no measurement', () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom('step', 'step_time_ms', 'ttfb_s', 'throughput_samples_per_s'),
          fc.oneof(fc.double().map(String), fc.string()),
        )
        .map(([k, v]) => `[autoresearch] ${k}=${v} step=${v}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        for (const value of Object.values(evidenceOf(lines.join('\n')).metrics)) {
          if (typeof value === 'number') expect(Number.isFinite(value) && value >= 0).toBe(true);
        }
      }),
    );
  });
});

describe('tables', () => {
  const text = 'time_s\tname\tnum_tasks\tave_time\n1.0\tpipeline:0:1:decode[4]\t10\t0.02\n2.0\tpipeline:0:1:dec';
  it('skip the line that was cut', () => {
    expect(readMetricTable(text)).toMatchObject({ skipped: 1, rows: [{}] });
  });
  it('are read by the names of their columns, in any order', () => {
    const [row] = readMetricTable('name\tnew\ttime_s\na\\tb\tx\t3\n').rows;
    expect(row!.get('time_s')).toBe('3');
    expect(row!.get('name')).toBe('a\tb');
  });
  it('may be empty or foreign', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { rows, columns } = readMetricTable(text);
        for (const row of rows) expect(row.size).toBe(new Set(columns).size);
      }),
    );
  });
  it('give a blank as unknown', () => {
    const refusals = new Refusals();
    expect(measuredNumber(' ', 'sm_pct', refusals)).toBeNull();
    expect(refusals.findings()).toEqual([]);
  });
});

describe('stage names', () => {
  it.each([
    ['pipeline:0:1:decode[4]', { pipeline: 0, index: 1, function: 'decode', concurrency: 4 }],
    [
      '0:2:aggregate(op=collate(8), drop_last=False)',
      { index: 2, function: 'aggregate(op=collate(8), drop_last=False)', concurrency: 1 },
    ],
    ['pipeline:3:10:Decoder.__call__[16]', { pipeline: 3, index: 10, function: 'Decoder.__call__', concurrency: 16 }],
  ])('%s', (text, parts) => expect(parseStageName(text)).toMatchObject(parts));
  it.each(['', 'decode', 'pipeline:x:1:decode[1]', '1:2'])('%j is none', (text) =>
    expect(parseStageName(text)).toBeNull(),
  );
});

describe('SPDL’s own log lines', () => {
  it('tell of tasks', () => {
    const line =
      'INFO:spdl:[0:1:decode[2]]\tCompleted  3000 tasks (  2 failed). Ave task time:    4.4 [ ms]. P90:    4.6 [ ms]. P99:    4.9 [ ms].';
    expect(spdlLogSample(line, 0)).toEqual({
      task: { name: '0:1:decode[2]', timeS: 0, numTasks: 3000, numFailures: 2, aveTimeS: expect.closeTo(0.0044) },
    });
  });
  it('tell of queues', () => {
    const line =
      '[0:4:sink_queue]\tProcessed   374 items in    7.0 [sec] (QPS:   53.7) Ave wait time: put:   20.9 [ us], get (by next stage):    2.0 [ ms]. P90: put:   29.9 [ us], get:    2.9 [ us]. P99: put:   54.1 [ us], get:    4.9 [ us]. Occupancy rate: 41%';
    expect(spdlLogSample(line, 3)).toMatchObject({
      queue: {
        name: '0:4:sink',
        elapsedS: 7,
        numItems: 374,
        getS: expect.closeTo(0.002),
        occupationRate: 0.41,
        isSink: true,
      },
    });
  });
  it('stand in where the probe wrote nothing', () => {
    const line =
      '[0:1:sink_queue]\tProcessed   10 items in    1.0 [sec] (QPS:   10.0) Ave wait time: put:   1.0 [ us], get (by next stage):    2.0 [ ms]. Occupancy rate: 60%';
    expect(evidenceOf('', {}, line).metrics.data_readiness_pct).toBeCloseTo(60);
  });
});

describe('stage statistics of the probe', () => {
  const queueHeader = 'time_s\tname\telapsed\tnum_items\tqps\tput\tget\toccupation_rate\tsink\n';
  const rows = Array.from({ length: 10 }, (_, i) => [
    `${100 + i}\tpipeline:0:0:src[1]\t1\t50\t50\t0.01\t0\t0.9\t0`,
    `${100 + i}\tpipeline:0:1:decode[4]\t1\t50\t50\t0\t0.02\t${i < 2 ? 0 : 0.2}\t0`,
    `${100 + i}\tpipeline:0:2:sink[1]\t1\t5\t5\t0\t0.02\t${i < 2 ? 0 : 0.4}\t1`,
  ]).flat();
  const tasks = Array.from({ length: 10 }, (_, i) => `${100 + i}\tpipeline:0:1:decode[4]\t50\t1\t${i < 2 ? 9 : 0.08}`);
  const process = {
    queues: readMetricTable(`${queueHeader}${rows.join('\n')}\n`),
    tasks: readMetricTable(`time_s\tname\tnum_tasks\tnum_failures\tave_time\n${tasks.join('\n')}\n`),
  };

  it('are averaged over the steady part', () => {
    const { stages, metrics } = evidenceOf('', { processes: [process] });
    expect(stages.map(({ function: name }) => name)).toEqual(['src', 'decode', 'sink']);
    expect(stages[1]).toMatchObject({
      aveTimeS: expect.closeTo(0.08),
      numTasks: 400,
      numFailures: 8,
      qps: 50,
      isSink: false,
    });
    expect(metrics.data_readiness_pct).toBeCloseTo(40);
    expect(metrics.bottleneck_stage).toBe('decode');
  });
  it('count the items of the whole job', () => {
    const counts = (processes: (typeof process)[]) =>
      evidenceOf('', { processes }).stages.map(({ numItems }) => numItems);
    expect(counts([process])).toEqual([500, 500, 50]);
    expect(counts([process, process])).toEqual([1000, 1000, 100]);
  });
  it('of several processes are those of one, as its concurrency is', () => {
    expect(evidenceOf('', { processes: [process, process] }).stages[1]).toMatchObject({
      qps: 50,
      numTasks: 800,
      aveTimeS: expect.closeTo(0.08),
    });
  });
  it('refuse an occupation rate above 1', () => {
    const odd = {
      tasks: null,
      queues: readMetricTable(`${queueHeader}1\tpipeline:0:1:sink[1]\t1\t5\t5\t0\t0\t1.5\t1\n`),
    };
    const { metrics, findings } = evidenceOf('', { processes: [odd] });
    expect(metrics.data_readiness_pct).toBeNull();
    expect(findings.join()).toMatch(
      /occupation_rate of pipeline:0:1:sink\[1\] .*1\.5.*share of an interval.*at most 1/,
    );
  });
  it('take an occupation rate just above 1 as 1', () => {
    const rounded = {
      tasks: null,
      queues: readMetricTable(`${queueHeader}1\tpipeline:0:1:sink[1]\t1\t5\t5\t0\t0\t1.004\t1\n`),
    };
    const { metrics, findings } = evidenceOf('', { processes: [rounded] });
    expect(metrics.data_readiness_pct).toBe(100);
    expect(findings).toEqual([]);
  });
});

describe('system samples', () => {
  const beside = (others: (number | '')[]) =>
    evidenceOf('', {
      system: readMetricTable(
        `time_s\tcpu_pct\tothers_cpu_pct\n${others.map((pct, i) => `${i}\t100\t${pct}`).join('\n')}\n`,
      ),
    });
  it.each<[string, (number | '')[], number | undefined, boolean]>([
    ['a quiet machine', ['', 2, 3, 1, 2, 2], 0.02, false],
    ['a busy one', ['', 30, 40, 50, 40, 40], 0.4, true],
    ['a start that was disturbed alone', [100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0, false],
    ['a job too short to tell', ['', 90, 90], undefined, false],
    ['a system that does not tell', ['', '', '', '', '', '', ''], undefined, false],
  ])('show what else ran: %s', (_, others, share, isMarked) => {
    const { system, findings } = beside(others);
    if (share === undefined) expect(system.contention).toBeUndefined();
    else expect(system.contention).toBeCloseTo(share);
    expect(findings.some((text) => /^contended: other work used \d+% of its CPUs/.test(text))).toBe(isMarked);
  });

  /** SM utilisation by others at each look, a list for each GPU; '' = not known. */
  const onGpus = (...gpus: (number | '')[][]) =>
    evidenceOf('', {
      gpuOthers: readMetricTable(
        `time_s\tgpu\tprocesses\tsm_pct\n${gpus.flatMap((pcts, gpu) => pcts.map((pct, i) => `${10 * i}\t${gpu}\t2\t${pct}\n`)).join('')}`,
      ),
    });
  it.each<[string, (number | '')[][], number | undefined, boolean]>([
    ['a GPU that they only hold memory of', [[0, 0, 0, 0]], 0, false],
    ['a desktop', [[2, 3, 2, 4]], 0.0275, false],
    ['a GPU that they use', [[0, 40, 50, 60]], 0.375, true],
    [
      'the one of several that they use most',
      [
        [0, 0, 0, 0],
        [40, 40, 40, 40],
        [10, 10, 10, 10],
      ],
      0.4,
      true,
    ],
    ['a short visit', [[0, 100, 100, 0]], 0.5, false],
    ['a start that was disturbed alone', [[100, 0, 0, 0, 0, 0, 0]], 0, false],
    ['too few looks to tell', [[90, 90]], undefined, false],
    ['a GPU that does not tell', [['', '', '', '']], undefined, false],
  ])('show what else ran on the GPUs: %s', (_, gpus, share, isMarked) => {
    const { system, findings } = onGpus(...gpus);
    if (share === undefined) expect(system.gpuOthers).toBeUndefined();
    else expect(system.gpuOthers).toMatchObject({ processes: 2, smShare: expect.closeTo(share) });
    expect(findings.some((text) => /^contended: other work used \d+% of its GPUs/.test(text))).toBe(isMarked);
  });

  it('without a table of the GPUs say nothing of others there', () => {
    expect(evidenceOf('').system).not.toHaveProperty('gpuOthers');
  });

  it('give p75 of SM utilisation, and blanks stay unknown', () => {
    const lines = [10, 20, 30, 40, 50].map((sm, i) => `${i}\t150\t${1000 + i}\t${sm}\t`);
    const { metrics, system } = evidenceOf('[autoresearch] cpu_cores=2', {
      system: readMetricTable(`time_s\tcpu_pct\trss_mb\tsm_pct\tgpu_mem_mb\n${lines.join('\n')}\n`),
    });
    expect(system).toMatchObject({ cpuPct: 150, peakRssMb: 1004, smPct: 30, gpuMemoryMb: null });
    expect(metrics.cpu_utilization_pct).toBe(75);
    expect(metrics.steady_sm_utilization_pct).toBe(42.5);
  });
});
