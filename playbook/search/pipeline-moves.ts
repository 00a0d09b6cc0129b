/**
 * Moves that the stage statistics of the incumbent suggest: more where a stage holds the others up, threads where they
 * are short, fewer where tasks stand in each other's way (fewer-moves.ts).
 */
import type { Diagnosis, StageReading } from '../../domain/memory/stage-rules.js';
import { milliseconds } from '../../domain/memory/stage-sentences.js';
import { splitChange } from '../changes.js';
import { type Axis, axisValue } from './axes.js';
import { fewer } from './fewer-moves.js';
import { isIn, type Pool, poolsOf, useOf, withThreads } from './pools.js';
import { clampTo, familyOf, type Move } from './scored-moves.js';
import { FAINT, type Situation } from './situation.js';

/** Room for the unevenness of tasks when a concurrency is computed from means. */
const SLACK = 1.15;
/** A loop that waits for data for more than this share of a step has something to gain from its pipeline. */
const CLEAR_WAIT = 0.1;
const BUSY_ALL_THE_TIME = 0.85;

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
      const step = (factor: number, worth: number, why: string): Move => {
        const raised = raisedTogether(situation, { [axis.knob.id]: clampTo(axis, now * factor) });
        return {
          ...raised,
          structure: [],
          gain: isHeldByPool(situation, axis, raised.values) ? 0 : worth * (oversubscribed ? 0.3 : 1),
          why,
          family: familyOf(axis, 'up'),
        };
      };
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
      // Statistics name a stage otherwise where it was split since, and the others are measured.
      const shown =
        use > 0
          ? `\`${label}\` is busy ${(use * 100).toFixed(0)}% of the time`
          : `Nothing shows how busy \`${label}\` is`;
      return [step(2, FAINT * use, `${shown}: a little more room may smooth it.`)];
    });
}

/** More tasks than threads only queue, where the threads that a stage shares are all in use and stay as many. */
function isHeldByPool({ survey, axes, setting, diagnosis }: Situation, axis: Axis, values: Move['values']): boolean {
  const pool = poolsOf(survey, axes, setting).find((each) => isIn(each, axis));
  if (!pool || pool.axis === axis || useOf(pool, diagnosis)?.starved !== true) return false;
  return pool.axis === null || (values[pool.axis.knob.id] ?? 0) <= (pool.size ?? Number.POSITIVE_INFINITY);
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
      const needed = clampTo(axis, Math.ceil(busy * working(situation, axis) * factor * SLACK));
      if (needed > axisValue(axis, setting)) values[axis.knob.id] = needed;
    }
    const move = raisedTogether(situation, values);
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

/**
 * Share of the tasks under way that work. While tasks wait for a thread their execution time contains the wait, so less
 * concurrency is needed than it says; where the wait was not measured, the pool's size tells how many can work.
 */
function working({ diagnosis }: Situation, axis: Axis): number {
  const waits = readingsOf(axis, diagnosis).flatMap(({ threadWaitShare }) => threadWaitShare ?? []);
  if (waits.length > 0) return 1 - Math.min(...waits);
  const { threads } = diagnosis;
  return threads?.starved && threads.busy > threads.available ? threads.available / threads.busy : 1;
}

function threadsUp(situation: Situation): Move[] {
  const { survey, axes, setting } = situation;
  return poolsOf(survey, axes, setting).flatMap((pool) => (pool.axis ? moreThreads(situation, pool, pool.axis) : []));
}

