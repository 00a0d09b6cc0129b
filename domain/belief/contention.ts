/**
 * Whether other work on the machine disturbed a job. A disturbed result is marked, and measured again where it matters:
 * for the baseline, and for what may be better than the best (confirmation.ts).
 */
import type { SystemUse } from '../evidence/evidence.js';

/**
 * A fifth of a job's CPUs or of a GPU: the engine's own work and a desktop stay below; what a job lacks then shows in
 * its numbers.
 */
const CONTENDED_FROM = 0.2;
/** Of CPUs one a second, of GPUs one each ten seconds; fewer say little about so short a job, or so short a visit. */
const FEWEST_SAMPLES = { CPUs: 5, GPUs: 3 } as const;

/** What disturbed a job, and how much of it was lost (0 to 1). */
export interface Disturbance {
  of: keyof typeof FEWEST_SAMPLES;
  share: number;
}

/** Mean share that others used (0 to 1), from percentages; null where it is not known. */
export function shareOfOthers(of: Disturbance['of'], percentages: readonly number[]): number | null {
  if (percentages.length < FEWEST_SAMPLES[of]) return null;
  return percentages.reduce((a, b) => a + b, 0) / percentages.length / 100;
}

/** The worst first; none where nothing did, or nothing is known. */
export function disturbances({
  contention = 0,
  gpuOthers,
}: Pick<SystemUse, 'contention' | 'gpuOthers'>): Disturbance[] {
  const gpu = gpuOthers && gpuOthers.looksUsed >= FEWEST_SAMPLES.GPUs ? gpuOthers.smShare : 0;
  const found: Disturbance[] = [
    { of: 'CPUs', share: contention },
    { of: 'GPUs', share: gpu },
  ];
  return found.filter(({ share }) => share >= CONTENDED_FROM).sort((a, b) => b.share - a.share);
}

/** How much faster such a run may be on a quiet machine, as a difference of log speeds. */
export function mayBeFasterBy(share: number): number {
  return -Math.log(1 - Math.min(share, MOST_TAKEN));
}

/** With less left than that nobody can tell what a run may be worth. */
const MOST_TAKEN = 0.9;
/** A machine that is never quiet must not hold up a run: after so many disturbed repeats they are taken as they are. */
export const MOST_DISTURBED_REPEATS = 3;

export function contentionText({ share, of }: { share: number; of: Disturbance['of'] | 'CPUs or GPUs' }): string {
  return `contended: other work used ${Math.round(100 * share)}% of its ${of} meanwhile`;
}
