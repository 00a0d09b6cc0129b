/**
 * What a run has spent and what it has set aside. An amount is reserved before each agent call and each job and settled
 * from the result, so that calls and jobs that run at the same time cannot together exceed a budget that each one fits.
 */
import type { Failure } from './failure.js';

/** US dollars, tokens of all kinds, hours of jobs. */
export interface Amount {
  usd: number;
  tokens: number;
  jobHours: number;
}

export const NOTHING: Amount = { usd: 0, tokens: 0, jobHours: 0 };

/** What is paid for: the agent's work by phase, and jobs. */
export const SPENDING_PHASES = ['setup', 'apply', 'analyze', 'plan', 'report', 'job'] as const;
export type SpendingPhase = (typeof SPENDING_PHASES)[number];

/** The phases in which an experiment asks its agent: their names begin the keys of its calls. */
export const PAID_PHASES = ['apply', 'analyze'] as const satisfies SpendingPhase[];
export type PaidPhase = (typeof PAID_PHASES)[number];

/** What its calls have cost, by phase. */
export type PaidCalls = Record<PaidPhase, Spent>;

/** All that an experiment pays for. */
export const EXPERIMENT_PHASES = [...PAID_PHASES, 'job'] as const satisfies SpendingPhase[];

/** What an agent call cost; `unpriced` counts calls whose price is not known. */
export interface Spent {
  usd: number;
  tokens: number;
  unpriced: number;
}

export const NOTHING_SPENT: Spent = { usd: 0, tokens: 0, unpriced: 0 };

/** What a failed agent call had cost until then: its failure carries it (see activities/agent-calls/ask). */
export function spentOfFailure(failure: Pick<Failure, 'details'>): Spent | null {
  const { spent_usd: usd, spent_tokens: tokens, unpriced_calls: unpriced } = failure.details;
  if (typeof usd !== 'number' || typeof tokens !== 'number' || typeof unpriced !== 'number') return null;
  return { usd, tokens, unpriced };
}

/** Written into a failure's details. */
export function failureDetailsOf({ usd, tokens, unpriced }: Spent): Failure['details'] {
  return { spent_usd: usd, spent_tokens: tokens, unpriced_calls: unpriced };
}

export interface Ledger {
  spent: Amount;
  unpriced: number;
  /** By key: `<phase>` or `<phase>_<node id, or number of the round>`. */
  reserved: Record<string, Amount>;
  /**
   * What was booked under a key that may be settled again: work that goes on after an interruption tells its whole
   * cost.
   */
  booked: Record<string, Amount>;
  /** The same of calls whose price is not known; keys without any are left out. */
  bookedUnpriced?: Record<string, number>;
  /** The largest amount that each phase was settled with: what the next one is expected to cost at most. */
  largest: Partial<Record<SpendingPhase, Amount>>;
}

export function emptyLedger(): Ledger {
  return { spent: { ...NOTHING }, unpriced: 0, reserved: {}, booked: {}, largest: {} };
}

export function ledgerKey(phase: SpendingPhase, of?: string): string {
  return of === undefined ? phase : `${phase}_${of}`;
}

/**
 * Under which something is booked that an ended experiment has cost beyond what was told of it, when the event `seq`
 * was written: beside what was booked under the key itself, whose account is closed.
 */
export function lateKey(key: string, seq: string): string {
  return `${key}@${seq}`;
}

/** The key that a late one stands beside; every other key is its own. */
export function ownKey(key: string): string {
  return key.split('@', 1)[0]!;
}

export function reserve(ledger: Ledger, key: string, amount: Amount): void {
  ledger.reserved[key] = amount;
}

/**
 * Books what was spent since the key was last settled, and lets its reservation go; `spent` and `unpriced` are the
 * key's whole cost.
 */
export function settle(ledger: Ledger, phase: SpendingPhase, key: string, spent: Amount, unpriced = 0): void {
  if (!ledger.reserved[key]) return;
  delete ledger.reserved[key];
  const before = ledger.booked[key] ?? NOTHING;
  ledger.booked[key] = spent;
  ledger.spent = plus(ledger.spent, {
    usd: Math.max(0, spent.usd - before.usd),
    tokens: Math.max(0, spent.tokens - before.tokens),
    jobHours: Math.max(0, spent.jobHours - before.jobHours),
  });
  const unpricedBefore = ledger.bookedUnpriced?.[key] ?? 0;
  if (unpriced > unpricedBefore) {
    ledger.unpriced += unpriced - unpricedBefore;
    ledger.bookedUnpriced = { ...ledger.bookedUnpriced, [key]: unpriced };
  }
  const largest = ledger.largest[phase] ?? NOTHING;
  ledger.largest[phase] = {
    usd: Math.max(largest.usd, spent.usd),
    tokens: Math.max(largest.tokens, spent.tokens),
    jobHours: Math.max(largest.jobHours, spent.jobHours),
  };
}

/** An ended experiment costs nothing more. */
export function closeAccounts(ledger: Ledger, nodeId: string): void {
  for (const phase of EXPERIMENT_PHASES) {
    delete ledger.reserved[ledgerKey(phase, nodeId)];
    delete ledger.booked[ledgerKey(phase, nodeId)];
    delete ledger.bookedUnpriced?.[ledgerKey(phase, nodeId)];
  }
}

export function release(ledger: Ledger, key: string): void {
  delete ledger.reserved[key];
}

export function reservedTotal(ledger: Ledger): Amount {
  return Object.values(ledger.reserved).reduce(plus, NOTHING);
}

export function plus(a: Amount, b: Amount): Amount {
  return { usd: a.usd + b.usd, tokens: a.tokens + b.tokens, jobHours: a.jobHours + b.jobHours };
}

export function amountOf(spent: Spent): Amount {
  return { usd: spent.usd, tokens: spent.tokens, jobHours: 0 };
}
