/** What one job tells of its pipeline: how it was set, how fast it went, and what each stage did meanwhile. */
import type { Evidence, StageStatistics } from '../evidence/evidence.js';
import { readingOf } from '../memory/run-reading.js';
import { executorsOf, mainGroups, poolOf } from '../memory/stage-groups.js';
import { diagnose } from '../memory/stage-rules.js';

/** How a pipeline is set, as far as the model knows it. */
export interface JointSetting {
  /** Tasks that a stage may have under way, by its function: no more than the workers of an executor of its own. */
  tasks: Readonly<Record<string, number>>;
  /** Of the pool that the stages without an executor of their own share; null where it is not known. */
  threads: number | null;
  /** Items that the sink holds; null where it is not known. */
  buffer: number | null;
}

export interface StagePoint {
  stage: string;
  /** Tasks for each item that the training loop takes: one, or one for each batch. */
  tasksPerItem: number;
  /** Of a task, from its start, the wait for a thread left out where that was measured. */
  seconds: number;
  isWaitMeasured: boolean;
  /** At work at a time on average: rate times seconds. */
  inFlight: number;
  hasOwnExecutor: boolean;
}

export interface OperatingPoint {
  nodeId: string;
  /** Items a second: samples, or steps where the job does not tell its samples. */
  rate: number;
  setting: JointSetting;
  stages: StagePoint[];
  /** Seconds for each item of the training step itself; null when unknown. */
  stepS: number | null;
  /** Of one process that trains, as the stages are: its share of the machine's. */
  cores: number | null;
  /** Cores that such a process kept busy. */
  coresBusy: number | null;
  gilBound: boolean;
}

const BUFFER_OF = 'sink';

/** Null where the job has no rate or no stage of its pipeline was timed. `known` counts before what the probe saw. */
export function operatingPoint(evidence: Evidence, known: Partial<JointSetting> = {}): OperatingPoint | null {
  const { metrics, steps, system, built = [] } = evidence;
  const samples = metrics.throughput_samples_per_s;
  const rate = samples ?? (metrics.steady_step_time_ms ? 1000 / metrics.steady_step_time_ms : null);
  const groups = mainGroups(evidence.stages);
  const executors = new Map(groups.flatMap((group) => [...executorsOf(group, built)]));
  const rows = groups.flatMap(({ stages }) => stages.map((stage, i) => ({ stage, before: stages[i - 1] })));
  const timed = rows.flatMap(({ stage, before }) => stagePoint(stage, before, rate, executors) ?? []);
  if (rate === null || rate <= 0 || timed.length === 0) return null;
  const tasks = Object.fromEntries(
    rows
      .filter(({ stage }) => timed.some((point) => point.stage === stage.function))
      .map(({ stage: { function: name, concurrency } }) => [
        name,
        known.tasks?.[name] ?? Math.min(concurrency, executors.get(name) ?? Number.POSITIVE_INFINITY),
      ]),
  );
  const {
    steps: { computeMs },
    processes = 1,
  } = readingOf(evidence, null);
  const perStep = samples === null ? 1 : steps.stepMs === null ? null : (samples * steps.stepMs) / 1000;
  const diagnosis = diagnose(readingOf(evidence, known.threads ?? null));
  return {
    nodeId: evidence.nodeId,
    rate,
    setting: {
      tasks,
      threads: known.threads ?? groups.map((group) => poolOf(group, built)).find((size) => size !== null) ?? null,
      buffer:
        known.buffer ??
        built.flatMap(({ settings }) => settings).find((each) => each.stage === BUFFER_OF && each.setting === 'buffer')
          ?.value ??
        null,
    },
    stages: timed,
    stepS: computeMs === null || computeMs <= 0 || !perStep ? null : computeMs / 1000 / perStep,
    cores: system.cpuCores === null ? null : system.cpuCores / processes,
    coresBusy: system.cpuPct === null ? null : system.cpuPct / 100 / processes,
    gilBound: diagnosis.gilBound,
  };
}

/** Several jobs of one experiment as one: means of what they measured. At least one. */
export function pooledPoint(points: readonly OperatingPoint[]): OperatingPoint {
  const [first] = points;
  const stages = first!.stages.flatMap((stage): StagePoint[] => {
    const same = points.flatMap((point) => point.stages.find((each) => each.stage === stage.stage) ?? []);
    const pooled = (of: (each: StagePoint) => number) => mean(same.map(of));
    return [
      {
        ...stage,
        tasksPerItem: pooled((each) => each.tasksPerItem),
        seconds: pooled((each) => each.seconds),
        inFlight: pooled((each) => each.inFlight),
      },
    ];
  });
  const known = (of: (point: OperatingPoint) => number | null) => {
    const values = points.flatMap((point) => of(point) ?? []);
    return values.length === 0 ? null : mean(values);
  };
  return {
    ...first!,
    rate: mean(points.map(({ rate }) => rate)),
    stages,
    stepS: known(({ stepS }) => stepS),
    coresBusy: known(({ coresBusy }) => coresBusy),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function stagePoint(
  stage: StageStatistics,
  before: StageStatistics | undefined,
  rate: number | null,
  executors: ReadonlyMap<string, number>,
): StagePoint | null {
  const taskRate = before?.qps ?? stage.qps;
  if (taskRate === null || taskRate <= 0 || rate === null || stage.aveTimeS === null || stage.aveTimeS <= 0)
    return null;
  const seconds = Math.max(stage.aveTimeS - (stage.threadWaitS ?? 0), 0.02 * stage.aveTimeS);
  return {
    stage: stage.function,
    tasksPerItem: taskRate / rate,
    seconds,
    isWaitMeasured: stage.threadWaitS !== undefined,
    inFlight: taskRate * seconds,
    hasOwnExecutor: executors.has(stage.function),
  };
}
