/** What is booked when an experiment ends, however it ends: nothing of it stays reserved. */
import type { EngineState } from '../run/engine-state.js';
import type { Money } from '../run/event-types.js';
import {
  type Amount,
  amountOf,
  type EXPERIMENT_PHASES,
  lateKey,
  ledgerKey,
  NOTHING,
  type PaidPhase,
  type SpendingPhase,
  type Spent,
} from '../run/ledger.js';

/**
 * `paidFor`: which phase has cost `spent`, where the experiment tells. `durationS` of its job, null when it had none or
 * it is not known; `atMs` then tells how long the job held a slot.
 */
export interface End {
  spent: Spent;
  paidFor?: PaidPhase | undefined;
  analyzed: boolean;
  durationS: number | null;
  atMs: number;
}

export function moneyOfEnd(state: EngineState, nodeId: string, end: End): Required<Pick<Money, 'settle' | 'release'>> {
  const { reserved } = state.ledger;
  const { apply, analyze, job } = keysOf(nodeId);
  const booked = { spent: amountOf(end.spent), unpriced: end.spent.unpriced };
  const money: ReturnType<typeof moneyOfEnd> = { settle: [], release: [] };
  if (reserved[apply]) money.settle.push({ phase: 'apply', key: apply, ...booked });
  else if (reserved[analyze] && (end.analyzed || (hasSpent(end.spent) && end.paidFor !== 'apply')))
    money.settle.push({ phase: 'analyze', key: analyze, ...booked });
  else if (reserved[analyze]) money.release.push(analyze);
  if (reserved[job]) {
    const seconds = end.durationS ?? heldForS(state, nodeId, end.atMs);
    money.settle.push(...(jobSettlement(nodeId, seconds).settle ?? []));
  }
  return money;
}

/**
 * What an experiment has cost though nothing was reserved for it, null if there is nothing of that kind: its engine was
 * put back to before the grant, and hears of the job by its end. Booked under a key that was settled before, it counts
 * as far as it exceeds what was booked then.
 */
export function unreservedMoneyOfEnd(
  { ledger: { reserved, booked } }: EngineState,
  nodeId: string,
  end: End,
): Required<Pick<Money, 'reserve' | 'settle'>> | null {
  const keys = keysOf(nodeId);
  const money: Required<Pick<Money, 'reserve' | 'settle'>> = { reserve: {}, settle: [] };
  const isOfApply = end.paidFor === 'apply';
  if (hasSpent(end.spent) && !reserved[keys.apply] && (isOfApply || !reserved[keys.analyze])) {
    const phase = end.paidFor ?? (end.analyzed ? 'analyze' : 'apply');
    money.reserve[keys[phase]] = NOTHING;
    money.settle.push({ phase, key: keys[phase], spent: amountOf(end.spent), unpriced: end.spent.unpriced });
  }
  if (end.durationS !== null && !reserved[keys.job] && !booked[keys.job]) {
    money.reserve[keys.job] = NOTHING;
    money.settle.push(...(jobSettlement(nodeId, end.durationS).settle ?? []));
  }
  return money.settle.length > 0 ? money : null;
}

function keysOf(nodeId: string): Record<(typeof EXPERIMENT_PHASES)[number], string> {
  return {
    apply: ledgerKey('apply', nodeId),
    analyze: ledgerKey('analyze', nodeId),
    job: ledgerKey('job', nodeId),
  };
}

function hasSpent({ usd, tokens, unpriced }: Spent): boolean {
  return usd > 0 || tokens > 0 || unpriced > 0;
}

function heldForS(state: EngineState, nodeId: string, atMs: number): number {
  const now = state.experiments[nodeId]?.state;
  return now?.status === 'running' ? Math.max(0, atMs - now.launchedAtMs) / 1000 : 0;
}

/**
 * Settlements that say less than what was booked under their keys, raised to that: an experiment that was withdrawn
 * before it asked again knows of no cost, and the next time would book again what its first time had told. Null where
 * there is none.
 */
export function raisedToBooked(
  { ledger }: Pick<EngineState, 'ledger'>,
  settle: Required<Money>['settle'],
): Required<Money>['settle'] | null {
  const raised = settle.map((each) => {
    const before = ledger.booked[each.key] ?? NOTHING;
    const { usd, tokens, jobHours } = each.spent;
    const spent = {
      usd: Math.max(usd, before.usd),
      tokens: Math.max(tokens, before.tokens),
      jobHours: Math.max(jobHours, before.jobHours),
    };
    return { ...each, spent, unpriced: Math.max(each.unpriced, ledger.bookedUnpriced?.[each.key] ?? 0) };
  });
  const isHigher = raised.some(({ spent, unpriced }, at) => {
    const told = settle[at]!;
    const isAmount = spent.usd > told.spent.usd || spent.tokens > told.spent.tokens;
    return isAmount || spent.jobHours > told.spent.jobHours || unpriced > told.unpriced;
  });
  return isHigher ? raised : null;
}

/** Settles one phase: with what was spent, or by letting the reservation go when that is not known. */
export function settlement(phase: SpendingPhase, spent: Spent | null, of?: string): Money {
  const key = ledgerKey(phase, of);
  return spent ? { settle: [{ phase, key, spent: amountOf(spent), unpriced: spent.unpriced }] } : { release: [key] };
}

/** What is owed for calls that nobody waits for any more (activities/agent-calls/owed-calls.ts). */
export interface OwedCalls {
  plans?: readonly { iteration: string; spent: Spent }[];
  reports?: readonly { of: string; spent: Spent }[];
  /** Beyond what was booked of experiments that have ended. */
  ended?: readonly { phase: PaidPhase; nodeId: string; spent: Spent }[];
}

/** Of the last step of a run, which tells as well what is owed. */
export function moneyOfReports(made: ({ spent: Spent } & OwedCalls) | null, reportOf: string): Money {
  const money = settlement('report', made?.spent ?? null, reportOf);
  const late = (made?.ended ?? []).map(({ phase, nodeId, spent }) => {
    const key = lateKey(ledgerKey(phase, nodeId), reportOf);
    return { phase, key, spent: amountOf(spent), unpriced: spent.unpriced };
  });
  const owed = [
    ...(made?.plans ?? []).flatMap(({ iteration, spent }) => settlement('plan', spent, iteration).settle ?? []),
    ...(made?.reports ?? []).flatMap(({ of, spent }) => settlement('report', spent, of).settle ?? []),
    ...late,
  ];
  if (owed.length === 0) return money;
  const reserve = Object.fromEntries(late.map(({ key }) => [key, NOTHING]));
  return { ...money, ...(late.length > 0 ? { reserve } : {}), settle: [...(money.settle ?? []), ...owed] };
}

export function jobSettlement(nodeId: string, durationS: number): Money {
  const spent = { ...NOTHING, jobHours: durationS / 3600 };
  return { settle: [{ phase: 'job', key: ledgerKey('job', nodeId), spent, unpriced: 0 }] };
}

export function reservationsFor({ reservations }: { reservations: [SpendingPhase, Amount][] }, of?: string): Money {
  return { reserve: Object.fromEntries(reservations.map(([phase, amount]) => [ledgerKey(phase, of), amount])) };
}
