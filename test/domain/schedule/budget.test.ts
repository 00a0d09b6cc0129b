import { describe, expect, it } from 'vitest';
import { applyEvent } from '../../../domain/run/apply-event.js';
import { type Amount, NOTHING, NOTHING_SPENT } from '../../../domain/run/ledger.js';
import type { Limits } from '../../../domain/run/limits.js';
import { affordable, budgetWarnings, describeLimit, estimateFor, leftOf } from '../../../domain/schedule/budget.js';
import { limitReached, nextMove } from '../../../domain/schedule/planned-moves.js';
import {
  jobSettlement,
  moneyOfEnd,
  moneyOfReports,
  raisedToBooked,
  settlement,
  unreservedMoneyOfEnd,
} from '../../../domain/schedule/settlement.js';
import { Story } from '../run-story.js';

const usd = (value: number): Amount => ({ ...NOTHING, usd: value });

/** A run with a budget of 1 dollar, of which `spent` is gone for analyses of `each`. */
function withBudget(limits: Partial<Limits>, each: number[] = []) {
  const story = new Story(limits).setUp();
  for (const [index, amount] of each.entries()) {
    const key = `analyze_n${index}`;
    story.tell({ type: 'note_added', text: 'x', money: { reserve: { [key]: usd(amount) } } });
    story.tell({
      type: 'note_added',
      text: 'x',
      money: { settle: [{ phase: 'analyze', key, spent: usd(amount), unpriced: 0 }] },
    });
  }
  return story;
}

describe('reservations', () => {
  it('take all that is left for the first call of a kind, and what it cost at most for the next', () => {
    expect(estimateFor(withBudget({ budgetUsd: 1 }).state, 'analyze').usd).toBe(1);
    expect(estimateFor(withBudget({ budgetUsd: 1 }, [0.1, 0.05]).state, 'analyze').usd).toBe(0.1);
    expect(estimateFor(withBudget({}).state, 'analyze').usd).toBe(0);
  });

  it.each([
    ['nothing spent', { budgetUsd: 1 }, [], true],
    ['room for one more', { budgetUsd: 1 }, [0.3, 0.3], true],
    ['no room for one more', { budgetUsd: 1 }, [0.4, 0.4], false],
    ['all spent', { budgetUsd: 1 }, [1], false],
    ['no limit', {}, [50], true],
  ])('with %s', (_, limits, each, ok) => {
    expect(affordable(withBudget(limits, each).state, ['analyze']).ok).toBe(ok);
  });

  it('count against what is left until they are settled', () => {
    const story = withBudget({ budgetUsd: 1 }, [0.4]);
    story.tell({ type: 'note_added', text: 'x', money: { reserve: { plan: usd(0.5) } } });
    expect(leftOf(story.state, 'usd')).toBeCloseTo(0.1);
    story.tell({ type: 'note_added', text: 'x', money: { release: ['plan'] } });
    expect(leftOf(story.state, 'usd')).toBeCloseTo(0.6);
  });

  it('are settled once for the whole cost of a key, however often it is told', () => {
    const story = withBudget({ budgetUsd: 1 });
    const settle = (amount: number) => ({
      settle: [{ phase: 'apply' as const, key: 'apply_x', spent: usd(amount), unpriced: 0 }],
    });
    const again = { reserve: { apply_x: usd(0.5) } };
    story.tell({ type: 'note_added', text: 'x', money: again }, { type: 'note_added', text: 'x', money: settle(0.2) });
    story.tell({ type: 'note_added', text: 'x', money: settle(0.2) });
    story.tell({ type: 'note_added', text: 'x', money: again }, { type: 'note_added', text: 'x', money: settle(0.3) });
    expect(story.state.ledger.spent.usd).toBeCloseTo(0.3);
  });

  it('count a call without a price once, however often its key is settled', () => {
    const story = withBudget({});
    const settled = { phase: 'apply' as const, key: 'apply_x', spent: NOTHING };
    for (const unpriced of [1, 1, 2]) {
      story.tell({ type: 'note_added', text: 'x', money: { reserve: { apply_x: usd(0) } } });
      story.tell({ type: 'note_added', text: 'x', money: { settle: [{ ...settled, unpriced }] } });
    }
    expect(story.state.ledger.unpriced).toBe(2);
  });

  it('fail closed when a price is not known', () => {
    const story = withBudget({ budgetUsd: 1 }, [0.1]);
    story.tell({ type: 'note_added', text: 'x', money: { reserve: { plan: usd(0.1) } } });
    story.tell({
      type: 'note_added',
      text: 'x',
      money: { settle: [{ phase: 'plan', key: 'plan', spent: NOTHING, unpriced: 1 }] },
    });
    expect(affordable(story.state, ['analyze'])).toEqual({ ok: false, reason: 'budget_usd' });
  });

  it('warn at 50 and 80%', () => {
    expect(budgetWarnings(withBudget({ budgetUsd: 1 }, [0.4]).state)).toEqual([]);
    expect(budgetWarnings(withBudget({ budgetUsd: 1 }, [0.5]).state)[0]).toMatch(/^50%/);
    expect(budgetWarnings(withBudget({ budgetUsd: 1 }, [0.9]).state)[0]).toMatch(/^80%/);
  });
});

