/**
 * Whether a job that runs can still come near the best. Ending it early saves its time, and ending the wrong one loses
 * a gain that nobody hears of, so that it takes much to say no:
 *
 * - Only an experiment of the search is judged, by step times, against an incumbent whose steps hold as many samples.
 * - Only the later half of its steps after the warm-up counts, fifty printed lines at least, and not before it has done
 *   a quarter of the steps that the incumbent did: what starts slowly (cold caches) is not slow.
 * - They are cut into ten batches of neighbours, whose medians (the steady step time is a median, too) are taken as
 *   independent. Even the fastest batch must be below 70% of the incumbent's speed, and so must the upper end of the
 *   confidence interval of their mean, which allows for what differs between two runs of the same code.
 *
 * By simulation (test/domain/belief/early-abort.test.ts), with 5% noise and nine looks at a job: of jobs that are as
 * fast, or 10% slower, none is ended in 400, of those that are 20% slower one or two; half as fast, nine of ten are.
 */

import type { Evidence } from '../evidence/evidence.js';
import type { EngineState } from '../run/engine-state.js';
import { objectiveOfRow, speedup } from './compare.js';
import { isRemeasurement } from './confirmation-state.js';
import { mean } from './noise.js';
import { noiseOf } from './repeats.js';
import { type StepSpan, warmUpSteps, weightedMedian } from './steady-state.js';
import { studentTWidth } from './student-t.js';
import { typicalObjective } from './value.js';

/** What the engine knows of the best. */
export interface Incumbent {
  nodeId: string;
  /** As its runs typically measure. */
  stepMs: number;
  steps: number;
  batchSize: number | null;
  /** Samples in a step over all ranks, where results are compared by throughput; null where by step time. */
  samplesPerStep: number | null;
  /** Relative standard deviation of one run; null while nothing was repeated. */
  noise: number | null;
}

/** What a job printed so far. */
export interface Progress {
  steps: readonly (StepSpan & { stepMs: number | null })[];
  batchSize: number | null;
  ranks: number;
}

/** What was measured of a job that is hopeless: plain numbers, as they stand in its failure record. */
export interface Hopeless {
  incumbent: string;
  incumbent_step_time_ms: number;
  step_time_ms: number;
  steps: number;
  batch_size: number | null;
  /** Of the incumbent's, and the upper end of its interval; 1 = as fast. */
  speed_ratio: number;
  speed_ratio_at_most: number;
  confidence: number;
}

const NEAR = 0.7;
const BATCHES = 10;
const FEWEST_LINES = 50;
const LEAST_SHARE_OF_STEPS = 0.25;
const CONFIDENCE = 0.99;
/** Of a run of which nothing is known, and the least that is believed of few repeats. */
const ASSUMED_NOISE = 0.1;
const LEAST_NOISE = 0.03;
/** Samples in a step that were printed apart are equal up to rounding and interval. */
const SAMPLES_TOLERANCE = 0.1;
const STEADY_FROM = warmUpSteps(Number.MAX_SAFE_INTEGER);

/**
 * The best that a job of this experiment is held against; null for one that runs to its end whatever it shows.
 * `evidence` is that of the best.
 */
export function incumbentFor(state: EngineState, nodeId: string, evidence: Evidence | null): Incumbent | null {
  const row = state.experiments[nodeId];
  if (!row || isRemeasurement(row) || (row.kind !== 'planned' && row.kind !== 'user')) return null;
  // A batch of its own may hide in code that prints none.
  if (row.tags.includes('batch_size_tuning') || state.best === null || state.best === nodeId) return null;
  const objective = objectiveOfRow(state.experiments[state.best]);
  const stepMs = evidence?.steps.stepMs ?? null;
  if (!objective || !evidence || stepMs === null || stepMs <= 0) return null;
  // The steps that were printed are those of one of several, and say little of the job.
  if (evidence.rateOf === 'sum' || evidence.rateOf === 'unclear') return null;
  const isThroughput = objective.metric === 'throughput_samples_per_s';
  if (!isThroughput && objective.metric !== 'steady_step_time_ms') return null;
  return {
    nodeId: state.best,
    // The run of the best that `evidence` is of may have been a lucky one.
    stepMs: stepMs * (speedup(objective, typicalObjective(state, state.best)) ?? 1),
    steps: evidence.steps.count,
    batchSize: evidence.steps.batchSize,
    samplesPerStep: isThroughput ? (objective.value * stepMs) / 1000 : null,
    noise: noiseOf(state)?.sd ?? null,
  };
}

/** Null: it goes on. */
export function hopeless(progress: Progress, incumbent: Incumbent): Hopeless | null {
  if (!isComparable(progress, incumbent)) return null;
  const steps = progress.steps.reduce((most, { last }) => Math.max(most, last), 0);
  if (steps < incumbent.steps * LEAST_SHARE_OF_STEPS) return null;
  const steady = progress.steps.filter(isSteady);
  const later = steady.slice(Math.floor(steady.length / 2)).map(({ stepMs }) => stepMs);
  if (later.length < FEWEST_LINES) return null;
  const speeds = batchMedians(later).map((stepMs) => Math.log(incumbent.stepMs / stepMs));
  const centre = mean(speeds);
  const atMost = centre + studentTWidth(CONFIDENCE, BATCHES - 1) * standardError(speeds, centre, incumbent.noise);
  if (atMost >= Math.log(NEAR) || Math.max(...speeds) >= Math.log(NEAR)) return null;
  return {
    incumbent: incumbent.nodeId,
    incumbent_step_time_ms: rounded(incumbent.stepMs),
    step_time_ms: rounded(incumbent.stepMs / Math.exp(centre)),
    steps,
    batch_size: progress.batchSize,
    speed_ratio: rounded(Math.exp(centre)),
    speed_ratio_at_most: rounded(Math.exp(atMost)),
    confidence: CONFIDENCE,
  };
}

export function hopelessText(measured: Hopeless): string {
  const percent = (ratio: number) => `${Math.round(ratio * 100)}%`;
  return (
    `ended early after ${measured.steps} steps at ${measured.step_time_ms} ms/step: ${percent(measured.speed_ratio)} of the speed ` +
    `of ${measured.incumbent}, ${percent(measured.speed_ratio_at_most)} at most (${percent(measured.confidence)} confidence)`
  );
}

function isSteady<T extends Progress['steps'][number]>(step: T): step is T & { stepMs: number } {
  return step.first > STEADY_FROM && step.stepMs !== null && step.stepMs > 0;
}

function isComparable({ batchSize, ranks }: Progress, incumbent: Incumbent): boolean {
  if (batchSize !== incumbent.batchSize) return false;
  if (incumbent.samplesPerStep === null) return true;
  if (batchSize === null) return false;
  return Math.abs((batchSize * ranks) / incumbent.samplesPerStep - 1) <= SAMPLES_TOLERANCE;
}

function batchMedians(values: readonly number[]): number[] {
  return Array.from({ length: BATCHES }, (_, i) => {
    const [from, to] = [i, i + 1].map((part) => Math.floor((part * values.length) / BATCHES));
    return weightedMedian(values.slice(from, to).map((value) => ({ value, weight: 1 })))!;
  });
}

/** Within the job, and between two runs of the same code: its own and the incumbent's. */
function standardError(speeds: readonly number[], centre: number, noise: number | null): number {
  const within = speeds.reduce((sum, speed) => sum + (speed - centre) ** 2, 0) / (BATCHES - 1) / BATCHES;
  const between = Math.max(noise ?? ASSUMED_NOISE, LEAST_NOISE);
  return Math.sqrt(within + 2 * between ** 2);
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
