/** What was paid and not booked is found by what the ledger counts, however often an account was settled. */
import { expect, it } from 'vitest';
import type { EngineEvent, Money } from '../../../domain/run/event-types.js';
import { NOTHING } from '../../../domain/run/ledger.js';
import { beyondBooked, bookedByKey } from '../../../domain/schedule/late-costs.js';
import { moneyOfReports } from '../../../domain/schedule/settlement.js';

const settled = (key: string, usd: number, unpriced = 0): Money => ({
  reserve: { [key]: NOTHING },
  settle: [{ phase: 'analyze', key, spent: { usd, tokens: 10 * usd, jobHours: 0 }, unpriced }],
});

function log(...money: Money[]): EngineEvent[] {
  return money.map((each, at) => ({ seq: at + 1, atMs: 0, type: 'note_added', text: 'n', money: each }));
}

it('counts an account once that was settled again with its whole cost, and one that nothing was reserved for not', () => {
  const unreserved = { settle: settled('analyze_x', 9).settle! };
  const booked = bookedByKey(log(settled('analyze_x', 1), settled('analyze_x', 3, 1), unreserved));
  expect(booked.get('analyze_x')).toEqual({ usd: 3, tokens: 30, unpriced: 1 });
});

it('counts what was booked late beside what was booked in time', () => {
  const spent = (usd: number) => ({ usd, tokens: 0, unpriced: 0 });
  const late = (usd: number, seq: string) =>
    moneyOfReports({ spent: spent(0), ended: [{ phase: 'analyze', nodeId: 'x', spent: spent(usd) }] }, seq);
  const booked = bookedByKey(log(settled('analyze_x', 1), late(0.5, '7'), late(0.25, '9')));
  expect(booked.get('analyze_x')).toMatchObject({ usd: 1.75 });
});

it('takes no rounding for money', () => {
  expect(beyondBooked({ usd: 0.1 + 0.2, tokens: 5, unpriced: 0 }, { usd: 0.3, tokens: 5, unpriced: 0 })).toBeNull();
  expect(beyondBooked({ usd: 0.2, tokens: 5, unpriced: 0 }, { usd: 0, tokens: 5, unpriced: 1 })).toEqual({
    usd: 0.2,
    tokens: 0,
    unpriced: 0,
  });
});
