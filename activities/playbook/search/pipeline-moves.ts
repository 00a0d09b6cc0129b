/**
 * Moves that the stage statistics of the incumbent suggest: more where a stage holds the others up, fewer where tasks
 * stand in each other's way, threads where they are short.
 */
import type { Diagnosis, StageReading } from '../../../domain/policies/stage-rules.js';
import { milliseconds } from '../../../domain/policies/stage-sentences.js';
import { splitChange } from '../changes.js';
import type { Survey } from '../survey.js';
import { type Axis, axisValue } from './axes.js';
import { clampTo, familyOf, type Move } from './moves.js';
import type { Setting } from './settings.js';

export interface Situation {
  survey: Survey;
  axes: Axis[];
  setting: Setting;
  diagnosis: Diagnosis;
  /** How many times as fast the pipeline may become at most, by headspace and fetch time. */
  headroom: number;
  /** Share of the machine's cores in use, 0 to 1; null when unknown. */
  cpuUse: number | null;
  cpuCores: number | null;
  numThreads: number | null;
}

/** What is said without any sign for or against: worth a try after everything better. */
const FAINT = 0.03;
/** From this use of all cores on, more tasks cannot get more done. */
const CPU_FULL = 0.85;
/** Room for the unevenness of tasks when a concurrency is computed from means. */
const SLACK = 1.15;

export function pipelineMoves(situation: Situation): Move[] {
  return [
    ...concurrencyUp(situation),
    ...balance(situation),
    ...threadsUp(situation),
    ...fewer(situation),
    ...buffers(situation),
    ...splits(situation),
  ];
}

function readingsOf(axis: Axis, { stages }: Diagnosis): StageReading[] {
  return stages.filter(({ stage, busyTasks }) => busyTasks !== null && axis.stages.includes(stage.function));
}

/** How much faster more tasks at a time can make it: not beyond what the cores have left, where tasks use them. */
function possibleGain({ headroom, cpuUse, diagnosis }: Situation): number {
  const byCores = cpuUse === null ? Number.POSITIVE_INFINITY : 1 / Math.max(cpuUse, 0.02);
  const bound = Math.min(headroom, Math.max(1, byCores)) - 1;
  return Math.max(0, Math.min(bound, 7)) * (diagnosis.gilBound ? 0.3 : 1);
}

function concurrencyUp(situation: Situation): Move[] {
  const { axes, setting, diagnosis } = situation;
  const noStatistics = diagnosis.stages.every(({ busyTasks }) => busyTasks === null);
  return axes
    .filter(({ role }) => role === 'concurrency')
    .flatMap((axis): Move[] => {
      const now = axisValue(axis, setting);
      const readings = readingsOf(axis, diagnosis);
      const isBottleneck = readings.some(({ condition }) => condition === 'bottleneck');
      const gain = possibleGain(situation);
      const use = readings.reduce((most, { utilisation }) => Math.max(most, utilisation ?? 0), 0);
      const oversubscribed = diagnosis.oversubscribed.some(({ stage }) => axis.stages.includes(stage.function));
      const step = (factor: number, worth: number, why: string): Move => ({
        ...withThreads(situation, { [axis.knob.id]: clampTo(axis, now * factor) }),
        structure: [],
        gain: worth * (oversubscribed ? 0.3 : 1),
        why,
        family: familyOf(axis, 'up'),
      });
      const label = axis.stages[0] ?? axis.knob.id;
      if (isBottleneck) {
        const time = readings[0]!.bestItemS;
        const why = `\`${label}\` is the bottleneck${time === null ? '' : ` at one item every ${milliseconds(time)}`}: more of it at a time should help.`;
        return [
          step(2, Math.max(FAINT, 0.5 * Math.min(1, gain)), why),
          step(4, Math.max(FAINT * 0.9, 0.45 * Math.min(3, gain)), why),
        ];
      }
      if (noStatistics)
        return [step(2, 0.15 * Math.min(1, gain) + FAINT, `Nothing shows the bottleneck; \`${label}\` may be it.`)];
      return [
        step(
          2,
          FAINT * use,
          `\`${label}\` is busy ${(use * 100).toFixed(0)}% of the time: a little more room may smooth it.`,
        ),
      ];
    });
}

