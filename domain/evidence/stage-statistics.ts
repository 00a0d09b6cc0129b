/**
 * One row a stage over the steady part of a run, from several processes that run the same pipeline: what one of them
 * does on average, because its concurrency and its threads are those of one, too. Counts are of all.
 */

import { steadySamples, weightedMean } from '../belief/steady-state.js';
import type { BuiltPipeline, StageStatistics } from './evidence.js';
import { parseStageName } from './stage-name.js';
import type { QueueSample, TaskSample } from './stage-samples.js';

/** The samples of one process: their times are comparable with each other. */
export interface ProcessSamples {
  tasks: TaskSample[];
  queues: QueueSample[];
  /** What it built, by the same numbers of pipelines as its samples. */
  built?: BuiltPipeline[];
}

export function stageStatistics(processes: readonly ProcessSamples[]): StageStatistics[] {
  const tasks = grouped(processes.flatMap(({ tasks }) => steadySamples(tasks)));
  const queues = grouped(processes.flatMap(({ queues }) => steadySamples(queues)));
  const all = grouped(processes.flatMap(({ queues }) => queues));
  const stages = [...new Set([...tasks.keys(), ...queues.keys()])].flatMap((name) => {
    const parsed = parseStageName(name);
    if (!parsed) return [];
    const row = stageRow(name, parsed, tasks.get(name) ?? [], queues.get(name) ?? []);
    const numItems = total(all.get(name) ?? [], 'numItems');
    return [numItems === null ? row : { ...row, numItems }];
  });
  stages.sort((a, b) => a.pipeline - b.pipeline || a.index - b.index || (a.name < b.name ? -1 : 1));
  return markSinks(stages);
}

/** By stage name. */
function grouped<T extends { name: string }>(samples: T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const sample of samples) {
    const group = groups.get(sample.name);
    if (group) group.push(sample);
    else groups.set(sample.name, [sample]);
  }
  return groups;
}

function stageRow(
  name: string,
  parsed: Pick<StageStatistics, 'pipeline' | 'index' | 'function' | 'concurrency'>,
  task: TaskSample[],
  queue: QueueSample[],
): StageStatistics {
  const threadWaitS = mean(
    task.map((sample) => ({ ...sample, threadWaitS: sample.threadWaitS ?? null })),
    'threadWaitS',
    ({ numTasks }) => numTasks ?? 1,
  );
  return {
    name,
    ...parsed,
    aveTimeS: mean(task, 'aveTimeS', ({ numTasks, numFailures }) => (numTasks ?? 1) - (numFailures ?? 0)),
    ...(threadWaitS === null ? {} : { threadWaitS }),
    numTasks: total(task, 'numTasks'),
    numFailures: total(task, 'numFailures'),
    qps: itemsPerSecond(queue),
    putS: mean(queue, 'putS', ({ numItems }) => numItems ?? 1),
    getS: mean(queue, 'getS', ({ numItems }) => numItems ?? 1),
    occupationRate: mean(queue, 'occupationRate', ({ elapsedS }) => elapsedS ?? 1),
    isSink: queue.some(({ isSink }) => isSink),
  };
}

function itemsPerSecond(samples: QueueSample[]): number | null {
  const known = samples.filter(({ elapsedS, numItems }) => elapsedS !== null && elapsedS > 0 && numItems !== null);
  const elapsed = known.reduce((time, { elapsedS }) => time + elapsedS!, 0);
  return elapsed > 0 ? known.reduce((items, { numItems }) => items + numItems!, 0) / elapsed : null;
}

function sum(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) : null;
}

function total<K extends string>(samples: readonly Record<K, number | null>[], key: K): number | null {
  return sum(samples.map((sample) => sample[key]));
}

/** Weighted; a sample in which nothing happened (weight 0) says nothing. */
function mean<K extends string, T extends Record<K, number | null>>(
  samples: readonly T[],
  key: K,
  weight: (sample: T) => number,
): number | null {
  return weightedMean(
    samples.flatMap((sample) => {
      const value: number | null = sample[key];
      return value === null ? [] : [{ value, weight: Math.max(0, weight(sample)) }];
    }),
  );
}

/** Where no queue calls itself the sink, it is that of a pipeline's last stage. */
function markSinks(stages: StageStatistics[]): StageStatistics[] {
  return stages.map((stage) => {
    const own = stages.filter(({ pipeline, occupationRate }) => pipeline === stage.pipeline && occupationRate !== null);
    if (own.some(({ isSink }) => isSink)) return stage;
    return { ...stage, isSink: stage === own.at(-1) };
  });
}

/**
 * Data readiness in percent: the occupation rate of the sinks, weighted by the items they passed on; null when unknown.
 */
export function dataReadinessPct(stages: readonly StageStatistics[]): number | null {
  const sinks = stages.filter(({ isSink, occupationRate }) => isSink && occupationRate !== null);
  const rate = weightedMean(sinks.map(({ occupationRate, qps }) => ({ value: occupationRate!, weight: qps ?? 1 })));
  if (rate !== null) return rate * 100;
  return sinks.length > 0
    ? (sinks.reduce((a, { occupationRate }) => a + occupationRate!, 0) / sinks.length) * 100
    : null;
}
