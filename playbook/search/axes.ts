/** What the search may turn: the survey's knobs as axes with their limits. */
import { normalFlag } from '../../domain/command/launch-command.js';
import { flagNumber } from '../../domain/command/launch-flags.js';
import type { Knob, Survey } from '../survey.js';
import type { Setting } from './settings.js';
import type { Trial, Trials } from './trials.js';

export type AxisRole = 'concurrency' | 'threads' | 'batch' | 'buffer';

export interface Axis {
  knob: Knob;
  role: AxisRole;
  /** Functions of the stages whose concurrency it sets. */
  stages: string[];
  least: number;
  most: number;
}

const ROLE_OF: Record<Knob['role'], AxisRole | null> = {
  stage_concurrency: 'concurrency',
  num_threads: 'threads',
  batch_size: 'batch',
  sink_buffer: 'buffer',
  prefetch: 'buffer',
  stage_buffer: 'buffer',
  // What the loading is of, and not how it is done (shorter-items.ts).
  item_length: null,
  other: null,
};

/** Threads for each rank: the engine's own budget (see the thread budget policy). */
export const THREADS_MOST = 16;
export const THREADS_MOST_EXTENDED = 32;
export const CONCURRENCY_MOST = 64;
export const BUFFER_MOST = 64;
/** A batch may grow this much at most: more would be another training. */
const BATCH_GROWTH_MOST = 4;

export function axesOf(survey: Survey, trials: Trials): Axis[] {
  const threadsMost = threadBudget(survey, trials);
  const idle = knobsWithoutEffect(survey, trials);
  return survey.knobs.flatMap((knob): Axis[] => {
    if (idle.includes(knob)) return [];
    const role = ROLE_OF[knob.role] ?? standsIn(knob, idle);
    // 0 means "no buffer", "as many as cores", or "off" by turns: doubling it has no meaning.
    if (role === null || knob.value < 1 || !Number.isInteger(knob.value)) return [];
    if (role === 'threads' && setsIdleThreads(knob, survey)) return [];
    const stages = role === 'concurrency' ? stagesOf(knob, survey) : [];
    const most = {
      concurrency: CONCURRENCY_MOST,
      threads: threadsMost,
      buffer: BUFFER_MOST,
      batch: knob.value * BATCH_GROWTH_MOST,
    }[role];
    const workers = role === 'concurrency' ? workersOf(stages, survey) : Number.POSITIVE_INFINITY;
    const bounded = Math.min(most, workers, isThreadCount(knob) ? threadsMost : most);
    return [{ knob, role, stages, least: role === 'batch' ? knob.value : 1, most: Math.max(bounded, knob.value) }];
  });
}

/** What was changed and left every pipeline of the job as it was: the job takes its value from elsewhere. */
function knobsWithoutEffect(survey: Survey, { all, base }: Trials): Knob[] {
  const lost = all.filter(({ entry }) => entry.result?.noEffect !== undefined);
  const worked = all.filter(({ entry }) => entry.result !== null && entry.result.noEffect === undefined);
  const isTurned = (knob: Knob, { setting }: Trial) => (setting.values[knob.id] ?? knob.value) !== base.values[knob.id];
  return survey.knobs.filter(
    (knob) => lost.some((trial) => isTurned(knob, trial)) && !worked.some((trial) => isTurned(knob, trial)),
  );
}

/** A number known by its name alone that has the value of one without effect may be the one that the job takes. */
function standsIn(knob: Knob, idle: readonly Knob[]): AxisRole | null {
  const same = idle.find((other) => other.value === knob.value && ROLE_OF[other.role] !== null);
  return same && knob.role === 'other' ? ROLE_OF[same.role] : null;
}

/**
 * The pool of a pipeline that only passes on what another one made, or whose stages all have executors of their own:
 * its threads have nothing to do.
 */
