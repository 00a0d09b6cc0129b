/** What the probe counted at the end of the pipeline. */

import { weightedMean } from '../belief/steady-state.js';
import type { Delivery } from './evidence.js';
import type { QueueSample } from './stage-samples.js';

/** Fewer whole intervals, or items in them, say little about a rate. */
const FEWEST_INTERVALS = 3;
const FEWEST_ITEMS = 10;
/** Of the intervals, which may be slower than the rest: what jobs print leaves a warm-up out, too. */
const WARM_UP_SHARE = 5;

type Counted = QueueSample & { elapsedS: number; numItems: number };

/** One list of samples for each process of the job, from the probe's own files. Null where they are too few. */
export function delivery(processes: readonly QueueSample[][]): Delivery | null {
  const sinks = processes.flatMap((samples) => {
    const names = new Set(samples.filter(({ isSink }) => isSink).map(({ name }) => name));
    return [...names].map((name) => samples.filter((sample) => sample.name === name));
  });
  const rates = sinks.flatMap((samples) => deliveryOf(samples) ?? []);
  return rates.sort((a, b) => b.itemsPerS - a.itemsPerS)[0] ?? null;
}

function deliveryOf(samples: readonly QueueSample[]): Delivery | null {
  const giving = samples.filter(isGiving).sort((a, b) => a.timeS - b.timeS);
  // How long the sink waited for the loop in the first one, and was left alone in the last, is not known.
  const whole = giving.slice(1, -1);
  const items = whole.reduce((sum, { numItems }) => sum + numItems, 0);
  if (whole.length < FEWEST_INTERVALS || items < FEWEST_ITEMS) return null;
  return {
    itemsPerS: Math.max(rateOf(whole), rateOf(whole.slice(Math.ceil(whole.length / WARM_UP_SHARE)))),
    batchSize: weightedMean(
      giving.flatMap(({ batchSize, numItems }) => (batchSize === null ? [] : [{ value: batchSize, weight: numItems }])),
    ),
  };
}

function isGiving(sample: QueueSample): sample is Counted {
  return (sample.elapsedS ?? 0) > 0 && (sample.numItems ?? 0) > 0;
}

function rateOf(samples: readonly Counted[]): number {
  const sum = (key: 'numItems' | 'elapsedS') => samples.reduce((total, sample) => total + sample[key], 0);
  return sum('numItems') / sum('elapsedS');
}
