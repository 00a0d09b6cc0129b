/**
 * Whether what a job printed agrees with itself and with what the probe counted. A change may edit the timer or print
 * what it likes; the items that SPDL's sink handed out are counted by the probe, on the clock of its own process.
 *
 * The baseline is the measure: a loop may make several steps of an item, or print the samples of several processes, as
 * the baseline does. Printed numbers that are too low accuse nobody.
 */
import type { Evidence } from '../evidence/evidence.js';

/** Intervals, warm-up and buffers differ between the two; what lies beyond is no rounding. */
const TOLERANCE = 1.3;
/** Where the start of a job is in one number and not in the other, or its last interval was lost. */
const LOOSE_TOLERANCE = 2;
/** Rates of fewer steps say little. */
const FEWEST_STEPS = 10;
/** Whoever trains so long passes several of the probe's intervals. */
const LONG_ENOUGH_MS = 10_000;

type Rule = (own: Evidence, base: Evidence) => string | null;

/** The contradiction in a sentence, or null where there is none or nothing to compare. */
export function clockContradiction(evidence: Evidence, reference: Evidence | null): string | null {
  if (reference === null) return null;
  for (const rule of RULES) {
    const contradiction = rule(evidence, reference);
    if (contradiction !== null) return contradiction;
  }
  return null;
}

/** Steps that are faster than their items came. */
const stepsOfItems: Rule = (own, base) => {
  const stepsPerS = stepRate(own);
  if (!own.delivered || !base.delivered || stepsPerS === null) return null;
  const { itemsPerS } = own.delivered;
  const perItem = Math.max(1, (stepRate(base) ?? 0) / base.delivered.itemsPerS);
  return stepsPerS > itemsPerS * perItem * TOLERANCE
    ? `the job printed ${show(stepsPerS)} steps a second, but its sink gave only ${show(itemsPerS)} items a second`
    : null;
};

/** A throughput that its items cannot have, whatever its steps say. */
const samplesOfItems: Rule = (own, base) => {
  const [samplesPerS, batches] = [throughput(own), batchSizes(own, base)];
  if (!own.delivered || !base.delivered || samplesPerS === null || throughput(base) === null || batches === null)
    return null;
  const given = own.delivered.itemsPerS * batches.own;
  const printedPerSample = Math.max(1, throughput(base)! / (base.delivered.itemsPerS * batches.base));
  return samplesPerS > given * printedPerSample * TOLERANCE
    ? `the job printed ${show(samplesPerS)} samples a second, but its sink gave only ${show(given)}`
    : null;
};

/** Steps without items: batches that are seen again, however fast the first ones came. */
const stepsOfAllItems: Rule = (own, base) => {
  const items = itemsOfSinks(own).reduce((sum, each) => sum + each, 0);
  // A job may build a pipeline for each epoch, and the change may make one of them.
  const itemsOfBase = Math.max(0, ...itemsOfSinks(base));
  if (items === 0 || itemsOfBase === 0 || own.steps.count < FEWEST_STEPS) return null;
  const perItem = Math.max(1, base.steps.count / itemsOfBase);
  return own.steps.count > items * perItem * LOOSE_TOLERANCE
    ? `the job printed ${own.steps.count} steps, but its sink gave only ${items} items`
    : null;
};

/** A throughput that its own steps cannot have: all that can be said where SPDL is not seen. */
const throughputOfSteps: Rule = (own, base) => {
  const [samplesPerS, stepMs, batches] = [throughput(own), shortStepMs(own), batchSizes(own, base)];
  if (samplesPerS === null || stepMs === null || batches === null) return null;
  // Several ranks take a step together.
  const ranks = Math.max(1, ((throughput(base) ?? 0) * (shortStepMs(base) ?? 0)) / 1000 / batches.base);
  const possible = (batches.own * ranks * 1000) / stepMs;
  return samplesPerS > possible * LOOSE_TOLERANCE
    ? `the job printed ${show(samplesPerS)} samples a second, but only ${show(possible)} follow from its own steps`
    : null;
};

/** So little of the baseline's work that no rate can be told; larger batches need fewer steps. */
const hardlyTrained: Rule = (own, base) => {
  const [steps, stepsOfBase] = [own.steps.count, base.steps.count];
  if (steps >= FEWEST_STEPS || stepsOfBase < FEWEST_STEPS) return null;
  const batches = batchSizes(own, base) ?? { own: 1, base: 1 };
  return steps * (batches.own / batches.base) * LOOSE_TOLERANCE < stepsOfBase
    ? `the job printed only ${steps} steps, and the baseline ${stepsOfBase}: too few to tell its rate`
    : null;
};

/** A pipeline that the probe does not see any more leaves nothing to hold the numbers against. */
const nothingCounted: Rule = (own, base) => {
  const lengthMs = own.steps.count * (own.metrics.step_time_ms ?? 0);
  return base.delivered && !own.delivered && itemsOfSinks(own).length === 0 && lengthMs >= LONG_ENOUGH_MS
    ? "the probe counted no items of this job, as it did of the baseline's: its numbers are its own word"
    : null;
};

/** Without a throughput only step times are left, and those are of one process. */
const otherProcesses: Rule = (own, base) => {
  const [processes, ofBase] = [own.steps.processes ?? 1, base.steps.processes ?? 1];
  if (own.metrics.throughput_samples_per_s !== null || Math.max(processes, ofBase) < 1.5) return null;
  return processes > ofBase * TOLERANCE || ofBase > processes * TOLERANCE
    ? `about ${show(processes)} processes printed steps, and ${show(ofBase)} of the baseline's: their step times say nothing of the job's rate`
    : null;
};

const RULES: readonly Rule[] = [
  otherProcesses,
  stepsOfItems,
  samplesOfItems,
  stepsOfAllItems,
  throughputOfSteps,
  hardlyTrained,
  nothingCounted,
];

/** Over all steps, as the sink's items are counted over all: medians of uneven steps may lie far from it. */
function stepRate({ metrics, steps }: Evidence): number | null {
  const stepMs = metrics.step_time_ms;
  return steps.count < FEWEST_STEPS || stepMs === null || stepMs === 0 ? null : 1000 / stepMs;
}

/** The shorter of mean and median: a throughput may leave out the start, or uneven steps count in it. */
function shortStepMs({ metrics }: Evidence): number | null {
  const known = [metrics.step_time_ms, metrics.steady_step_time_ms].filter((ms) => ms !== null && ms > 0);
  return known.length > 0 ? Math.min(...(known as number[])) : null;
}

/** Of one process, as the steps and the sink are. */
function throughput({ metrics, steps }: Evidence): number | null {
  const { throughput_samples_per_s: samplesPerS } = metrics;
  return samplesPerS === null ? null : samplesPerS / (steps.processes ?? 1);
}

/** Of the whole job, those that gave anything. */
function itemsOfSinks({ stages }: Evidence): number[] {
  return stages.flatMap(({ isSink, numItems = 0 }) => (isSink && numItems > 0 ? [numItems] : []));
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
