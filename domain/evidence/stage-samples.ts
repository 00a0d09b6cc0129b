/**
 * What SPDL said about its stages, a sample for each stage and interval: from the probe's TSV files and from the lines
 * that SPDL logs by itself. Times in seconds.
 */
import { measuredNumber, type Refusals } from './measured-number.js';
import type { MetricTable } from './metric-table.js';

export interface TaskSample {
  name: string;
  timeS: number;
  numTasks: number | null;
  numFailures: number | null;
  aveTimeS: number | null;
  /** Of it, the wait for a thread; absent where it was not measured. */
  threadWaitS?: number | null;
}

export interface QueueSample {
  name: string;
  timeS: number;
  elapsedS: number | null;
  numItems: number | null;
  putS: number | null;
  getS: number | null;
  /** 0 to 1. */
  occupationRate: number | null;
  isSink: boolean;
  /** Mean number of samples in an item of the sink; null where its items do not show it. */
  batchSize: number | null;
}

export function taskSamples(table: MetricTable, refusals: Refusals): TaskSample[] {
  return table.rows.flatMap((row) => {
    const timeS = measuredNumber(row.get('time_s'), 'task_stats time_s', refusals);
    const name = row.get('name') ?? '';
    if (timeS === null || name === '') return [];
    return {
      name,
      timeS,
      numTasks: measuredNumber(row.get('num_tasks'), 'num_tasks', refusals),
      numFailures: measuredNumber(row.get('num_failures'), 'num_failures', refusals),
      aveTimeS: measuredNumber(row.get('ave_time'), 'ave_time', refusals),
      ...(row.get('thread_wait')
        ? { threadWaitS: measuredNumber(row.get('thread_wait'), 'thread_wait', refusals) }
        : {}),
    };
  });
}

export function queueSamples(table: MetricTable, refusals: Refusals): QueueSample[] {
  return table.rows.flatMap((row): QueueSample[] => {
    const timeS = measuredNumber(row.get('time_s'), 'queue_stats time_s', refusals);
    const name = row.get('name') ?? '';
    if (timeS === null || name === '') return [];
    const rate = shareOf(row.get('occupation_rate'), name, refusals);
    return [
      {
        name,
        timeS,
        elapsedS: measuredNumber(row.get('elapsed'), 'elapsed', refusals),
        numItems: measuredNumber(row.get('num_items'), 'num_items', refusals),
        putS: measuredNumber(row.get('put'), 'put', refusals),
        getS: measuredNumber(row.get('get'), 'get', refusals),
        occupationRate: rate,
        // A stage of the user may be called "sink" too: where the file says which is the real one, it is believed.
        isSink: row.has('sink') ? row.get('sink') === '1' : isSinkName(name),
        batchSize: row.get('batch_size') ? measuredNumber(row.get('batch_size'), 'sink batch_size', refusals) : null,
      },
    ];
  });
}

/**
 * SPDL counts an interval's first and last moment a little differently from the interval itself: just above 1 it is 1.
 */
const ROUNDED_TO_1 = 1.1;

function shareOf(text: string | undefined, stage: string, refusals: Refusals): number | null {
  const rate = measuredNumber(text, 'occupation_rate', refusals);
  if (rate === null || rate <= 1) return rate;
  if (rate <= ROUNDED_TO_1) return 1;
  refusals.add(
    `occupation_rate of ${stage}`,
    String(rate),
    'it is the share of an interval in which the queue held an item, at most 1; such intervals are left out of data readiness',
  );
  return null;
}

export function isSinkName(name: string): boolean {
  return /:sink(?:\[\d+\])?$/.test(name);
}

const TIME = String.raw`\s*([\d.]+)\s*\[\s*(sec|ms|us|min|hour)\]`;
const TASK_LINE = new RegExp(
  String.raw`\[(\d+:\d+[^\s:]*:.*?)\]\s+Completed\s+(\d+) tasks \(\s*(\d+) failed\)\.\s*Ave task time:${TIME}`,
);
const QUEUE_LINE = new RegExp(
  String.raw`\[(\d+:\d+[^\s:]*:.*?)_queue\]\s+Processed\s+(\d+) items in${TIME}.*?put:${TIME}, get \(by next stage\):${TIME}.*?Occupancy rate:\s*(\d+)%`,
);
const SECONDS: Record<string, number> = { hour: 3600, min: 60, sec: 1, ms: 1e-3, us: 1e-6 };

function seconds(value: string | undefined, unit: string | undefined): number {
  return Number(value) * (SECONDS[unit ?? ''] ?? Number.NaN);
}

/** A line of SPDL's own log about a stage, or null. `order` stands in for the time, which the line does not tell. */
export function spdlLogSample(line: string, order: number): { task: TaskSample } | { queue: QueueSample } | null {
  if (!line.includes('Completed') && !line.includes('Processed')) return null;
  const task = TASK_LINE.exec(line);
  if (task) {
    const [, name, tasks, failures, value, unit] = task;
    const aveTimeS = seconds(value, unit);
    return {
      task: { name: name!, timeS: order, numTasks: Number(tasks), numFailures: Number(failures), aveTimeS },
    };
  }
  const queue = QUEUE_LINE.exec(line);
  if (!queue) return null;
  const [, name, items, ...rest] = queue;
  return {
    queue: {
      name: name!,
      timeS: order,
      elapsedS: seconds(rest[0], rest[1]),
      numItems: Number(items),
      putS: seconds(rest[2], rest[3]),
      getS: seconds(rest[4], rest[5]),
      occupationRate: Math.min(1, Number(rest[6]) / 100),
      isSink: isSinkName(name!),
      batchSize: null,
    },
  };
}
