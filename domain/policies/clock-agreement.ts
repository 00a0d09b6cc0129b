/**
 * Whether what a job printed agrees with what the probe counted. A change may edit the timer or print what it likes; the
 * items that SPDL's sink handed out are counted by the probe, on the clock of its own process.
 */
import type { Evidence } from '../evidence.js';

/** Intervals, warm-up and buffers differ between the two; what lies beyond is no rounding. */
const TOLERANCE = 1.3;
/** Rates of fewer steps say little. */
const FEWEST_STEPS = 10;

/**
 * The contradiction in a sentence, or null where there is none or nothing to compare. `reference` is the baseline's
 * evidence: a loop may make several steps of an item, or print the samples of several processes, as the baseline does.
 * Printed numbers that are too low accuse nobody.
 */
export function clockContradiction(evidence: Evidence, reference: Evidence | null): string | null {
  const own = evidence.delivered;
  const base = reference?.delivered;
  if (!own || !base) return null;
  const allowed = (rate: number, printedOfBase: number, rateOfBase: number) =>
    rate * Math.max(1, printedOfBase / rateOfBase) * TOLERANCE;

  const stepsPerS = stepRate(evidence);
  if (stepsPerS !== null && stepsPerS > allowed(own.itemsPerS, stepRate(reference) ?? 0, base.itemsPerS)) {
    return `the job printed ${show(stepsPerS)} steps a second, but its sink gave only ${show(own.itemsPerS)} items a second`;
  }
  const samplesPerS = evidence.metrics.throughput_samples_per_s;
  const printedOfBase = reference.metrics.throughput_samples_per_s;
  const batches = batchSizes(evidence, reference);
  if (samplesPerS === null || printedOfBase === null || batches === null) return null;
  const given = own.itemsPerS * batches.own;
  return samplesPerS > allowed(given, printedOfBase, base.itemsPerS * batches.base)
    ? `the job printed ${show(samplesPerS)} samples a second, but its sink gave only ${show(given)}`
    : null;
}

/** Over all steps, as the sink's items are counted over all: medians of uneven steps may lie far from it. */
function stepRate({ metrics, steps }: Evidence): number | null {
  const stepMs = metrics.step_time_ms;
  return steps.count < FEWEST_STEPS || stepMs === null || stepMs === 0 ? null : 1000 / stepMs;
}

/** As the probe saw them, else as printed; null where not both are known, because a change may have changed it. */
function batchSizes(evidence: Evidence, reference: Evidence): { own: number; base: number } | null {
  for (const of of [(each: Evidence) => each.delivered?.batchSize, (each: Evidence) => each.steps.batchSize]) {
    const [own, base] = [of(evidence), of(reference)];
    if (own && base) return { own, base };
  }
  return null;
}

function show(value: number): string {
  return value.toPrecision(3);
}