describe('moneyOfEnd', () => {
  const end = { spent: { usd: 0.2, tokens: 5, unpriced: 0 }, analyzed: false, durationS: null, atMs: 0 };
  const reserved = (...keys: string[]) => ({ reserve: Object.fromEntries(keys.map((key) => [key, usd(1)])) });
  it.each([
    ['a failed code change', ['apply_x'], end, ['apply_x']],
    ['a completed run', ['analyze_x'], { ...end, analyzed: true }, ['analyze_x']],
    [
      'a completed run that cost nothing',
      ['analyze_x'],
      { ...end, analyzed: true, spent: { usd: 0, tokens: 0, unpriced: 0 } },
      ['analyze_x'],
    ],
    ['a failed analysis', ['analyze_x'], end, ['analyze_x']],
    [
      'a job that was cancelled',
      ['analyze_x', 'job_x'],
      { ...end, spent: { usd: 0, tokens: 0, unpriced: 0 }, durationS: 36 },
      ['job_x'],
    ],
  ])('of %s', (_, keys, given, settled) => {
    const story = withBudget({ budgetUsd: 9 });
    story.add('x').tell({ type: 'note_added', text: 'n', money: reserved(...keys) });
    const money = moneyOfEnd(story.state, 'x', given);
    expect((money.settle ?? []).map(({ key }) => key)).toEqual(settled);
    story.tell({ type: 'note_added', text: 'n', money });
    expect(story.state.ledger.reserved).toEqual({});
  });
});

describe('an end that says less than what was booked', () => {
  const nothing = { spent: NOTHING_SPENT, analyzed: false, durationS: null, atMs: 0 };
  const first = { usd: 0.2, tokens: 5, unpriced: 1 };

  it('takes nothing of it back, so that the same cost told again is booked once', () => {
    const story = withBudget({}).add('x');
    const again = { type: 'note_added' as const, text: 'n', money: { reserve: { apply_x: usd(1) } } };
    const prepared = { type: 'note_added' as const, text: 'n', money: settlement('apply', first, 'x') };
    story.tell(again, prepared, again);
    // Withdrawn before it asked again: it knows of no cost.
    const { settle } = moneyOfEnd(story.state, 'x', nothing);
    const raised = raisedToBooked(story.state, settle);
    expect(raised).toMatchObject([{ key: 'apply_x', spent: { usd: 0.2, tokens: 5 }, unpriced: 1 }]);
    story.tell({ type: 'note_added', text: 'n', money: { settle: raised! } }, again, prepared);
    expect(story.state.ledger.spent).toMatchObject({ usd: 0.2, tokens: 5 });
    expect(story.state.ledger.unpriced).toBe(1);
  });

  it('is none where as much or more is told', () => {
    const story = withBudget({}).add('x');
    const reserve = { type: 'note_added' as const, text: 'n', money: { reserve: { apply_x: usd(1) } } };
    story.tell(reserve, { type: 'note_added', text: 'n', money: settlement('apply', first, 'x') }, reserve);
    for (const spent of [first, { ...first, usd: 0.3 }])
      expect(raisedToBooked(story.state, settlement('apply', spent, 'x').settle!)).toBeNull();
  });
});

