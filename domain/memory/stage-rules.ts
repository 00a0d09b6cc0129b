/**
 * The rules for reading SPDL's stage statistics: which stage holds the others up, whether threads are short, whether
 * the model's compute is the limit, and whether more concurrency would only make tasks slower. What they mean in words
 * is in stage-sentences.ts.
 */
import type { BuiltPipeline, StageStatistics, SystemUse } from '../evidence/evidence.js';
import { executorsOf, poolOf, type StageGroup, stageGroups } from './stage-groups.js';

/** A queue that holds an item for this share of the time is full enough: who takes from it never waits long. */
const FULL = 0.7;
const EMPTY = 0.3;
/** From this data readiness on, the training loop and not the pipeline sets the pace. */
const READY = 0.95;
/** Below this share of a step spent on fetching, a faster pipeline cannot gain what can be measured. */
const SMALL_FETCH_SHARE = 0.03;
/** A task that spends this share of its time on waiting for a thread is held up by others, and holds up nobody. */
const MOSTLY = 0.5;
/** All slots of a stage are busy nearly always. */
const SATURATED = 0.85;

export interface StageReading {
  stage: StageStatistics;
  /** Tasks under way at a time on average (rate x execution time); a task that waits for a thread counts. */
  busyTasks: number | null;
  /** Share of a task's time in which it only waits for a thread of the pool, 0 to 1; null where it was not measured. */
  threadWaitShare: number | null;
  /** Tasks that work over those that may at a time (its concurrency, or its own executor's workers), 0 to 1. */
  utilisation: number | null;
  /** Working time over tasks at a time: the least seconds that the stage needs for an item. */
  bestItemS: number | null;
  inputOccupation: number | null;
  outputOccupation: number | null;
  condition:
    | 'bottleneck'
    | 'waits for a thread'
    | 'waits for input'
    | 'waits for room in its output'
    | 'keeps up'
    | 'unknown';
}

export type Limit = 'compute' | 'stage' | 'threads' | 'source' | 'unknown';

export interface Diagnosis {
  limit: Limit;
  /** The stage that holds the others up, when a stage does. */
  bottleneck: StageReading | null;
  stages: StageReading[];
  /** 0 to 1. */
  dataReadiness: number | null;
  /** Share of a steady step that the loop waits for data, 0 to 1. */
  fetchShare: number | null;
  /** Of the pipeline that is short of threads, else of the one that feeds the training loop. */
  threads: ThreadUse | null;
  /** Of each pipeline whose pool is known. */
  pools: ThreadUse[];
  /** One core is busy while several tasks are under way: threads take turns at the interpreter's lock. */
  gilBound: boolean;
  /** Stages that would be no slower with less concurrency. */
  oversubscribed: { stage: StageStatistics; reason: 'no faster than with less' | 'more tasks than cores' }[];
  /** Functions of stages whose tasks hold each other up: with more of them a run was no faster than with fewer. */
  contended: string[];
}

export interface ThreadUse {
  /** Functions of the stages that share the threads. */
  stages: string[];
  busy: number;
  available: number;
  wanted: number;
  starved: boolean;
}

export interface RunReading {
  stages: readonly StageStatistics[];
  system: SystemUse;
  steps: { stepMs: number | null; fetchMs: number | null; computeMs: number | null };
  /**
   * Threads of the pipeline's pool as the code says it; null when unknown. What the probe saw being built counts first.
   */
  numThreads: number | null;
  built?: readonly BuiltPipeline[];
  /** How many processes run such a pipeline side by side, while `system` is of all of them; absent for one. */
  processes?: number;
  /** Stage statistics of other runs of the same pipeline, for comparison. */
  others?: readonly (readonly StageStatistics[])[];
}

