/**
 * What was measured of one run: the deterministic part, made by parsers from logs and metric files
 * (runs/<node_id>/evidence.json). An agent interprets it and never replaces it.
 */
import type { OtherContent } from '../verdict/source-proof.js';
import type { RateOf } from './job-rate.js';
import type { KeptResults } from './kept-results.js';
import type { MetricSources, Metrics } from './metrics.js';

/** Statistics of one SPDL stage over the steady part of a run; unknown is null. Times in seconds. */
export interface StageStatistics {
  /** `pipeline:{pipeline}:{index}:{function}[{concurrency}]`, as SPDL names it. */
  name: string;
  pipeline: number;
  index: number;
  function: string;
  concurrency: number;
  /** Mean execution time of one task. */
  aveTimeS: number | null;
  /** Of it, how long a task waits for a thread of the pool, which is no work; absent where it was not measured. */
  threadWaitS?: number;
  numTasks: number | null;
  numFailures: number | null;
  /** Of the stage's output queue: items a second, mean waits, mean share of time in which it held an item (0 to 1). */
  qps: number | null;
  putS: number | null;
  getS: number | null;
  occupationRate: number | null;
  /** Of the output queue over the whole job, warm-up included; absent where unknown. */
  numItems?: number;
  /** Last stage before the consumer: its occupation rate is the data readiness. */
  isSink: boolean;
}

/** What a pipeline that the job built really uses, whatever the code seems to say. */
export interface BuiltPipeline {
  /** As in `StageStatistics`. */
  pipeline: number;
  /** Size of the pool that its stages share; null when unknown. */
  threads: number | null;
  settings: {
    /** Function of the stage; `aggregate` and `sink` for those. */
    stage: string;
    /** `executor`: workers of the pool of its own that a stage runs in, which bounds its concurrency. */
    setting: 'concurrency' | 'executor' | 'batch_size' | 'buffer';
    value: number;
  }[];
}

/** What SPDL's busiest sink gave the training loop, by the probe's count and clock. */
export interface Delivery {
  /** Whole intervals in which it gave anything: what the loop did before, between and after is not in it. */
  itemsPerS: number;
  /** Mean number of samples in an item; null where its items do not show it. */
  batchSize: number | null;
}

/** One of several ranks, or of several processes without ranks that train side by side. */
export interface RankShare {
  /** `rank 2`, `process 4711`, or as its launcher labels it. */
  name: string;
  /** Null where it has none. */
  rank: number | null;
  /** Steps seen, and medians over the steady ones, milliseconds. */
  steps: { count: number; stepMs: number | null; fetchMs: number | null; computeMs: number | null };
  /** As it printed of itself. */
  samplesPerS: number | null;
  delivered?: Delivery;
  /** Absent, to save room, of most ranks where there are more than 64. */
  stages?: StageStatistics[];
}

/** The rank that lags, held against the median of the others. */
export interface SlowestRank {
  name: string;
  /**
   * By its `step`s, by the `items` that its pipeline gave, or, where all take their steps together, by how long it
   * waits (`wait`) for its data in a step.
   */
  by: 'step' | 'items' | 'wait';
  /** Milliseconds of a step, between two items, or of waiting in a step. */
  ownMs: number;
  othersMs: number;
  /** How much longer its steps or items take, relatively; of a wait, what it is longer by, as a share of a step. */
  behind: number;
  /** The stage that takes longer there, by its own work on an item (seconds); null where none does. */
  stage: { function: string; ownS: number; othersS: number } | null;
  /** Computing in a step, where it is that; milliseconds. */
  compute?: { ownMs: number; othersMs: number };
}

export interface Ranks {
  /** By rank. */
  each: RankShare[];
  /** Null where they are alike, or nothing tells. */
  slowest: SlowestRank | null;
}

export interface SystemUse {
  cpuCores: number | null;
  /** Mean of the job's process tree; 100 = one core busy. */
  cpuPct: number | null;
  peakRssMb: number | null;
  /** Means and p75 of SM utilisation where nvidia-smi is there. */
  smPct: number | null;
  steadySmPct: number | null;
  gpuMemoryMb: number | null;
  /**
   * Mean share of the job's CPUs (its slot's, else the machine's) that other work used, 0 to 1; absent where unknown.
   */
  contention?: number;
  /** What other processes did on the job's GPUs; absent where unknown. */
  gpuOthers?: GpuOthers;
}

export interface GpuOthers {
  /** Most of them on one GPU at a time. */
  processes: number;
  /** Mean share of the SMs' time on the GPU that they used most, 0 to 1. */
  smShare: number;
  /** At how many looks at that GPU they used it. */
  looksUsed: number;
}

export interface Evidence {
  nodeId: string;
  metrics: Metrics;
  sources: MetricSources;
  /** Steps seen, and medians over the steady ones, milliseconds. */
  steps: {
    count: number;
    stepMs: number | null;
    fetchMs: number | null;
    computeMs: number | null;
    batchSize: number | null;
    /** How many processes trained at a time, where several did: the times are those of one, `count` is of all. */
    processes?: number;
    /** Steps of all, where lines do not say whose they are, so that `count` is about that of one; else absent. */
    ofAll?: number;
    /** Trained over the whole job; absent where unknown. */
    samples?: number;
    /**
     * Relative standard error of the mean step time, or of the run's own metric; absent for too few
     * (domain/belief/noise.ts).
     */
    noise?: number;
  };
  /**
   * Of one process that trains; items are of the whole job. Of several ranks that are alike, means over them; where one
   * is the slowest by far, its own, because the job goes at its pace.
   */
  stages: StageStatistics[];
  /** Absent where one process trains. */
  ranks?: Ranks;
  /** Whose rate the throughput is; absent in evidence of before, and where one process trains. */
  rateOf?: Exclude<RateOf, 'one'>;
  /** Why it is `unclear`, in words; absent otherwise. */
  unclearRate?: string;
  /** Absent where the probe saw none being built. */
  built?: BuiltPipeline[];
  /** Absent where SPDL was not seen, or for too short a time. */
  delivered?: Delivery;
  /** What caches of stages told of themselves; absent where there were none, or all found room. */
  kept?: KeptResults[];
  system: SystemUse;
  /** Wall clock of the job, seconds: the last resort for a comparison. */
  durationS?: number | null;
  /** That it was ended before its end, and how its numbers were made comparable; absent of a whole run. */
  shortened?: string;
  /** How what the job printed contradicts what the probe counted; absent where it does not. */
  doubt?: string;
  /** Things that the parsers noticed (refused numbers, missing files). */
  findings: string[];
  /** What ran on a host that does not see the tree, and is not the tree's; absent where all is. */
  ranOtherwise?: OtherContent[];
  /** Findings of the baseline that a person should know before anything is compared with it. */
  notices?: string[];
  /**
   * The last lines of the job's own words as shapes, numbers masked; the last comes last. Absent where it printed none.
   */
  ending?: string[];
}