describe('a planning round that an engine left open', () => {
  it('is settled with the reports, when nobody asks for its plan any more', () => {
    const story = withBudget({});
    const none = { spent: NOTHING_SPENT };
    story.tell({ type: 'planning_started', iteration: 1, money: { reserve: { plan_1: usd(1) } } });
    story.tell({ type: 'note_added', text: 'n', money: { reserve: { report_9: usd(1) } } });
    const plans = [{ iteration: '1', spent: { usd: 0.01, tokens: 5, unpriced: 0 } }];
    story.tell({ type: 'note_added', text: 'n', money: { reserve: { report_4: usd(1) } } });
    const reports = [{ of: '4', spent: { usd: 0.02, tokens: 7, unpriced: 0 } }];
    story.tell({ type: 'reported', money: moneyOfReports({ ...none, plans, reports }, '9') });
    expect(story.state.ledger).toMatchObject({ spent: { usd: 0.03, tokens: 12 } });
    expect(story.state.ledger.reserved).toEqual({});
    expect(moneyOfReports(null, '9')).toEqual({ release: ['report_9'] });
    expect(moneyOfReports(none, '9')).toEqual(settlement('report', NOTHING_SPENT, '9'));
  });
});

describe('work that nothing was reserved for', () => {
  const spent = { usd: 0.2, tokens: 5, unpriced: 1 };
  const end = { spent, analyzed: true, durationS: 36, atMs: 0 };
  const hours = 36 / 3600;
  it.each([
    ['is booked by its end', [], end, { usd: 0.2, tokens: 5, jobHours: hours }, 1],
    ['is booked for its job alone', [], { ...end, spent: NOTHING_SPENT }, { ...NOTHING, jobHours: hours }, 0],
    [
      'counts once where its code was booked before',
      ['apply'],
      { ...end, analyzed: false, durationS: null },
      { usd: 0.2, tokens: 5, jobHours: 0 },
      1,
    ],
    [
      'counts once where its job was booked before',
      ['job'],
      { ...end, spent: NOTHING_SPENT },
      { ...NOTHING, jobHours: hours },
      0,
    ],
  ] as const)('%s', (_, before, given, total, unpriced) => {
    const story = withBudget({}).add('x');
    const money = { apply: settlement('apply', spent, 'x'), job: jobSettlement('x', 36) };
    for (const phase of before) {
      story.tell({ type: 'note_added', text: 'n', money: { reserve: { [`${phase}_x`]: NOTHING } } });
      story.tell({ type: 'note_added', text: 'n', money: money[phase] });
    }
    const unreserved = unreservedMoneyOfEnd(story.state, 'x', given);
    story.tell({ type: 'note_added', text: 'n', money: unreserved ?? {} });
    expect(story.state.ledger.spent).toEqual(total);
    expect(story.state.ledger.unpriced).toBe(unpriced);
    expect(story.state.ledger.reserved).toEqual({});
  });

  it('tells a cost again that was booked, once its workflow went back to before that', () => {
    const story = withBudget({}).add('x');
    const note = { type: 'note_added' as const, text: 'n' };
    story.tell(
      { ...note, money: { reserve: { apply_x: NOTHING } } },
      { ...note, money: settlement('apply', spent, 'x') },
    );
    story.tell({ ...note, money: { reserve: { analyze_x: usd(1) } } });
    const again = { spent, paidFor: 'apply' as const, analyzed: false, durationS: null, atMs: 0 };
    const { settle, release } = moneyOfEnd(story.state, 'x', again);
    const unreserved = unreservedMoneyOfEnd(story.state, 'x', again)!;
    story.tell({ ...note, money: { ...unreserved, settle: [...settle, ...unreserved.settle], release } });
    expect(story.state.ledger).toMatchObject({ spent: { usd: 0.2, tokens: 5 }, unpriced: 1, reserved: {} });
  });

  it('is of the analysis where the experiment says so', () => {
    const story = withBudget({}).add('x');
    const failed = { spent, paidFor: 'analyze' as const, analyzed: false, durationS: null, atMs: 0 };
    expect(unreservedMoneyOfEnd(story.state, 'x', failed)?.settle).toMatchObject([{ key: 'analyze_x' }]);
  });

  it('is none where all of it was reserved', () => {
    const reserve = { analyze_x: usd(1), job_x: NOTHING };
    const story = withBudget({}).add('x').tell({ type: 'note_added', text: 'n', money: { reserve } });
    expect(unreservedMoneyOfEnd(story.state, 'x', end)).toBeNull();
  });
});

