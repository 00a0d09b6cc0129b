/** What a run has spent, set aside and left, as plain data: only what is limited, or of which something was spent. */
import type { EngineState } from '../run/engine-state.js';
import { type Amount, reservedTotal } from '../run/ledger.js';
import { leftOf } from './budget.js';

export const SPENDING_KINDS = ['usd', 'tokens', 'job_hours'] as const;
export type SpendingKind = (typeof SPENDING_KINDS)[number];

export interface Spending {
  kind: SpendingKind;
  spent: number;
  /** Set aside for what is under way. */
  reserved: number;
  /** Null = no limit, here and below. */
  limit: number | null;
  left: number | null;
}

const FIELDS = { usd: 'usd', tokens: 'tokens', job_hours: 'jobHours' } as const satisfies Record<
  SpendingKind,
  keyof Amount
>;

export function spendingOf(state: EngineState): Spending[] {
  const { limits, ledger } = state;
  const reserved = reservedTotal(ledger);
  const limit = { usd: limits.budgetUsd, tokens: limits.budgetTokens, job_hours: limits.budgetJobHours };
  return SPENDING_KINDS.map((kind) => {
    const field = FIELDS[kind];
    const left = leftOf(state, field);
    return { kind, spent: ledger.spent[field], reserved: reserved[field], limit: limit[kind], left };
  }).filter((each) => each.limit !== null || each.spent > 0);
}
