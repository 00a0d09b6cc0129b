/**
 * Whether what a job printed agrees with what the probe counted. A change may edit the timer or print what it likes; the
 * items that SPDL's sink handed out are counted by the probe, on the clock of its own process.
 */
import type { Evidence, StageStatistics } from '../evidence.js';

/** Intervals, warm-up and buffers differ between the two; what lies beyond is no rounding. */
const TOLERANCE = 1.3;
/** Rates of fewer items say little. */
const FEWEST_STEPS = 10;

/**
 * The contradiction in a sentence, or null where there is none or nothing to compare. `reference` is the baseline's
 * evidence: how many steps and samples a sink's item makes is a property of the job, which only a changed batch changes.
 */
export function clockContradiction(evidence: Evidence, reference: Evidence | null): string | null {
  const own = ratesOf(evidence);
  if (own === null) return null;
  const base = reference === null ? null : ratesOf(reference);
  const { itemsPerS, stepsPerS, samplesPerS } = own;
  const stepsAllowed = itemsPerS * (base?.stepsPerS ? base.stepsPerS / base.itemsPerS : 1) * TOLERANCE;
  if (stepsPerS !== null && stepsPerS > stepsAllowed) {
    return `the job printed ${show(stepsPerS)} steps a second, but its sink gave only ${show(itemsPerS)} items a second`;
  }
  if (samplesPerS === null || !base?.samplesPerS) return null;
  const batch = batchRatio(evidence, reference);
  if (batch === null) return null;
  const samplesAllowed = (itemsPerS / base.itemsPerS) * base.samplesPerS * batch * TOLERANCE;
  return samplesPerS > samplesAllowed
    ? `the job printed ${show(samplesPerS)} samples a second; from the ${show(itemsPerS)} items a second of its sink follow ${show(samplesAllowed / TOLERANCE)}`
    : null;
}

interface Rates {
  /** Of the busiest sink. */
  itemsPerS: number;
  stepsPerS: number | null;
  samplesPerS: number | null;
}

function ratesOf({ stages, steps, metrics }: Evidence): Rates | null {
  const rates = stages.filter((stage) => stage.isSink).map(itemsPerSecond);
  const itemsPerS = Math.max(0, ...rates);
  if (itemsPerS === 0 || steps.count < FEWEST_STEPS) return null;
  const stepMs = metrics.steady_step_time_ms;
  return {
    itemsPerS,
    stepsPerS: stepMs === null || stepMs === 0 ? null : 1000 / stepMs,
    samplesPerS: metrics.throughput_samples_per_s,
  };
}

function itemsPerSecond({ qps }: StageStatistics): number {
  return qps ?? 0;
}

/** 1 where neither says; null where only one does, so that nothing can be said. */
function batchRatio(evidence: Evidence, reference: Evidence | null): number | null {
  const [own, base] = [evidence.steps.batchSize, reference?.steps.batchSize ?? null];
  if (own === null && base === null) return 1;
  return own === null || base === null ? null : own / base;
}

function show(value: number): string {
  return value.toPrecision(3);
}