/** All stages at once to what the attainable rate needs, when several would hold each other up in turn. */
function balance(situation: Situation): Move[] {
  const { axes, setting, diagnosis } = situation;
  if (diagnosis.limit === 'compute') return [];
  const gain = possibleGain(situation);
  const targets = [2, Math.max(2, 1 + gain)];
  return [...new Set(targets)].flatMap((factor): Move[] => {
    const values: Record<string, number> = {};
    for (const axis of axes.filter(({ role }) => role === 'concurrency')) {
      const busy = readingsOf(axis, diagnosis).reduce((most, { busyTasks }) => Math.max(most, busyTasks ?? 0), 0);
      const waiting = threadWaitShare(situation);
      const needed = clampTo(axis, Math.ceil(busy * waiting * factor * SLACK));
      if (needed > axisValue(axis, setting)) values[axis.knob.id] = needed;
    }
    const move = withThreads(situation, values);
    if (Object.keys(move.values).length < 2) return [];
    return [
      {
        ...move,
        structure: [],
        gain: 0.5 * Math.min(gain, factor - 1),
        why: `Execution times say that every stage needs this concurrency for ${factor.toFixed(1)} times the rate; raising one alone would move the bottleneck to the next.`,
        family: `balance:${factor.toFixed(1)}`,
      },
    ];
  });
}

/** While tasks wait for a thread their execution time contains the wait, so less concurrency is needed than it says. */
function threadWaitShare({ diagnosis: { threads } }: Situation): number {
  return threads?.starved && threads.busy > threads.available ? threads.available / threads.busy : 1;
}

function threadsUp(situation: Situation): Move[] {
  const { axes, setting, diagnosis } = situation;
  const axis = axes.find(({ role }) => role === 'threads');
  if (!axis) return [];
  const now = axisValue(axis, setting);
  const { threads } = diagnosis;
  const gain = possibleGain(situation);
  const move = (value: number, worth: number, why: string): Move => ({
    values: { [axis.knob.id]: clampTo(axis, value) },
    structure: [],
    gain: worth,
    why,
    family: familyOf(axis, 'up'),
  });
  if (threads?.starved) {
    const why = `The stages want ${threads.wanted} threads and share ${threads.available}: as many as they want should let them run side by side.`;
    const worth = 0.6 * Math.min(gain, threads.wanted / threads.available - 1);
    return [move(threads.wanted, Math.max(FAINT, worth), why), move(now * 2, Math.max(FAINT, 0.8 * worth), why)];
  }
  const unknown = threads === null;
  return [
    move(now * 2, (unknown ? 0.1 : FAINT / 2) * Math.min(1, gain), 'More threads may let stages run side by side.'),
  ];
}

/** A stage cannot run more tasks than the pool has threads: both are raised in one experiment. */
function withThreads(situation: Situation, values: Record<string, number>): { values: Record<string, number> } {
  const { axes, setting, numThreads } = situation;
  const pool = axes.find(({ role }) => role === 'threads');
  if (!pool || numThreads === null || Object.keys(values).length === 0) return { values };
  const wanted = axes
    .filter(({ role }) => role === 'concurrency')
    .reduce((sum, axis) => sum + (values[axis.knob.id] ?? axisValue(axis, setting)), 0);
  const threads = clampTo(pool, wanted);
  return threads > numThreads ? { values: { ...values, [pool.knob.id]: threads } } : { values };
}

