/**
 * What agent calls have cost beyond what the log booked: an experiment that goes on after its end (its workflow was
 * reset, say) may ask an agent once more, and the engine hears of no second end.
 */
import type { EngineEvent } from '../run/event-types.js';
import { emptyLedger, NOTHING_SPENT, ownKey, release, reserve, type Spent, settle } from '../run/ledger.js';

/** What counts as spent of each key, late bookings included: as the ledger counts it, of all events of a log. */
export function bookedByKey(events: readonly EngineEvent[]): ReadonlyMap<string, Spent> {
  const booked = new Map<string, Spent>();
  const ledger = emptyLedger();
  for (const { money } of events) {
    for (const [key, amount] of Object.entries(money?.reserve ?? {})) reserve(ledger, key, amount);
    for (const { phase, key, spent, unpriced } of money?.settle ?? []) {
      const before = { ...ledger.spent, unpriced: ledger.unpriced };
      settle(ledger, phase, key, spent, unpriced);
      const sum = booked.get(ownKey(key)) ?? NOTHING_SPENT;
      booked.set(ownKey(key), {
        usd: sum.usd + ledger.spent.usd - before.usd,
        tokens: sum.tokens + ledger.spent.tokens - before.tokens,
        unpriced: sum.unpriced + ledger.unpriced - before.unpriced,
      });
    }
    for (const key of money?.release ?? []) release(ledger, key);
  }
  return booked;
}

/** Sums of dollars differ by less than this when they are of the same calls, in whatever order they were added. */
const ROUNDING_USD = 1e-9;

/** What was paid beyond what is booked, null where that is nothing. */
export function beyondBooked(paid: Spent, booked: Spent): Spent | null {
  const usd = paid.usd - booked.usd;
  const late = {
    usd: usd > ROUNDING_USD ? usd : 0,
    tokens: Math.max(0, paid.tokens - booked.tokens),
    unpriced: Math.max(0, paid.unpriced - booked.unpriced),
  };
  return late.usd > 0 || late.tokens > 0 || late.unpriced > 0 ? late : null;
}
