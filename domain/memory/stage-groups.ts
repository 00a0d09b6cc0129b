/**
 * Which rows of stage statistics belong to one pipeline: pipelines that are built anew for each epoch are one to a
 * reader; one in a subprocess and the one in front of it are two, each with its own threads.
 */

import { weightedMean } from '../belief/steady-state.js';
import type { BuiltPipeline, StageStatistics } from '../evidence/evidence.js';

export interface StageGroup {
  /** Numbers of the pipelines that are one. */
  pipelines: number[];
  /** In their order, one row each. */
  stages: StageStatistics[];
}

/** The one that gives the most to the training loop first; of those that give as much, the one that was built first. */
export function stageGroups(stages: readonly StageStatistics[]): StageGroup[] {
  const shapes: { pipelines: number[]; shape: Set<string> }[] = [];
  for (const pipeline of [...new Set(stages.map((stage) => stage.pipeline))].sort((a, b) => a - b)) {
    const own = new Set(stages.filter((stage) => stage.pipeline === pipeline).map(placeOf));
    const same = shapes.find(({ shape }) => isPartOf(own, shape) || isPartOf(shape, own));
    if (!same) shapes.push({ pipelines: [pipeline], shape: own });
    else {
      same.pipelines.push(pipeline);
      for (const place of own) same.shape.add(place);
    }
  }
  const groups = shapes.map(({ pipelines }) => ({
    pipelines,
    stages: merged(stages.filter((stage) => pipelines.includes(stage.pipeline))),
  }));
  const main = mainOf(groups);
  return [...main, ...groups.filter((group) => !main.includes(group))];
}

/** Those that feed the training loop: one, or several that feed each other. */
export function mainGroups(stages: readonly StageStatistics[]): StageGroup[] {
  return mainOf(stageGroups(stages));
}

function mainOf(groups: readonly StageGroup[]): StageGroup[] {
  const most = Math.max(...groups.map(givenBy));
  return groups.filter((group) => givenBy(group) >= ABOUT_AS_MUCH * most);
}

/** Items at the sink are batches in both of two pipelines that feed each other. */
const ABOUT_AS_MUCH = 0.5;

function givenBy({ stages }: StageGroup): number {
  const sink = stages.find(({ isSink }) => isSink);
  return sink?.numItems ?? sink?.qps ?? 0;
}

/** Size of the pool of threads that the group's stages share; null where the probe did not see it. */
export function poolOf({ pipelines }: StageGroup, built: readonly BuiltPipeline[]): number | null {
  const sizes = built.filter(({ pipeline }) => pipelines.includes(pipeline)).map(({ threads }) => threads);
  return sizes.find((size) => size !== null) ?? null;
}

/** Workers of a stage's own pool, by function. */
export function executorsOf({ pipelines }: StageGroup, built: readonly BuiltPipeline[]): Map<string, number> {
  const own = built.filter(({ pipeline }) => pipelines.includes(pipeline)).flatMap(({ settings }) => settings);
  return new Map(own.flatMap(({ stage, setting, value }) => (setting === 'executor' ? [[stage, value]] : [])));
}

function placeOf({ index, function: name }: StageStatistics): string {
  return `${index}:${name}`;
}

function isPartOf(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].every((place) => other.has(place));
}

/** Rows of equal place and function become one. */
function merged(stages: readonly StageStatistics[]): StageStatistics[] {
  const groups = new Map<string, StageStatistics[]>();
  for (const stage of stages) {
    const key = `${placeOf(stage)}[${stage.concurrency}]`;
    groups.set(key, [...(groups.get(key) ?? []), stage]);
  }
  return [...groups.values()].map(oneRow).sort((a, b) => a.index - b.index);
}

function oneRow(rows: readonly StageStatistics[]): StageStatistics {
  const [first] = rows;
  if (rows.length === 1) return first!;
  type Pick = (row: StageStatistics) => number | null | undefined;
  const mean = (pick: Pick, weight: Pick) =>
    weightedMean(
      rows.flatMap((row) => {
        const value = pick(row) ?? null;
        return value === null ? [] : [{ value, weight: weight(row) ?? 1 }];
      }),
    );
  const total = (pick: Pick) =>
    rows.every((row) => (pick(row) ?? null) === null) ? null : rows.reduce((sum, row) => sum + (pick(row) ?? 0), 0);
  const byTasks: Pick = (row) => row.numTasks;
  const byRate: Pick = (row) => row.qps;
  const threadWaitS = mean((row) => row.threadWaitS, byTasks);
  return {
    ...first!,
    aveTimeS: mean((row) => row.aveTimeS, byTasks),
    ...(threadWaitS === null ? {} : { threadWaitS }),
    numTasks: total((row) => row.numTasks),
    numFailures: total((row) => row.numFailures),
    qps: mean(byRate, () => 1),
    putS: mean((row) => row.putS, byRate),
    getS: mean((row) => row.getS, byRate),
    occupationRate: mean((row) => row.occupationRate, byRate),
  };
}