/** Lower values: by themselves, and all together, because what stands in the way is the sum of busy threads. */
function fewer(situation: Situation): Move[] {
  const { axes, setting, diagnosis, cpuUse, cpuCores, headroom } = situation;
  const cpuFull = cpuUse !== null && cpuUse >= CPU_FULL;
  // Data is ready and yet the loop is slower than with cached data: the loader's threads slow down the step itself.
  const disturbs = diagnosis.limit === 'compute' && headroom > 1.03;
  const narrowing = axes.filter(
    (axis) => (axis.role === 'concurrency' || axis.role === 'threads') && axisValue(axis, setting) >= 2,
  );
  const crowd = (value: number) => cpuCores !== null && value > 2 * cpuCores;
  const worthOf = (axis: Axis): { gain: number; why: string } => {
    const value = axisValue(axis, setting);
    const listed = diagnosis.oversubscribed.find(({ stage }) => axis.stages.includes(stage.function));
    if (listed)
      return {
        gain: 0.35,
        why: `\`${listed.stage.function}\` is oversubscribed (${listed.reason}): fewer at a time should be faster.`,
      };
    if (cpuFull && crowd(value))
      return { gain: 0.3, why: 'The cores are full and there are more tasks than cores: fewer at a time switch less.' };
    if (diagnosis.gilBound)
      return { gain: 0.25, why: 'Threads take turns at the interpreter’s lock: fewer of them lose less time.' };
    if (disturbs)
      return {
        gain: Math.min(0.25, 0.5 * (headroom - 1)),
        why: 'Data is ready in time, but its threads take time from the step: fewer may do.',
      };
    if (crowd(value))
      return { gain: 0.08, why: 'There are many more tasks than cores: fewer at a time may be faster.' };
    return { gain: FAINT, why: 'Fewer at a time may be as fast and leave more to the training loop.' };
  };
  const single = narrowing.flatMap((axis): Move[] => {
    const { gain, why } = worthOf(axis);
    const value = axisValue(axis, setting);
    const to = (target: number, factor: number): Move => ({
      values: consistent(axes, setting, { [axis.knob.id]: clampTo(axis, target) }),
      structure: [],
      gain: gain * factor,
      why,
      family: familyOf(axis, 'down'),
    });
    return crowd(value) && value >= 8 ? [to(value / 2, 0.9), to(value / 4, 1)] : [to(value / 2, 1)];
  });
  if (narrowing.length < 2) return single;
  const best = Math.max(...narrowing.map((axis) => worthOf(axis).gain));
  const together: Move = {
    values: Object.fromEntries(narrowing.map((axis) => [axis.knob.id, clampTo(axis, axisValue(axis, setting) / 2)])),
    structure: [],
    gain: best * 0.95,
    why: 'What stands in the way is the sum of busy threads, so all stages are lowered together.',
    family: 'all:down',
  };
  return [...single, together];
}

/** The pool is never smaller than the thread counts that the engine compares with it. */
function consistent(axes: readonly Axis[], setting: Setting, values: Record<string, number>): Record<string, number> {
  const pool = axes.find(({ role }) => role === 'threads');
  const threads = pool ? values[pool.knob.id] : undefined;
  if (threads === undefined) return values;
  const lowered = axes.filter(
    (axis) => axis.role === 'concurrency' && axisValue(axis, setting) > threads && isPoolBound(axis, pool!, setting),
  );
  return { ...values, ...Object.fromEntries(lowered.map((axis) => [axis.knob.id, threads])) };
}

/** A concurrency above the pool's size before was not the pool's to serve (a coroutine stage), and stays. */
function isPoolBound(axis: Axis, pool: Axis, setting: Setting): boolean {
  return axisValue(axis, setting) <= axisValue(pool, setting);
}

function buffers({ axes, setting, diagnosis }: Situation): Move[] {
  const uneven = diagnosis.dataReadiness !== null && diagnosis.dataReadiness > 0.5 && diagnosis.dataReadiness < 0.95;
  return axes
    .filter(({ role }) => role === 'buffer')
    .map((axis) => ({
      values: { [axis.knob.id]: clampTo(axis, axisValue(axis, setting) * 4) },
      structure: [],
      gain: uneven ? 0.08 : FAINT / 2,
      why: uneven
        ? 'Data is ready most of the time but not always: a larger buffer evens out slow items.'
        : 'A larger buffer may even out slow items.',
      family: familyOf(axis, 'up'),
    }));
}

function splits({ survey, setting, diagnosis }: Situation): Move[] {
  const stages = survey.pipelines.flatMap((pipeline) => pipeline.stages.filter(({ splittable }) => splittable));
  return [...new Set(stages.map((stage) => stage.function))]
    .filter((name) => !setting.structure.includes(splitChange(name)))
    .map((name) => {
      const isBottleneck = diagnosis.bottleneck?.stage.function === name;
      return {
        values: {},
        structure: [splitChange(name)],
        gain: isBottleneck ? 0.12 : FAINT / 2,
        why: `\`${name}\` both waits and computes: as two stages, the waiting no longer holds up the computing.`,
        family: splitChange(name),
      };
    });
}
