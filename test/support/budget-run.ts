/**
 * A run with budgets: some calls and jobs are paid for, one of each is under way, and the price of one is not known.
 */
import type { EngineEvent, EventBody, Money } from '../../domain/run/event-types.js';
import { type Amount, NOTHING } from '../../domain/run/ledger.js';
import { type SyntheticRun, syntheticRun } from './run-events.js';

const amount = (part: Partial<Amount>): Amount => ({ ...NOTHING, ...part });

const PAID: { body: EventBody; money?: Money }[] = [
  {
    body: {
      type: 'limits_set',
      limits: { budgetUsd: 2, budgetTokens: 1_000_000, budgetJobHours: 10, maxExperiments: 30, maxHours: 8 },
    },
    money: { reserve: { setup: amount({ usd: 2, tokens: 1_000_000 }), job_a: amount({ jobHours: 0.5 }) } },
  },
  {
    body: { type: 'note_added', text: 'first' },
    money: { settle: [{ phase: 'setup', key: 'setup', spent: amount({ usd: 0.4, tokens: 120_000 }), unpriced: 0 }] },
  },
  {
    body: { type: 'note_added', text: 'second' },
    money: { reserve: { plan: amount({ usd: 0.7, tokens: 200_000 }) } },
  },
  {
    body: { type: 'note_added', text: 'third' },
    money: {
      settle: [
        { phase: 'plan', key: 'plan', spent: amount({ usd: 0.65, tokens: 700_500 }), unpriced: 0 },
        { phase: 'job', key: 'job_a', spent: amount({ jobHours: 0.125 }), unpriced: 0 },
      ],
    },
  },
  {
    body: { type: 'note_added', text: 'fourth' },
    money: { reserve: { analyze_b: amount({ usd: 0.1, tokens: 30_000 }), job_b: amount({ jobHours: 0.25 }) } },
  },
];

/** `unpriced` calls have an unknown price on top. */
export function budgetRun({ unpriced = 0 }: { unpriced?: number } = {}): SyntheticRun {
  const run = syntheticRun({ followUps: 3, open: 2 });
  const last = run.events.at(-1)!;
  const paid = unpriced === 0 ? PAID : [...PAID, unpricedCalls(unpriced)];
  const more = paid.map(
    ({ body, money }, i): EngineEvent => ({
      seq: last.seq + i + 1,
      atMs: last.atMs + (i + 1) * 1000,
      ...body,
      ...(money ? { money } : {}),
    }),
  );
  return { ...run, events: [...run.events, ...more] };
}

function unpricedCalls(unpriced: number) {
  return {
    body: { type: 'note_added', text: 'fifth' } as const,
    money: { settle: [{ phase: 'analyze', key: 'analyze_b', spent: NOTHING, unpriced }] } satisfies Money,
  };
}
