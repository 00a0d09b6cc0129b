/** Outcomes, verdicts and gains with their intervals, in words: written once for reports, tables and screens. */
import type { GainInterval, Judgement, Verdict } from '../belief/judgement.js';
import { ENDED_EARLY } from '../run/ended-counts.js';
import { FACTORS_FROM, gainText, timesText } from './quantity-text.js';

/** "+12% (95% interval +8% to +16%)". */
export function intervalText({ gain, low, high, confidence }: GainInterval): string {
  const share = Number((100 * confidence).toFixed(1));
  // Large ones as factors, all three alike.
  const text =
    1 + high >= FACTORS_FROM ? (value: number) => `${timesText(1 + value)}x` : (value: number) => gainText(1 + value);
  return `${text(gain)} (${share}% interval ${text(low)} to ${text(high)})`;
}

/** How far the ceiling is above the best; where it is not, that nothing is left, and how far the best is above it. */
export function leftText(left: GainInterval): string {
  if (left.gain > 0) return intervalText(left);
  const above = (share: number) => 1 / (1 + share) - 1;
  const { gain, low, high, confidence } = left;
  const by = intervalText({ gain: above(gain), low: above(high), high: above(low), confidence });
  return `nothing; the best is faster than the ceiling by ${by}`;
}

/** Null where nothing is to be said: it was not better, or it is one of a run that confirms nothing. */
export function judgementText(nodeId: string, { verdict, reason, gain }: Judgement): string | null {
  if (verdict === 'not_better') return null;
  // Of what is open the odds stand beside the size that the gain has if there is one.
  const isOpen = verdict === 'repeat' || verdict === 'provisional';
  const shown = gain ? `${isOpen ? '; if it is better, by ' : ', '}${intervalText(gain)}` : '';
  return `${nodeId}: ${VERDICT_TEXTS[verdict]} (${reason}${shown})`;
}

export const VERDICT_TEXTS = {
  not_better: 'not better',
  repeat: 'to be confirmed',
  keep: 'confirmed',
  reject: 'not confirmed',
  quarantine: 'quarantined',
  provisional: 'provisional',
  refuted: 'refuted',
  superseded: 'superseded',
} as const satisfies Record<Judgement['verdict'], string>;

/** `isAboveBest`: its number is above that of the best, which it is not shown to be faster than. */
export function verdictText(verdict: Verdict, isAboveBest = false): string {
  return verdict === 'not_better' && isAboveBest ? 'not shown better' : VERDICT_TEXTS[verdict];
}

export interface Outcome {
  status: string;
  /** Null where it did not fail. */
  failureKind: string | null;
  isRefused: boolean;
  /** The experiment whose numbers stand for it. */
  duplicateOf: string | null;
  verdict: Verdict | null;
  /** Its number is above that of the best, which it is not shown to be faster than. */
  isAboveBest?: boolean;
}

/** Where an experiment stands, in the one word that every table has for it: once it was judged, what that said. */
export function outcomeText({ status, failureKind, isRefused, duplicateOf, verdict, isAboveBest }: Outcome): string {
  if (isRefused) return 'refused';
  if (failureKind === 'pruned') return ENDED_EARLY;
  if (duplicateOf !== null) return `duplicate of ${duplicateOf}`;
  if (failureKind !== null) return failureKind === status ? status : `${status}: ${failureKind}`;
  return verdict === null ? status : verdictText(verdict, isAboveBest);
}
