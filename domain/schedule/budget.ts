/**
 * What may still be spent. A reservation is what such work cost at most so far, and more for calls that run at the same
 * time: each may be dearer than any before, and together they must not exceed a budget by more than one of them does.
 */

import type { EngineState } from '../run/engine-state.js';
import { type Amount, NOTHING, plus, reservedTotal, type SpendingPhase } from '../run/ledger.js';
import type { StopReason } from '../run/limits.js';
import { baselineFailure, baselineFailureText } from '../verdict/baseline-failure.js';
import { jobsText } from './counted.js';

interface Budget {
  field: keyof Amount;
  reason: StopReason;
  limit: number | null;
}

function budgetsOf({ limits }: EngineState): Budget[] {
  return [
    { field: 'usd', reason: 'budget_usd', limit: limits.budgetUsd },
    { field: 'tokens', reason: 'budget_tokens', limit: limits.budgetTokens },
    { field: 'jobHours', reason: 'job_hours', limit: limits.budgetJobHours },
  ];
}

function isSpentBy(field: keyof Amount, phase: SpendingPhase): boolean {
  return (phase === 'job') === (field === 'jobHours');
}

/** Not spent and not set aside; null without a limit. */
export function leftOf(state: EngineState, field: keyof Amount): number | null {
  const limit = budgetsOf(state).find((budget) => budget.field === field)?.limit ?? null;
  if (limit === null) return null;
  return Math.max(0, limit - state.ledger.spent[field] - reservedTotal(state.ledger)[field]);
}

/** What the cost of one call may be in terms of the dearest one so far, for calls that run beside others. */
const BESIDE_OTHERS = 2;

/**
 * What to reserve for one piece of work: what its kind cost at most so far; for the first of a kind, what any agent
 * call cost at most; and for the very first, all that is left, so that it runs alone. (Of what has no limit, nothing.)
 * A call that runs beside others reserves twice what any call cost at most, so that only one that runs alone may exceed
 * what is left.
 */
export function estimateFor(state: EngineState, phase: SpendingPhase): Amount {
  const { largest } = state.ledger;
  const akin = Object.entries(largest)
    .filter(([other]) => (other === 'job') === (phase === 'job'))
    .map(([, amount]) => amount);
  if (akin.length > 0 && phase !== 'job' && runsBesideCalls(state)) return times(BESIDE_OTHERS, akin.reduce(most));
  const known = largest[phase];
  if (known) return known;
  if (akin.length > 0) return akin.reduce(most);
  const estimate = { ...NOTHING };
  for (const field of ['usd', 'tokens', 'jobHours'] as const) {
    if (!isSpentBy(field, phase)) continue;
    const left = leftOf(state, field) ?? 0;
    estimate[field] = field === 'jobHours' ? Math.min(left, state.limits.jobTimeoutS / 3600) : left;
  }
  return estimate;
}

function runsBesideCalls({ ledger }: EngineState): boolean {
  const { usd, tokens } = reservedTotal(ledger);
  return usd > 0 || tokens > 0;
}

function times(factor: number, { usd, tokens, jobHours }: Amount): Amount {
  return { usd: factor * usd, tokens: factor * tokens, jobHours: factor * jobHours };
}

function most(a: Amount, b: Amount): Amount {
  return {
    usd: Math.max(a.usd, b.usd),
    tokens: Math.max(a.tokens, b.tokens),
    jobHours: Math.max(a.jobHours, b.jobHours),
  };
}

/** Reservations for several pieces of work of one experiment, or the limit that does not allow them. */
export function affordable(
  state: EngineState,
  phases: readonly SpendingPhase[],
): { ok: true; reservations: [SpendingPhase, Amount][] } | { ok: false; reason: StopReason } {
  let total = NOTHING;
  const reservations: [SpendingPhase, Amount][] = [];
  for (const phase of phases) {
    const amount = estimateFor(state, phase);
    reservations.push([phase, amount]);
    total = plus(total, amount);
  }
  for (const { field, reason, limit } of budgetsOf(state)) {
    if (limit === null || !phases.some((phase) => isSpentBy(field, phase))) continue;
    const left = leftOf(state, field) ?? 0;
    // An estimate that took all that is left is no reason to refuse: it is how the first call of its kind runs alone.
    if (left <= 0 || total[field] > left + Number.EPSILON * limit) return { ok: false, reason };
    if (field === 'usd' && state.ledger.unpriced > 0) return { ok: false, reason };
  }
  return { ok: true, reservations };
}

/** When a run that goes on has used up its hours; Infinity without a limit. */
export function timeUpAtMs({ limits, runsSinceMs, ranMs }: EngineState): number {
  if (limits.maxHours === null || runsSinceMs === null) return Number.POSITIVE_INFINITY;
  return runsSinceMs + limits.maxHours * 3_600_000 - ranMs;
}

/** Shares of a budget at which its owner is warned. */
const WARNINGS = [0.8, 0.5] as const;

/** The highest warning share that a budget has reached, with words for it. */
export function budgetWarnings(state: EngineState): string[] {
  return budgetsOf(state).flatMap(({ field, limit }) => {
    if (limit === null) return [];
    const share = WARNINGS.find((mark) => state.ledger.spent[field] >= mark * limit);
    return share === undefined
      ? []
      : [`${Math.round(share * 100)}% of the budget of ${limit} ${UNITS[field]} is spent`];
  });
}

const UNITS = { usd: 'US dollars', tokens: 'tokens', jobHours: 'job hours' } as const satisfies Record<
  keyof Amount,
  string
>;

/** A limit that ended a run, in words. */
export function describeLimit(state: EngineState, reason: StopReason): string {
  const budget = budgetsOf(state).find((candidate) => candidate.reason === reason);
  if (budget) {
    const { field, limit } = budget;
    const spent = Number(state.ledger.spent[field].toPrecision(4));
    const unpriced = field === 'usd' && state.ledger.unpriced > 0 ? '; the price of a call is not known' : '';
    return `${spent} of ${limit} ${UNITS[field]} are spent and the next step does not fit${unpriced}`;
  }
  if (reason === 'user_files_changed') {
    const rows = Object.values(state.experiments).reverse();
    const failed = rows.map((row) => ('failure' in row.state ? row.state.failure : null));
    return failed.find((failure) => failure?.kind === 'user_files_changed')?.message ?? 'a job changed files of yours';
  }
  const noBaseline = reason === 'baseline_failed' ? baselineFailure(state) : null;
  if (noBaseline) return baselineFailureText(noBaseline);
  if (reason === 'max_jobs') return jobsText(state);
  if (reason === 'wall_clock') return `the engine has run for its ${state.limits.maxHours} hours`;
  const { maxExperiments: most } = state.limits;
  return most === 1 ? '1 experiment was started' : `${most} experiments were started`;
}
