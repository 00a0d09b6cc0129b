/** Money, tokens and job hours in words, for reports and screens. */
import type { EngineState } from '../run/engine-state.js';
import { budgetWarnings } from '../schedule/budget.js';
import { type Spending, type SpendingKind, spendingOf } from '../schedule/spending.js';
import { durationText, numberText } from './quantity-text.js';

const UNITS = { usd: 'US dollars', tokens: 'tokens', job_hours: 'job hours' } as const satisfies Record<
  SpendingKind,
  string
>;

/**
 * "1.2 of 5 US dollars (0.3 reserved, 3.5 left)", or "1.2 US dollars" where there is no limit; the time of jobs as
 * people say it.
 */
export function spendingText({ kind, spent, reserved, limit, left }: Spending): string {
  const unit = UNITS[kind];
  const amount = (value: number | null) => (kind === 'job_hours' ? hoursText(value) : numberText(value));
  if (limit === null)
    return kind === 'job_hours' ? `${durationText(3600 * spent)} of jobs` : `${amount(spent)} ${unit}`;
  const parts = [...(reserved > 0 ? [`${amount(reserved)} reserved`] : []), `${amount(left)} left`];
  return `${amount(spent)} of ${numberText(limit)} ${unit} (${parts.join(', ')})`;
}

/** Nobody reads seconds out of hours: two digits say as much as is known of what is still to be spent. */
function hoursText(hours: number | null): string {
  return hours === null ? numberText(null) : numberText(Math.abs(hours) < 1 ? Number(hours.toPrecision(2)) : hours);
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
