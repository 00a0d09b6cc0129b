/** Verdicts and gains with their intervals, in words: written once for reports, tables and screens. */
import type { GainInterval, Judgement } from '../belief/judgement.js';
import { FACTORS_FROM, gainText, timesText } from './quantity-text.js';

/** "+12% (95% interval +8% to +16%)". */
export function intervalText({ gain, low, high, confidence }: GainInterval): string {
  const share = Number((100 * confidence).toFixed(1));
  // Large ones as factors, all three alike.
  const text =
    1 + high >= FACTORS_FROM ? (value: number) => `${timesText(1 + value)}x` : (value: number) => gainText(1 + value);
  return `${text(gain)} (${share}% interval ${text(low)} to ${text(high)})`;
}

/** Null where nothing is to be said: it was not better, or it is one of a run that confirms nothing. */
export function judgementText(nodeId: string, { verdict, reason, gain }: Judgement): string | null {
  if (verdict === 'not_better') return null;
  const shown = gain ? `, ${intervalText(gain)}` : '';
  return `${nodeId}: ${VERDICT_TEXTS[verdict]} (${reason}${shown})`;
}

export const VERDICT_TEXTS = {
  not_better: 'not better',
  repeat: 'to be confirmed',
  keep: 'confirmed',
  reject: 'not confirmed',
  quarantine: 'quarantined',
} as const satisfies Record<Judgement['verdict'], string>;
