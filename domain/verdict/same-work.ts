/**
 * Whether a job did the work that the baseline did: a rate over half of it says nothing of the whole, and what ends
 * early may have died, or gone on from what an earlier job wrote.
 *
 * Work is counted in samples, so that another batch size is no other work. A job that lasts a fixed time does more or
 * less as it is faster or slower: there the counts of the baseline's own runs differ, or the training lasts as long as
 * the baseline's.
 */
import type { Evidence } from '../evidence/evidence.js';

export interface References {
  baseline: Evidence;
  /** Of the baseline, those that have ended well. */
  repeats: readonly Evidence[];
  /** Whether one run of the baseline is all that can be had to tell what its runs have in common. */
  isAlone: boolean;
}

/** Batches that are dropped at the end of an epoch, and lines that were lost. */
const TOLERANCE = 0.02;
const BATCHES_LEFT_OUT = 2;
/** Shorter than this share of the baseline's time: it ended early. */
const AS_LONG = 0.9;

/**
 * Why the job's numbers cannot be compared, or null. `mayHaveOtherBatch`: its batch size is unknown, and may be another
 * one.
 */
export function otherWork(own: Evidence, references: References, mayHaveOtherBatch = false): string | null {
  return lessWork(own, references, mayHaveOtherBatch) ?? missingEnd(own, references);
}

function lessWork(own: Evidence, { baseline, repeats }: References, mayHaveOtherBatch: boolean): string | null {
  const counts = countsOf(own, baseline, mayHaveOtherBatch);
  if (counts === null || !isLess(counts.own, counts.base, counts.slack)) return null;
  const isFixed = repeats.every((repeat) => {
    const again = countsOf(repeat, baseline, false);
    return again === null || Math.abs(again.own - again.base) <= Math.max(again.base * TOLERANCE, again.slack);
  });
  const [time, timeOfBase] = [trainingMs(own), trainingMs(baseline)];
  if (!isFixed || (time !== null && timeOfBase !== null && time >= timeOfBase * AS_LONG)) return null;
  const [did, should] = [counts.own, counts.base].map((count) => Math.round(count).toLocaleString('en-US'));
  return `it trained ${did} ${counts.unit}, and the baseline ${should}: it ended early, or went on from what an earlier job had written`;
}

interface Counts {
  own: number;
  base: number;
  unit: 'samples' | 'steps';
  slack: number;
}

function countsOf(own: Evidence, base: Evidence, mayHaveOtherBatch: boolean): Counts | null {
  const [samples, ofBase] = [own.steps.samples, base.steps.samples];
  if (samples !== undefined && ofBase !== undefined) {
    const batch = Math.max(batchOf(own), batchOf(base));
    return { own: samples, base: ofBase, unit: 'samples', slack: BATCHES_LEFT_OUT * batch };
  }
  if (mayHaveOtherBatch || own.steps.count === 0 || base.steps.count === 0) return null;
  return { own: allSteps(own), base: allSteps(base), unit: 'steps', slack: BATCHES_LEFT_OUT };
}

function allSteps({ steps }: Evidence): number {
  return steps.ofAll ?? steps.count;
}

function isLess(own: number, base: number, slack: number): boolean {
  return base - own > Math.max(base * TOLERANCE, Math.min(slack, base / 4));
}

function batchOf({ steps: { samples = 0, count } }: Evidence): number {
  return count > 0 ? samples / count : 0;
}

/** In the loop; null where step times are not known. */
function trainingMs(own: Evidence): number | null {
  const { metrics, steps } = own;
  const stepMs = metrics.step_time_ms ?? metrics.steady_step_time_ms;
  return stepMs === null ? null : (allSteps(own) * stepMs) / (steps.processes ?? 1);
}

/**
 * The last line that all runs of the baseline printed, as `saved the model`; once, for what is printed now and then is
 * no end.
 */
function missingEnd(own: Evidence, { baseline, repeats, isAlone }: References): string | null {
  if (own.ending === undefined || (repeats.length === 0 && !isAlone)) return null;
  const last = baseline.ending?.at(-1);
  if (last === undefined || ![baseline, ...repeats].every(({ ending }) => isOnce(last, ending))) return null;
  return own.ending.includes(last)
    ? null
    : `it did not print the baseline's last line (${JSON.stringify(last)}): it did not come to its end, or ended in another way`;
}

function isOnce(line: string, ending: readonly string[] = []): boolean {
  return ending.indexOf(line) >= 0 && ending.indexOf(line) === ending.lastIndexOf(line);
}
