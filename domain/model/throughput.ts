/**
 * The throughput of a joint setting by one reading of a pipeline (a draw): the least of what each stage, the pool of
 * threads, the cores, the interpreter's lock and the training step allow.
 */
import type { JointSetting } from './operating-point.js';
import { taskSeconds } from './service-curve.js';

/** What is shared, and how: one for all stages. */
export interface Sharing {
  /** Threads of a full pool go to the stages by their concurrency, or, if false, by what they need. */
  isEven: boolean;
  /** Slowdown of what computes for each task at work beyond the cores. */
  switching: number;
}

export interface PipelineFacts {
  /** Tasks for each item of the training loop; a stage with an executor of its own needs no thread of the pool. */
  stages: { stage: string; tasksPerItem: number; hasOwnExecutor: boolean }[];
  cores: number | null;
  /** Share of the tasks in flight that compute, the others wait; 0 to 1. */
  computing: number;
}

export interface Draw extends Sharing {
  /** Of each stage, seconds of a task with 1, 2, … at a time. */
  times: Readonly<Record<string, readonly number[]>>;
  /** Seconds of the training step for an item while no task runs, and its slowdown by each that computes. */
  stepS: number | null;
  disturbance: number;
  /** Core seconds for an item, and seconds under the interpreter's lock, where that is what bounds. */
  cpuS: number | null;
  lockS: number | null;
  /** Share of the throughput that uneven items cost with nothing buffered. */
  unevenness: number;
}

/** How sharply the least capacity bounds: two equal ones cost each other some throughput. */
const SHARPNESS = 12;

/** How a setting loads what is shared. */
interface UseOfPool {
  /** Of the threads that the tasks want, those that there are; 0 to 1. */
  share: number;
  /** Tasks that may compute at a time. */
  computing: number;
}

function useOfPool({ stages, computing }: PipelineFacts, isEven: boolean, { tasks, threads }: JointSetting): UseOfPool {
  let shared = 0;
  let own = 0;
  for (const { stage, hasOwnExecutor } of stages) {
    const allowed = tasks[stage] ?? 1;
    if (hasOwnExecutor) own += allowed;
    else shared += allowed;
  }
  const pool = Math.min(shared, threads ?? shared);
  return { share: isEven && shared > 0 ? pool / shared : 1, computing: computing * (pool + own) };
}

/** Tasks of a stage at work at a time, once the pool's threads are shared. */
function activeOf(
  { stage, hasOwnExecutor }: PipelineFacts['stages'][number],
  share: number,
  { tasks, threads }: JointSetting,
): number {
  const allowed = tasks[stage] ?? 1;
  return hasOwnExecutor ? allowed : Math.min(allowed * share, threads ?? allowed);
}

/** Tasks at work at a time in each stage. */
export function activeTasks(
  facts: PipelineFacts,
  { isEven }: Pick<Sharing, 'isEven'>,
  setting: JointSetting,
): number[] {
  const { share } = useOfPool(facts, isEven, setting);
  return facts.stages.map((stage) => activeOf(stage, share, setting));
}

/** Tasks that may compute at a time. */
export function computingTasks(
  facts: PipelineFacts,
  { isEven }: Pick<Sharing, 'isEven'>,
  setting: JointSetting,
): number {
  return useOfPool(facts, isEven, setting).computing;
}

/** By how much tasks that compute are slowed down, because they are more than the cores. */
export function crowding(facts: PipelineFacts, { isEven, switching }: Sharing, setting: JointSetting): number {
  if (facts.cores === null) return 1;
  return 1 + switching * Math.max(0, useOfPool(facts, isEven, setting).computing - facts.cores);
}

/** Items a second that each stage can make by itself. */
export function stageCapacities(facts: PipelineFacts, draw: Draw, setting: JointSetting): number[] {
  const { share } = useOfPool(facts, draw.isEven, setting);
  const crowded = crowding(facts, draw, setting);
  return facts.stages.map((stage) => {
    const times = draw.times[stage.stage];
    const tasks = activeOf(stage, share, setting);
    return times ? tasks / (taskSeconds(times, tasks) * crowded * stage.tasksPerItem) : Number.POSITIVE_INFINITY;
  });
}

/** Items a second. */
export function throughput(facts: PipelineFacts, draw: Draw, setting: JointSetting): number {
  const { computing } = useOfPool(facts, draw.isEven, setting);
  const crowded = crowding(facts, draw, setting);
  const bounds = stageCapacities(facts, draw, setting);
  if (!draw.isEven) bounds.push(poolCapacity(facts, draw, setting) / crowded);
  if (draw.cpuS !== null && facts.cores !== null) bounds.push(facts.cores / (draw.cpuS * crowded));
  if (draw.lockS !== null) bounds.push(1 / (draw.lockS * crowded));
  if (draw.stepS !== null) bounds.push(1 / (draw.stepS * (1 + draw.disturbance * computing)));
  let least = Number.POSITIVE_INFINITY;
  for (const bound of bounds) least = Math.min(least, bound);
  let together = 0;
  for (const bound of bounds) together += (least / bound) ** SHARPNESS;
  const evenness = setting.buffer === null ? 1 : 1 - draw.unevenness / (1 + setting.buffer);
  return least * together ** (-1 / SHARPNESS) * evenness;
}

/** By Little's law the threads at work are the rate times the seconds for which an item needs one. */
function poolCapacity({ stages }: PipelineFacts, draw: Draw, { tasks, threads }: JointSetting): number {
  if (threads === null) return Number.POSITIVE_INFINITY;
  let seconds = 0;
  for (const { stage, tasksPerItem, hasOwnExecutor } of stages) {
    const times = draw.times[stage];
    if (!hasOwnExecutor && times) seconds += tasksPerItem * taskSeconds(times, Math.min(tasks[stage] ?? 1, threads));
  }
  return threads / Math.max(seconds, 1e-9);
}
