/**
 * Whether other work on the machine disturbed a job. A disturbed result is marked, and measured again where it matters:
 * for the baseline, and for what may be better than the best (confirmation.ts).
 */

/** A fifth of a job's CPUs: the engine's own work stays below, and what a job lacks then shows in its numbers. */
const CONTENDED_FROM = 0.2;
/** One a second; fewer say little about so short a job. */
const FEWEST_SAMPLES = 5;

/** Mean share of the CPUs that others used (0 to 1), from percentages; null where it is not known. */
export function shareOfOthers(percentages: readonly number[]): number | null {
  if (percentages.length < FEWEST_SAMPLES) return null;
  return percentages.reduce((a, b) => a + b, 0) / percentages.length / 100;
}

export function isContended(share: number | null): share is number {
  return share !== null && share >= CONTENDED_FROM;
}

/** How much faster such a run may be on a quiet machine, as a difference of log speeds. */
export function mayBeFasterBy(share: number): number {
  return -Math.log(1 - Math.min(share, MOST_TAKEN));
}

/** With less left than that nobody can tell what a run may be worth. */
const MOST_TAKEN = 0.9;
/** A machine that is never quiet must not hold up a run: after so many disturbed repeats they are taken as they are. */
export const MOST_DISTURBED_REPEATS = 3;

export function contentionText(share: number): string {
  return `contended: other work used ${Math.round(100 * share)}% of its CPUs meanwhile`;
}
