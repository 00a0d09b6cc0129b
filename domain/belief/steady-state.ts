/** Which part of a run counts as steady, and the statistics over it. */

/** Below this many steps the warm-up is a fifth of the run, from it on a fixed number of steps. */
const SHORT_RUN_STEPS = 100;
const WARM_UP_STEPS = 20;
const WARM_UP_SHARE = 5;

/** How many steps at the start of a run of `steps` steps are warm-up. */
export function warmUpSteps(steps: number): number {
  return steps < SHORT_RUN_STEPS ? Math.floor(steps / WARM_UP_SHARE) : WARM_UP_STEPS;
}

/** One printed line about steps: it stands for the steps `first` to `last` (a throttled line averages over several). */
export interface StepSpan {
  first: number;
  last: number;
}

/**
 * The spans after the warm-up. A span that began in the warm-up is left out, unless nothing else remains: a run that
 * printed too little is then judged by all of it, never by nothing.
 */
export function steadySpans<T extends StepSpan>(spans: readonly T[]): T[] {
  const steps = spans.reduce((most, span) => Math.max(most, span.last), 0);
  const warmUp = warmUpSteps(steps);
  const steady = spans.filter((span) => span.first > warmUp);
  if (steady.length > 0) return steady;
  const ending = spans.filter((span) => span.last > warmUp);
  return ending.length > 0 ? ending : [...spans];
}

/** The value below which half of the weight lies; for equal weights the usual median. Null for no values. */
export function weightedMedian(values: readonly { value: number; weight: number }[]): number | null {
  const sorted = values.filter(({ weight }) => weight > 0).sort((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let below = 0;
  for (const [i, { value, weight }] of sorted.entries()) {
    below += weight;
    if (below > half) return value;
    if (below === half) return (value + (sorted[i + 1]?.value ?? value)) / 2;
  }
  return null;
}

/** `share` from 0 to 1; linear between neighbours. Null for no values. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

/** Null for no weight. */
export function weightedMean(values: readonly { value: number; weight: number }[]): number | null {
  const weight = values.reduce((sum, each) => sum + each.weight, 0);
  return weight > 0 ? values.reduce((sum, each) => sum + each.value * each.weight, 0) / weight : null;
}

/**
 * Samples of the steady part: those after the first fifth of the time that they span. All of them when there are too
 * few to tell (fewer than five), because a short job's only sample is better than none.
 */
export function steadySamples<T extends { timeS: number }>(samples: readonly T[]): T[] {
  if (samples.length < WARM_UP_SHARE) return [...samples];
  const times = samples.map(({ timeS }) => timeS);
  const start = Math.min(...times);
  const from = start + (Math.max(...times) - start) / WARM_UP_SHARE;
  const steady = samples.filter(({ timeS }) => timeS >= from);
  return steady.length > 0 ? steady : [...samples];
}