function moreThreads(situation: Situation, pool: Pool, axis: Axis): Move[] {
  const { setting, diagnosis } = situation;
  const now = axisValue(axis, setting);
  const threads = useOf(pool, diagnosis);
  const gain = possibleGain(situation);
  const move = (value: number, worth: number, why: string): Move => ({
    values: { [axis.knob.id]: clampTo(axis, value) },
    structure: [],
    gain: worth,
    why,
    family: familyOf(axis, 'up'),
  });
  if (threads?.starved && axis.role === 'concurrency') {
    const why = `The stages want ${threads.wanted} threads and share ${threads.available}; one number sets the threads and the concurrency of \`${axis.stages[0] ?? axis.knob.id}\`.`;
    return [move(now * 2, 0.6 * Math.min(gain, 1), why), move(now * 4, 0.55 * Math.min(gain, 3), why)];
  }
  if (threads?.starved) {
    const why = `The stages want ${threads.wanted} threads and share ${threads.available}: as many as they want should let them run side by side.`;
    const worth = 0.6 * Math.min(gain, threads.wanted / threads.available - 1);
    return [move(threads.wanted, Math.max(FAINT, worth), why), move(now * 2, Math.max(FAINT, 0.8 * worth), why)];
  }
  if (axis.role !== 'threads') return [];
  const unknown = threads === null;
  return [
    move(now * 2, (unknown ? 0.1 : FAINT / 2) * Math.min(1, gain), 'More threads may let stages run side by side.'),
  ];
}

function raisedTogether(situation: Situation, values: Record<string, number>): { values: Record<string, number> } {
  const { survey, axes, setting } = situation;
  return { values: withThreads(poolsOf(survey, axes, setting), axes, setting, values) };
}

function buffers({ axes, setting, diagnosis, headroom }: Situation): Move[] {
  const uneven = diagnosis.dataReadiness !== null && diagnosis.dataReadiness > 0.5 && diagnosis.dataReadiness < 0.95;
  // The loop waits, and yet no stage is busy all the time: what it waits for are single slow items.
  const known = diagnosis.stages.filter(({ utilisation }) => utilisation !== null);
  const waitsForSlowItems =
    (diagnosis.fetchShare ?? 0) > CLEAR_WAIT &&
    known.length > 0 &&
    known.every(({ utilisation }) => utilisation! < BUSY_ALL_THE_TIME);
  const waitGain = waitsForSlowItems ? 0.3 * Math.min(1, headroom - 1) : 0;
  return axes
    .filter(({ role }) => role === 'buffer')
    .map((axis) => ({
      values: { [axis.knob.id]: clampTo(axis, axisValue(axis, setting) * 4) },
      structure: [],
      gain: Math.max(uneven ? 0.08 : FAINT / 2, waitGain),
      why: waitsForSlowItems
        ? 'The loop waits for data although no stage is busy all the time: a larger buffer evens out slow items.'
        : uneven
          ? 'Data is ready most of the time but not always: a larger buffer evens out slow items.'
          : 'A larger buffer may even out slow items.',
      family: familyOf(axis, 'up'),
    }));
}

/** Of the tasks that a stage has, for a first half whose tasks hold each other up. */
const FEW = 1 / 3;

function splits({ survey, setting, diagnosis, headroom }: Situation): Move[] {
  const stages = survey.pipelines.flatMap((pipeline) => pipeline.stages.filter(({ splittable }) => splittable));
  return [...new Set(stages.map((stage) => stage.function))]
    .filter((name) => !setting.structure.some((change) => change.split(' ')[0] === splitChange(name)))
    .map((name) => {
      const isBottleneck = diagnosis.bottleneck?.stage.function === name;
      const tasks = diagnosis.bottleneck?.stage.concurrency ?? 1;
      const move = { values: {}, family: splitChange(name) };
      if (isBottleneck && tasks > 1 && diagnosis.contended.includes(name)) {
        return {
          ...move,
          structure: [splitChange(name, Math.min(tasks, Math.max(3, Math.round(FEW * tasks))))],
          gain: 0.5 * Math.max(0, Math.min(1, headroom - 1)),
          why: `\`${name}\` does two things, and its tasks hold each other up: as two stages, each has as many as suit it.`,
        };
      }
      return {
        ...move,
        structure: [splitChange(name)],
        gain: isBottleneck ? 0.12 : FAINT / 2,
        why: `\`${name}\` both waits and computes: as two stages, the waiting no longer holds up the computing.`,
      };
    });
}
