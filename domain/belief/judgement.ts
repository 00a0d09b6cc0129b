/** What is decided about a result, and by how much it is better: the words that every room of belief shares. */

/** A relative gain (0.05 = 5% faster) and the interval that holds it with the confidence. */
export interface GainInterval {
  gain: number;
  low: number;
  high: number;
  confidence: number;
}

/** Why something is measured again; a `sentinel` tells whether the machine is as fast as before. */
export const REPEAT_PURPOSES = ['calibration', 'confirmation', 'verification', 'sentinel'] as const;
export type RepeatPurpose = (typeof REPEAT_PURPOSES)[number];

/**
 * `repeat`: it looks better and is measured again. `quarantine`: it is faster than data loading can make the job, or
 * what it printed contradicts what was counted, so that it is reported and never the best. `provisional`: better by
 * more than luck explains, so that it is the best until its repeats confirm it, or contradict it (`refuted`).
 * `superseded`: whether it is better does not matter any more, as another one is better than both.
 */
export const VERDICTS = [
  'not_better',
  'repeat',
  'keep',
  'reject',
  'quarantine',
  'provisional',
  'refuted',
  'superseded',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Whether more is to be measured before the result is decided about. */
export function isUndecided(verdict: Verdict | undefined): boolean {
  return verdict === 'repeat' || verdict === 'provisional';
}

/** Whether it was measured, and found to be no gain over what it was compared with. */
export function speaksAgainst(verdict: Verdict | undefined): boolean {
  return verdict === 'not_better' || verdict === 'reject' || verdict === 'refuted';
}

export interface Judgement {
  verdict: Verdict;
  /** The incumbent that it was compared with; null when there was none. */
  against: string | null;
  /** The gain over `against`, where the noise is known. */
  gain: GainInterval | null;
  /** In words, for reports. */
  reason: string;
}
