/**
 * A pipeline on paper: stages with their own best concurrency, a shared pool of threads, few cores, an interpreter's
 * lock, a batch overhead, and noise. It gives the evidence that a real run of it would leave. Deterministic for a seed.
 */
import type { BuiltPipeline, Evidence, StageStatistics } from '../../domain/evidence/evidence.js';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';

export interface SimulatedStage {
  name: string;
  /** Milliseconds an item: waiting (storage, network), computing on a core, computing under the interpreter's lock. */
  waitMs: number;
  cpuMs: number;
  gilMs: number;
  /** Slowdown for each task beyond `goodUpTo` (a disk, a decoder's own threads). */
  crowding: number;
  goodUpTo: number;
  /**
   * In place of all that: it waits in an executor of its own, so many milliseconds for a task with that many in flight.
   */
  service?: Service;
}

export interface SimulatedPipeline {
  name: string;
  stages: SimulatedStage[];
  cores: number;
  /** Milliseconds a batch: fixed, and for each sample. */
  batchMs: number;
  sampleMs: number;
  /** Share by which each busy thread slows down the training step. */
  disturbance: number;
  /** Share of throughput lost to uneven items with a sink buffer of 1. */
  jitter: number;
  /** Relative standard deviation of a measurement. */
  noise: number;
  /** Of a stage that does two things one after the other: what it is once `split_stage` has made two of it. */
  split?: { stage: string; halves: readonly [SimulatedStage, SimulatedStage] };
}

/** The pipeline once its stage is split. */
export function splitPipeline(pipeline: SimulatedPipeline): SimulatedPipeline {
  const { split, ...rest } = pipeline;
  const stages = pipeline.stages.flatMap((stage) => (stage.name === split?.stage ? split.halves : [stage]));
  return { ...rest, stages };
}

type Service = (inFlight: number) => number;

/**
 * Milliseconds of a task that does one thing and then another: as many tasks as keep both at the same rate are at each.
 */
export function oneAfterTheOther(first: Service, second: Service): Service {
  return (tasks) => {
    // Tasks at the first: the more there are, the fewer are left to keep up with them.
    let [fewer, more] = [0, tasks];
    for (let i = 0; i < 40; i += 1) {
      const at = (fewer + more) / 2;
      if (at / first(Math.max(1, at)) < (tasks - at) / second(Math.max(1, tasks - at))) fewer = at;
      else more = at;
    }
    return first(Math.max(1, fewer)) + second(Math.max(1, tasks - fewer));
  };
}

export interface SimulatedSetting {
  concurrency: Record<string, number>;
  threads: number;
  batch: number;
  buffer: number;
  /** Data comes from a cache: the ceiling. */
  cached?: boolean;
}

interface Operation {
  /** Samples a second. */
  rate: number;
  trainerRate: number;
  stageRates: number[];
  taskMs: number[];
  cpuPct: number;
}

/** Without noise. Found by iterating the load until the rate settles. */
export function operate(pipeline: SimulatedPipeline, setting: SimulatedSetting): Operation {
  const perSampleMs = pipeline.sampleMs + pipeline.batchMs / setting.batch;
  let operation = step(pipeline, setting, perSampleMs, 0);
  let rate = operation.rate;
  for (let i = 0; i < 60; i += 1) {
    operation = step(pipeline, setting, perSampleMs, rate);
    rate = 0.7 * rate + 0.3 * operation.rate;
  }
  return { ...operation, rate };
}

function step(pipeline: SimulatedPipeline, setting: SimulatedSetting, perSampleMs: number, rate: number): Operation {
  if (setting.cached) {
    const trainerRate = 1000 / perSampleMs;
    return { rate: trainerRate, trainerRate, stageRates: [], taskMs: [], cpuPct: 20 };
  }
  const concurrency = pipeline.stages.map(({ name }) => setting.concurrency[name] ?? 1);
  const total = concurrency.reduce((sum, each, i) => sum + (pipeline.stages[i]!.service ? 0 : each), 0);
  const share = Math.min(1, setting.threads / total);
  const active = concurrency.map((c) => c * share);
  const working = pipeline.stages.reduce((sum, { waitMs, cpuMs, gilMs, service }, i) => {
    const work = cpuMs + gilMs;
    return service ? sum : sum + active[i]! * (work / Math.max(1e-9, work + waitMs));
  }, 0);
  const switching = 1 + 0.04 * Math.max(0, working - pipeline.cores);
  const taskMs = pipeline.stages.map((stage, i) => {
    if (stage.service) return stage.service(tasksInFlight(stage.service, rate, concurrency[i]!));
    const crowd = 1 + stage.crowding * Math.max(0, active[i]! - stage.goodUpTo);
    return (stage.waitMs * crowd + (stage.cpuMs * crowd + stage.gilMs) * switching) / share;
  });
  const cpuDemandMs = pipeline.stages.reduce((sum, s) => sum + s.cpuMs + s.gilMs, 0) * switching;
  const gilDemandMs = pipeline.stages.reduce((sum, s) => sum + s.gilMs, 0) * switching;
  const stageRates = taskMs.map(
    (ms, i) => (1000 * concurrency[i]!) / (pipeline.stages[i]!.service?.(concurrency[i]!) ?? ms),
  );
  const coresRate = (1000 * pipeline.cores) / Math.max(1e-9, cpuDemandMs);
  const gilRate = 1000 / Math.max(1e-9, gilDemandMs);
  const busy = Math.min(
    working,
    setting.threads,
    pipeline.stages.reduce((sum, s) => sum + (rate * (s.cpuMs + s.gilMs)) / 1000, 0) + 0.2 * working,
  );
  const trainerRate = 1000 / (perSampleMs * (1 + pipeline.disturbance * busy));
  const loss = 1 - pipeline.jitter / (1 + setting.buffer);
  const loaderRate = Math.min(...stageRates, coresRate, gilRate);
  const smooth = 1 / (loaderRate ** -8 + trainerRate ** -8) ** (1 / 8);
  return {
    rate: smooth * loss,
    trainerRate,
    stageRates: stageRates.map((r) => Math.min(r, coresRate, gilRate)),
    taskMs,
    cpuPct: Math.min(100 * pipeline.cores, (smooth * cpuDemandMs) / 10 + 15),
  };
}

