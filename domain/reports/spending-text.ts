/** Money, tokens and job hours in words, for reports and screens. */
import type { EngineState } from '../run/engine-state.js';
import { budgetWarnings } from '../schedule/budget.js';
import { type Spending, type SpendingKind, spendingOf } from '../schedule/spending.js';
import { numberText } from './quantity-text.js';

const UNITS = { usd: 'US dollars', tokens: 'tokens', job_hours: 'job hours' } as const satisfies Record<
  SpendingKind,
  string
>;

/** "1.2 of 5 US dollars (0.3 reserved, 3.5 left)", or "1.2 US dollars" where there is no limit. */
export function spendingText({ kind, spent, reserved, limit, left }: Spending): string {
  const unit = UNITS[kind];
  if (limit === null) return `${numberText(spent)} ${unit}`;
  const parts = [...(reserved > 0 ? [`${numberText(reserved)} reserved`] : []), `${numberText(left)} left`];
  return `${numberText(spent)} of ${numberText(limit)} ${unit} (${parts.join(', ')})`;
}

/** Null when the cost of every call is known. */
export function unpricedText(calls: number): string | null {
  if (calls === 0) return null;
  return calls === 1 ? 'the price of one call is not known' : `the prices of ${calls} calls are not known`;
}

/** A list for Markdown; empty when nothing was spent and nothing is limited. */
export function spendingLines(state: EngineState): string[] {
  const unpriced = unpricedText(state.ledger.unpriced);
  return [
    ...spendingOf(state).map((each) => `- ${spendingText(each)}`),
    ...(unpriced === null ? [] : [`- ${unpriced}`]),
    ...budgetWarnings(state).map((warning) => `- Warning: ${warning}`),
  ];
}