export function setsIdleThreads(knob: Knob, survey: Survey): boolean {
  const own = survey.pipelines.filter(({ numThreads }) => numThreads.knob === knob.id);
  const usesPool = (stages: Survey['pipelines'][number]['stages']) =>
    stages.some(({ kind, executor }) => kind === 'pipe' && !executor);
  const isApart = own.some(({ stages }) => stages.some(({ executor }) => executor !== undefined));
  if (isApart && own.every(({ stages }) => stages.length > 0 && !usesPool(stages))) return true;
  const works = survey.pipelines.some(({ stages }) => stages.some(({ kind }) => kind === 'pipe'));
  return (
    works && own.length > 0 && own.every(({ stages }) => stages.length > 0 && stages.every((s) => s.kind !== 'pipe'))
  );
}

/** Workers of the executor of its own that a stage runs in, where nothing that could be changed sets them. */
export function workersOf(stages: readonly string[], { pipelines }: Survey): number {
  const bound = pipelines.flatMap((pipeline) => pipeline.stages.filter((stage) => stages.includes(stage.function)));
  const fixed = bound.flatMap(({ executor }) => (executor?.knob === null ? (executor.value ?? []) : []));
  return Math.min(Number.POSITIVE_INFINITY, ...fixed);
}

/** Why a number cannot be turned up, or at all, for people; a sentence for each. */
export function idleReasons(survey: Survey): string[] {
  return survey.knobs.flatMap((knob) => {
    if (knob.role === 'num_threads' && setsIdleThreads(knob, survey))
      return [`${knob.id} cannot matter: no stage uses the pool whose threads it counts.`];
    const workers = knob.role === 'stage_concurrency' ? workersOf(stagesOf(knob, survey), survey) : null;
    return workers !== null && Number.isFinite(workers)
      ? [`${knob.id} cannot matter above ${workers}: its stage runs in an executor of so many workers.`]
      : [];
  });
}

function stagesOf(knob: Knob, survey: Survey): string[] {
  const bound = survey.pipelines.flatMap(({ stages }) => stages.filter((stage) => stage.knob === knob.id));
  const names = bound.map((stage) => stage.function);
  return [...new Set(knob.stage === null ? names : [knob.stage, ...names])];
}

function threadBudget(survey: Survey, trials: Trials): number {
  const knob = survey.knobs.find(({ role }) => role === 'num_threads');
  return knob && sixteenBeatFewer(knob, trials) ? THREADS_MOST_EXTENDED : THREADS_MOST;
}

/**
 * Whether a measured run with 16 threads beat every one with fewer; of a flag only runs that name it count, as for the
 * engine.
 */
function sixteenBeatFewer(knob: Knob, trials: Trials): boolean {
  const measured = trials.all.flatMap(({ entry, setting, speed }) => {
    const { where } = knob;
    const threads =
      where.type === 'flag'
        ? flagNumber(entry.spec.launch_command, where.flag)
        : (setting.values[knob.id] ?? knob.value);
    return threads === null || speed === null ? [] : [{ threads, speed }];
  });
  const fewer = measured.filter(({ threads }) => threads < THREADS_MOST);
  const sixteen = measured.filter(({ threads }) => threads === THREADS_MOST);
  return fewer.length > 0 && sixteen.some((run) => fewer.every((other) => run.speed > other.speed));
}

export function axisValue(axis: Axis, setting: Setting): number {
  return setting.values[axis.knob.id] ?? axis.knob.value;
}

/** Flags that the engine's thread budget compares with the pool's size. */
export function isThreadCount(knob: Knob): boolean {
  return (
    knob.where.type === 'flag' && ['--num-fetch-threads', '--num-decode-threads'].includes(normalFlag(knob.where.flag))
  );
}

/** The pool's size in a setting; null when the code does not show it. */
export function threadsIn(setting: Setting, axes: readonly Axis[], survey: Survey): number | null {
  const axis = axes.find(({ role }) => role === 'threads');
  if (axis) return setting.values[axis.knob.id] ?? axis.knob.value;
  return survey.pipelines.find(({ numThreads }) => numThreads.value !== null)?.numThreads.value ?? null;
}