export function diagnose(run: RunReading): Diagnosis {
  const built = run.built ?? [];
  const groups = stageGroups(run.stages);
  const read = groups.map((group) => readStages(group, executorsOf(group, built)));
  const stages = read.flat();
  const sink = stages.find(({ stage }) => stage.isSink)?.stage;
  const dataReadiness = sink?.occupationRate ?? null;
  const { stepMs, fetchMs } = run.steps;
  const fetchShare = stepMs !== null && fetchMs !== null && stepMs > 0 ? Math.min(1, fetchMs / stepMs) : null;
  const pools = groups.flatMap((group, i) => {
    // What the code says is said of one pipeline; which of several it is meant for is not known here.
    const available = poolOf(group, built) ?? (groups.length === 1 ? run.numThreads : null);
    return threadUse(read[i]!, available, executorsOf(group, built)) ?? [];
  });
  const threads = pools.find(({ starved }) => starved) ?? pools[0] ?? null;
  const computeBound =
    (fetchShare !== null && fetchShare < SMALL_FETCH_SHARE) ||
    (dataReadiness !== null && dataReadiness >= READY && (fetchShare === null || fetchShare < 5 * SMALL_FETCH_SHARE));
  const bottleneck = computeBound ? null : (read.map(findBottleneck).find((found) => found !== null) ?? null);
  if (bottleneck) bottleneck.condition = 'bottleneck';
  return {
    limit: limitOf(computeBound, threads?.starved ?? false, bottleneck, stages),
    bottleneck,
    stages,
    dataReadiness,
    fetchShare,
    threads,
    pools,
    gilBound: isGilBound(run, stages),
    oversubscribed: oversubscribedStages(stages, run),
    contended: contendedStages(stages, run),
  };
}

function limitOf(computeBound: boolean, starved: boolean, bottleneck: StageReading | null, all: StageReading[]): Limit {
  if (computeBound) return 'compute';
  if (starved) return 'threads';
  if (bottleneck) return 'stage';
  const source = all[0];
  return source && source.stage.index === 0 && (source.outputOccupation ?? 1) < EMPTY ? 'source' : 'unknown';
}

function readStages({ stages }: StageGroup, executors: ReadonlyMap<string, number>): StageReading[] {
  return stages.map((stage, i) => {
    const before = stages[i - 1];
    // What the stage takes in a second is what leaves the queue before it; its own queue counts what it puts out.
    const taskRate = before?.qps ?? stage.qps;
    const busyTasks = taskRate !== null && stage.aveTimeS !== null ? taskRate * stage.aveTimeS : null;
    const inputOccupation = before?.occupationRate ?? null;
    const outputOccupation = stage.occupationRate;
    const waits = stage.threadWaitS ?? null;
    const threadWaitShare =
      waits === null || stage.aveTimeS === null || stage.aveTimeS <= 0 ? null : Math.min(1, waits / stage.aveTimeS);
    const works = 1 - (threadWaitShare ?? 0);
    const atATime = Math.min(stage.concurrency, executors.get(stage.function) ?? Number.POSITIVE_INFINITY);
    return {
      stage,
      busyTasks,
      threadWaitShare,
      utilisation: busyTasks === null ? null : Math.min(1, (busyTasks * works) / atATime),
      bestItemS: stage.aveTimeS === null ? null : (stage.aveTimeS * works) / atATime,
      inputOccupation,
      outputOccupation,
      condition:
        threadWaitShare !== null && threadWaitShare >= MOSTLY
          ? 'waits for a thread'
          : conditionOf(inputOccupation, outputOccupation),
    };
  });
}

function conditionOf(input: number | null, output: number | null): StageReading['condition'] {
  if (output === null) return 'unknown';
  if (output >= FULL) return 'waits for room in its output';
  if (input !== null && input < EMPTY) return 'waits for input';
  return 'keeps up';
}

