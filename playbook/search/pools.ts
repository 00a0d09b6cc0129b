/**
 * Pools of threads: which stages share one and which knob sets its size. Each pipeline has its own, and so may a stage.
 */
import type { Diagnosis, ThreadUse } from '../../domain/memory/stage-rules.js';
import type { Survey } from '../survey.js';
import { type Axis, axisValue } from './axes.js';
import { clampTo } from './scored-moves.js';
import type { Setting } from './settings.js';

export interface Pool {
  /** Functions of the stages that share it; null: all that there are. */
  stages: readonly string[] | null;
  /** Null where its size is not set by anything that could be changed. */
  axis: Axis | null;
  size: number | null;
}

export function poolsOf(survey: Survey, axes: readonly Axis[], setting: Setting): Pool[] {
  const axisOf = (id: string | null) => axes.find(({ knob }) => knob.id === id) ?? null;
  const sizeOf = (axis: Axis | null, value: number | null) => (axis ? axisValue(axis, setting) : value);
  const own = survey.pipelines.flatMap(({ stages }) =>
    stages.flatMap((stage): Pool[] => {
      if (!stage.executor) return [];
      const axis = axisOf(stage.executor.knob);
      return [{ stages: [stage.function], axis, size: sizeOf(axis, stage.executor.value) }];
    }),
  );
  const shared = survey.pipelines.flatMap(({ stages, numThreads }): Pool[] => {
    const sharing = stages.filter(({ kind, executor }) => kind === 'pipe' && !executor);
    if (sharing.length === 0) return [];
    const axis = axisOf(numThreads.knob);
    return [{ stages: sharing.map((stage) => stage.function), axis, size: sizeOf(axis, numThreads.value) }];
  });
  if (shared.length + own.length > 1 || shared.some(({ axis }) => axis !== null)) return [...shared, ...own];
  // One pipeline whose pool the code does not show: a number of threads known by its name is its size.
  const named = axes.find(({ role }) => role === 'threads') ?? null;
  return [{ stages: null, axis: named, size: sizeOf(named, shared[0]?.size ?? null) }, ...own];
}

export function isIn({ stages }: Pool, axis: Axis): boolean {
  return stages === null || axis.stages.some((stage) => stages.includes(stage));
}

/** How busy its threads are, where that was measured. */
export function useOf({ stages }: Pool, diagnosis: Diagnosis): ThreadUse | null {
  if (stages === null) return diagnosis.threads;
  return diagnosis.pools.find((use) => use.stages.some((stage) => stages.includes(stage))) ?? null;
}

/** A stage cannot run more tasks than its pool has threads: both are raised in one experiment. */
export function withThreads(
  pools: readonly Pool[],
  axes: readonly Axis[],
  setting: Setting,
  values: Record<string, number>,
): Record<string, number> {
  const raised = { ...values };
  for (const pool of pools) {
    const members = axes.filter((axis) => axis.role === 'concurrency' && isIn(pool, axis));
    // A number that sets both is raised by itself.
    if (!pool.axis || pool.size === null || pool.axis.knob.id in values || members.includes(pool.axis)) continue;
    if (!members.some(({ knob }) => knob.id in values)) continue;
    const wanted = members.reduce((sum, axis) => sum + (values[axis.knob.id] ?? axisValue(axis, setting)), 0);
    const threads = clampTo(pool.axis, wanted);
    if (threads > pool.size) raised[pool.axis.knob.id] = threads;
  }
  return raised;
}