/** A stage that holds up the others has all that it may have in flight, one that waits as few as the rate needs. */
function tasksInFlight(service: (inFlight: number) => number, rate: number, allowed: number): number {
  const isEnough = (tasks: number) => (1000 * tasks) / service(tasks) >= HOLDS_UP * rate;
  if (!isEnough(allowed)) return allowed;
  for (let tasks = 1; tasks < allowed; tasks += 1) if (isEnough(tasks)) return tasks;
  return allowed;
}

/** Of the throughput: a stage that can do no more than that is what holds it up. */
const HOLDS_UP = 1.05;

export type Random = () => number;

/** mulberry32: small, seeded, good enough for noise. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** One noisy run as evidence. */
export function runSimulation(
  nodeId: string,
  pipeline: SimulatedPipeline,
  setting: SimulatedSetting,
  random: Random,
): Evidence {
  const operation = operate(pipeline, setting);
  const rate = operation.rate * Math.exp(pipeline.noise * normal(random));
  const stepMs = (1000 * setting.batch) / rate;
  const computeMs = Math.min(stepMs, (1000 * setting.batch) / operation.trainerRate);
  return {
    nodeId,
    metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: rate, steady_step_time_ms: stepMs },
    sources: { throughput_samples_per_s: 'parsed', steady_step_time_ms: 'derived' },
    steps: { count: 100, stepMs, fetchMs: stepMs - computeMs, computeMs, batchSize: setting.batch },
    stages: setting.cached ? [] : stagesOf(pipeline, setting, operation, rate),
    ...(setting.cached ? {} : { built: builtOf(pipeline, setting) }),
    system: {
      cpuCores: pipeline.cores,
      cpuPct: operation.cpuPct,
      peakRssMb: 500,
      smPct: null,
      steadySmPct: null,
      gpuMemoryMb: null,
    },
    findings: [],
  };
}

function builtOf({ stages }: SimulatedPipeline, { threads, buffer, concurrency }: SimulatedSetting): BuiltPipeline[] {
  const own = stages.flatMap(({ name, service }) =>
    service ? [{ stage: name, setting: 'executor' as const, value: concurrency[name] ?? 1 }] : [],
  );
  return own.length === 0
    ? []
    : [{ pipeline: 0, threads, settings: [...own, { stage: 'sink', setting: 'buffer', value: buffer }] }];
}

function stagesOf(p: SimulatedPipeline, setting: SimulatedSetting, op: Operation, rate: number): StageStatistics[] {
  // A queue is full when what comes after it is slower than what comes before it.
  const occupation = (i: number) => {
    const before = Math.min(Number.POSITIVE_INFINITY, ...op.stageRates.slice(0, i));
    const after = Math.min(op.trainerRate, ...op.stageRates.slice(i));
    const ratio = Number.isFinite(before) ? before / after : 9;
    return 1 / (1 + ratio ** -12);
  };
  const row = (index: number, name: string, concurrency: number, aveTimeS: number | null): StageStatistics => ({
    name: `pipeline:0:${index}:${name}[${concurrency}]`,
    pipeline: 0,
    index,
    function: name,
    concurrency,
    aveTimeS,
    numTasks: aveTimeS === null ? null : 1000,
    numFailures: aveTimeS === null ? null : 0,
    qps: rate,
    putS: null,
    getS: null,
    occupationRate: occupation(index),
    isSink: name === 'sink',
  });
  return [
    row(0, 'src', 1, null),
    ...p.stages.map((stage, i) => row(i + 1, stage.name, setting.concurrency[stage.name] ?? 1, op.taskMs[i]! / 1000)),
    row(p.stages.length + 1, 'sink', 1, null),
  ];
}