/** The last stage that finds its input full and leaves its output empty; without queue readings, the busiest stage. */
function findBottleneck(stages: readonly StageReading[]): StageReading | null {
  const workers = stages.filter(
    ({ stage, condition }) => stage.aveTimeS !== null && condition !== 'waits for a thread',
  );
  const held = workers.filter(
    ({ inputOccupation, outputOccupation }) => (inputOccupation ?? 0) >= FULL && (outputOccupation ?? 1) < FULL,
  );
  if (held.length > 0) return held.at(-1)!;
  const busiest = [...workers].sort((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0))[0];
  if (busiest && (busiest.utilisation ?? 0) >= SATURATED) return busiest;
  // Where others queue for its threads, the stage that works most is what they wait for.
  const hasWaiting = stages.some(({ condition }) => condition === 'waits for a thread');
  return busiest && hasWaiting && (busiest.utilisation ?? 0) >= MOSTLY ? busiest : null;
}

function threadUse(
  stages: readonly StageReading[],
  available: number | null,
  executors: ReadonlyMap<string, number>,
): ThreadUse | null {
  const workers = stages.filter(({ stage, busyTasks }) => busyTasks !== null && !executors.has(stage.function));
  if (available === null || workers.length === 0) return null;
  const busy = workers.reduce((sum, { busyTasks }) => sum + busyTasks!, 0);
  const wanted = workers
    // A stage that costs next to nothing (collating, batching) needs no thread of its own.
    .filter(({ busyTasks }) => busyTasks! > 0.05)
    .reduce((sum, { stage }) => sum + stage.concurrency, 0);
  const names = workers.map(({ stage }) => stage.function);
  return { stages: names, busy, available, wanted, starved: wanted > available && busy >= 0.9 * available };
}

function isGilBound({ system, processes = 1 }: RunReading, stages: readonly StageReading[]): boolean {
  const { cpuPct, cpuCores } = system;
  const busy = stages.reduce((sum, { busyTasks }) => sum + (busyTasks ?? 0), 0);
  const ofOne = cpuPct === null ? null : cpuPct / processes;
  return ofOne !== null && ofOne >= 80 && ofOne <= 125 && (cpuCores ?? 2) >= 2 * processes && busy >= 1.7;
}

function oversubscribedStages(stages: readonly StageReading[], run: RunReading): Diagnosis['oversubscribed'] {
  return stages.flatMap((reading): Diagnosis['oversubscribed'] => {
    const { stage } = reading;
    if (stage.concurrency < 2 || stage.aveTimeS === null || (reading.busyTasks ?? 0) < 1) return [];
    const slower = (run.others ?? []).some((other) =>
      stageGroups(other).some((group) => group.stages.some((before) => isNoFasterThan(stage, before))),
    );
    if (slower) return [{ stage, reason: 'no faster than with less' }];
    const { cpuPct, cpuCores } = run.system;
    const cpuFull = cpuPct !== null && cpuCores !== null && cpuPct >= 85 * cpuCores;
    const busy = (reading.busyTasks ?? 0) * (run.processes ?? 1);
    return cpuFull && busy > 1.5 * cpuCores ? [{ stage, reason: 'more tasks than cores' }] : [];
  });
}

function contendedStages(stages: readonly StageReading[], { others = [] }: RunReading): string[] {
  const elsewhere = others.flatMap((other) => stageGroups(other).flatMap((group) => group.stages));
  return stages.flatMap(({ stage }) =>
    elsewhere.some((other) => isNoFasterThan(stage, other) || isNoFasterThan(other, stage)) ? [stage.function] : [],
  );
}

/** With more concurrency, the time of a task grew as much: nothing was won by it. */
function isNoFasterThan(stage: StageStatistics, before: StageStatistics): boolean {
  if (stage.function !== before.function || stage.concurrency <= before.concurrency) return false;
  if (stage.aveTimeS === null || before.aveTimeS === null || before.aveTimeS <= 0) return false;
  return stage.aveTimeS / before.aveTimeS >= 0.95 * (stage.concurrency / before.concurrency);
}
