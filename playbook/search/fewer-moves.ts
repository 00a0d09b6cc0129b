/**
 * Moves towards fewer tasks at a time: oversubscribed stages, full cores, the interpreter's lock, a disturbed training
 * step.
 */
import { type Axis, axisValue } from './axes.js';
import { isIn, type Pool, poolsOf, useOf } from './pools.js';
import { clampTo, familyOf, type Move } from './scored-moves.js';
import type { Setting } from './settings.js';
import { FAINT, type Situation } from './situation.js';

/** From this use of all cores on, more tasks cannot get more done. */
const CPU_FULL = 0.85;
const MAKES_QUEUE = 0.3;
/** Lower values: by themselves, and all together, because what stands in the way is the sum of busy threads. */
export function fewer(situation: Situation): Move[] {
  const { axes, setting, diagnosis, cpuUse, cpuCores, headroom } = situation;
  const pools = poolsOf(situation.survey, axes, setting);
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
    if (cpuFull && value > cpuCores!)
      return { gain: 0.1, why: 'The cores are full: more tasks than cores get no more done, and switch.' };
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
    // Tasks that wait hold a thread, too: a pool for fewer than are under way makes them queue.
    const pool = pools.find((each) => each.axis === axis);
    const underWay = pool && !diagnosis.gilBound ? (useOf(pool, diagnosis)?.busy ?? 0) : 0;
    const to = (target: number, factor: number): Move => ({
      values: consistent(pools, axes, setting, { [axis.knob.id]: clampTo(axis, target) }),
      structure: [],
      gain: gain * factor * (target < underWay ? MAKES_QUEUE : 1),
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
function consistent(
  pools: readonly Pool[],
  axes: readonly Axis[],
  setting: Setting,
  values: Record<string, number>,
): Record<string, number> {
  const pool = pools.find(({ axis }) => axis?.role === 'threads' && axis.knob.id in values);
  if (!pool?.axis) return values;
  const bound = pool.axis;
  const threads = values[bound.knob.id]!;
  const lowered = axes.filter(
    (axis) =>
      axis.role === 'concurrency' &&
      axisValue(axis, setting) > threads &&
      isIn(pool, axis) &&
      isPoolBound(axis, bound, setting),
  );
  return { ...values, ...Object.fromEntries(lowered.map((axis) => [axis.knob.id, threads])) };
}

/** A concurrency above the pool's size before was not the pool's to serve (a coroutine stage), and stays. */
function isPoolBound(axis: Axis, pool: Axis, setting: Setting): boolean {
  return axisValue(axis, setting) <= axisValue(pool, setting);
}