describe('moves and limits', () => {
  it('start what can be paid, and end the run when nothing is under way that may give back', () => {
    const story = withBudget({ budgetUsd: 1, maxConcurrency: 1 }, [1]);
    // The baseline needs no call to be prepared; its analysis cannot be paid.
    expect(nextMove(story.state, 1)).toMatchObject({ do: 'start', nodeId: '000_baseline' });
    story.tell({ type: 'experiment_preparing', nodeId: '000_baseline' });
    expect(limitReached(story.state, 0, 1)).toBeNull();
    story.tell({ type: 'experiment_prepared', nodeId: '000_baseline', commit: 'c' });
    expect(nextMove(story.state, 1)).toBeNull();
    expect(limitReached(story.state, 0, 1)).toBe('budget_usd');
  });

  it('end a run when a job changed files of the user, with their names, and once for each such job', () => {
    const story = new Story().setUp().completed('000_baseline', 100).running('000_headspace');
    expect(limitReached(story.state, 0, 1)).toBeNull();
    story.failed('000_headspace', 'user_files_changed');
    expect(limitReached(story.state, 0, 1)).toBe('user_files_changed');
    const detail = describeLimit(story.state, 'user_files_changed');
    expect(detail).toBe('it broke');
    story.tell({ type: 'limit_reached', reason: 'user_files_changed', detail });
    expect(story.state).toMatchObject({ status: 'draining', stop: { reason: 'user_files_changed' } });
    // Its owner restored them and goes on.
    story.tell({ type: 'stopped', reason: 'user_files_changed', detail }, { type: 'resumed' });
    expect(limitReached(story.state, 0, 1)).toBeNull();
    story.running('001_mtp').failed('001_mtp', 'user_files_changed');
    expect(limitReached(story.state, 0, 1)).toBe('user_files_changed');
  });

  it('end a run at its hours, counting only the time in which it ran', () => {
    const story = withBudget({ maxHours: 1 });
    const start = story.state.runsSinceMs ?? 0;
    expect(limitReached(story.state, start + 3_599_000, 1)).toBeNull();
    expect(limitReached(story.state, start + 3_600_000, 1)).toBe('wall_clock');
    story.tell({ type: 'stop_requested', mode: 'interrupt' }, { type: 'resumed' });
    expect(story.state.ranMs).toBeGreaterThan(0);
  });

  it('do not count the time in which a killed engine was away', () => {
    const story = withBudget({ maxHours: 1 });
    const { state } = story;
    const start = state.runsSinceMs ?? 0;
    const lastMs = state.updatedAtMs;
    const day = 24 * 3_600_000;
    applyEvent(state, { seq: state.seq + 1, atMs: lastMs + day, type: 'returned' });
    expect(state).toMatchObject({ ranMs: lastMs - start, runsSinceMs: lastMs + day, status: 'running' });
    expect(limitReached(state, lastMs + day + 1000, 1)).toBeNull();
    const noteMs = state.updatedAtMs;
    // Sent while it was away, and heard together with the return.
    for (const event of [{ type: 'note_added', text: 'n' }, { type: 'paused' }, { type: 'returned' }] as const)
      applyEvent(state, { seq: state.seq + 1, atMs: noteMs + day, ...event });
    expect(state).toMatchObject({ ranMs: lastMs - start, runsSinceMs: noteMs + day });
    story.tell({ type: 'stop_requested', mode: 'interrupt' });
    const { ranMs } = state;
    applyEvent(state, { seq: state.seq + 1, atMs: state.updatedAtMs + day, type: 'returned' });
    expect(state).toMatchObject({ ranMs, runsSinceMs: null, status: 'interrupted' });
  });
});
