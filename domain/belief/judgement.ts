/** What is decided about a result, and by how much it is better: the words that every room of belief shares. */

/** A relative gain (0.05 = 5% faster) and the interval that holds it with the confidence. */
export interface GainInterval {
  gain: number;
  low: number;
  high: number;
  confidence: number;
}

/** Why something is measured again. */
export const REPEAT_PURPOSES = ['calibration', 'confirmation', 'verification'] as const;
export type RepeatPurpose = (typeof REPEAT_PURPOSES)[number];

/**
 * `repeat`: it looks better and is measured again. `quarantine`: it is faster than data loading can make the job, or
 * what it printed contradicts what was counted, so that it is reported and never the best.
 */
export const VERDICTS = ['not_better', 'repeat', 'keep', 'reject', 'quarantine'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Judgement {
  verdict: Verdict;
  /** The incumbent that it was compared with; null when there was none. */
  against: string | null;
  /** The gain over `against`, where the noise is known. */
  gain: GainInterval | null;
  /** In words, for reports. */
  reason: string;
}
