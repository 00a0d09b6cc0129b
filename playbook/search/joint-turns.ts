/**
 * What can be turned at once, as the pipeline's model knows it: the tasks of each stage, the threads that stages share,
 * and the sink's buffer.
 */
import type { JointSetting } from '../../domain/model/operating-point.js';
import type { Survey } from '../survey.js';
import { type Axis, axisValue, workersOf } from './axes.js';
import { clampTo } from './scored-moves.js';
import type { Setting } from './settings.js';

/** Tasks of stages that one number sets. */
export interface StageTurn {
  stages: string[];
  concurrency: Axis | null;
  /** Workers of the stage's own executor, which bound its concurrency. */
  executor: Axis | null;
  most: number;
}

export interface Turns {
  stages: StageTurn[];
  /** Of the pool that stages share; null where none can be set. */
  threads: Axis | null;
  buffer: Axis | null;
}

export function turnsOf(survey: Survey, axes: readonly Axis[]): Turns {
  const executors = executorsOf(survey);
  const axisOf = (id: string | null | undefined) => axes.find(({ knob }) => knob.id === id) ?? null;
  const byConcurrency = axes
    .filter(({ role }) => role === 'concurrency')
    .map((axis): StageTurn => {
      const own = axis.stages.flatMap((stage) => executors.get(stage) ?? []);
      const executor = own.map(({ knob }) => axisOf(knob)).find((each) => each !== null && each !== axis) ?? null;
      return {
        stages: axis.stages,
        concurrency: axis,
        executor,
        most: Math.min(axis.most, executor?.most ?? axis.most, workersOf(axis.stages, survey)),
      };
    });
  const pooled = new Set(survey.pipelines.map(({ numThreads }) => numThreads.knob));
  const owned = new Set([...executors.values()].map(({ knob }) => knob));
  const threads = axes.filter(({ role, knob }) => role === 'threads' && !owned.has(knob.id));
  return {
    stages: byConcurrency,
    threads: threads.find(({ knob }) => pooled.has(knob.id)) ?? threads[0] ?? null,
    buffer: axes.find(({ role, knob }) => role === 'buffer' && knob.role === 'sink_buffer') ?? null,
  };
}

function executorsOf({ pipelines }: Survey): Map<string, { value: number | null; knob: string | null }> {
  const stages = pipelines.flatMap((pipeline) => pipeline.stages);
  return new Map(stages.flatMap(({ function: name, executor }) => (executor ? [[name, executor]] : [])));
}

/** How a setting of knobs sets the pipeline, as far as the code shows it. */
export function jointSetting(survey: Survey, axes: readonly Axis[], setting: Setting): Partial<JointSetting> {
  const numberOf = (knob: string | null, otherwise: number | null) =>
    knob === null ? otherwise : (setting.values[knob] ?? otherwise);
  const tasks: Record<string, number> = {};
  for (const { stages } of survey.pipelines) {
    for (const { function: name, kind, knob, concurrency, executor } of stages) {
      const axis = axes.find(({ role, stages: own }) => role === 'concurrency' && own.includes(name));
      const allowed = axis ? axisValue(axis, setting) : numberOf(knob, concurrency);
      const workers = executor ? numberOf(executor.knob, executor.value) : null;
      if (kind === 'pipe' && allowed !== null) tasks[name] = Math.min(allowed, workers ?? allowed);
    }
  }
  const { threads, buffer } = turnsOf(survey, axes);
  const shown = survey.pipelines.find(({ numThreads }) => numThreads.value !== null)?.numThreads.value ?? null;
  const held = survey.pipelines.find(({ sinkBuffer }) => sinkBuffer.value !== null)?.sinkBuffer.value ?? null;
  const size = threads ? axisValue(threads, setting) : shown;
  const items = buffer ? axisValue(buffer, setting) : held;
  return { tasks, ...(size === null ? {} : { threads: size }), ...(items === null ? {} : { buffer: items }) };
}

/** Values of knobs for so many tasks; an executor with fewer workers is raised with them. */
export function valuesForTasks({ concurrency, executor }: StageTurn, tasks: number, setting: Setting) {
  const values: Record<string, number> = {};
  if (concurrency) values[concurrency.knob.id] = clampTo(concurrency, tasks);
  if (executor && axisValue(executor, setting) < tasks) values[executor.knob.id] = clampTo(executor, tasks);
  return values;
}
