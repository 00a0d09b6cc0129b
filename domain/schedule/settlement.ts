/** What is booked when an experiment ends, however it ends: nothing of it stays reserved. */
import type { EngineState } from '../run/engine-state.js';
import type { Money } from '../run/event-types.js';
import { type Amount, amountOf, ledgerKey, NOTHING, type SpendingPhase, type Spent } from '../run/ledger.js';

/** `durationS` of its job, null when it had none or it is not known; `atMs` then tells how long the job held a slot. */
export function moneyOfEnd(
  state: EngineState,
  nodeId: string,
  end: { spent: Spent; analyzed: boolean; durationS: number | null; atMs: number },
): Money {
  const { reserved } = state.ledger;
  const [apply, analyze, job] = (['apply', 'analyze', 'job'] as const).map((phase) => ledgerKey(phase, nodeId)) as [
    string,
    string,
    string,
  ];
  const booked = { spent: amountOf(end.spent), unpriced: end.spent.unpriced };
  const money: Required<Pick<Money, 'settle' | 'release'>> = { settle: [], release: [] };
  if (reserved[apply]) money.settle.push({ phase: 'apply', key: apply, ...booked });
  else if (reserved[analyze] && (end.analyzed || hasSpent(end.spent)))
    money.settle.push({ phase: 'analyze', key: analyze, ...booked });
  else if (reserved[analyze]) money.release.push(analyze);
  if (reserved[job]) {
    const seconds = end.durationS ?? heldForS(state, nodeId, end.atMs);
    money.settle.push(...(jobSettlement(nodeId, seconds).settle ?? []));
  }
  return money;
}

function hasSpent({ usd, tokens, unpriced }: Spent): boolean {
  return usd > 0 || tokens > 0 || unpriced > 0;
}

function heldForS(state: EngineState, nodeId: string, atMs: number): number {
  const now = state.experiments[nodeId]?.state;
  return now?.status === 'running' ? Math.max(0, atMs - now.launchedAtMs) / 1000 : 0;
}

/** Settles one phase: with what was spent, or by letting the reservation go when that is not known. */
export function settlement(phase: SpendingPhase, spent: Spent | null, of?: string): Money {
  const key = ledgerKey(phase, of);
  return spent ? { settle: [{ phase, key, spent: amountOf(spent), unpriced: spent.unpriced }] } : { release: [key] };
}

export function jobSettlement(nodeId: string, durationS: number): Money {
  const spent = { ...NOTHING, jobHours: durationS / 3600 };
  return { settle: [{ phase: 'job', key: ledgerKey('job', nodeId), spent, unpriced: 0 }] };
}

export function reservationsFor({ reservations }: { reservations: [SpendingPhase, Amount][] }, of?: string): Money {
  return { reserve: Object.fromEntries(reservations.map(([phase, amount]) => [ledgerKey(phase, of), amount])) };
}
