/**
 * How far calls that run at the same time can exceed a budget together: by one of them, whatever their order and
 * number.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { initialState } from '../../../domain/run/engine-state.js';
import { NOTHING, reserve, type SpendingPhase, settle } from '../../../domain/run/ledger.js';
import { affordable } from '../../../domain/schedule/budget.js';

const PHASES: SpendingPhase[] = ['apply', 'analyze', 'plan'];
const BUDGET_USD = 1;
const FIRST_USD = 0.1;

interface Step {
  phase: number;
  /** Of the calls under way, which one ends. */
  ends: number;
  /** Of what a call may cost, the share that it does cost. */
  share: number;
}

/** Starts as many calls as the policy and the slots allow, ends one, and so on until none is allowed. */
function spend(concurrency: number, steps: readonly Step[]) {
  const state = initialState('r');
  state.limits = { ...state.limits, budgetUsd: BUDGET_USD };
  const open: { phase: SpendingPhase; key: string; atMostUsd: number }[] = [];
  let dearest = 0;
  let most = 0;
  for (const [index, { phase, ends, share }] of steps.entries()) {
    const next = PHASES[phase]!;
    const allowed = affordable(state, [next]);
    if (allowed.ok && open.length < concurrency) {
      const key = `${next}_${index}`;
      reserve(state.ledger, key, allowed.reservations[0]![1]);
      open.push({ phase: next, key, atMostUsd: dearest === 0 ? FIRST_USD : 2 * dearest });
      most = Math.max(most, open.length);
      continue;
    }
    const [ended] = open.splice(ends % Math.max(1, open.length), 1);
    if (!ended) break;
    const usd = ended.atMostUsd * share;
    dearest = Math.max(dearest, usd);
    settle(state.ledger, ended.phase, ended.key, { ...NOTHING, usd });
  }
  return { spent: state.ledger.spent.usd, dearest, most };
}

const step = fc.record({
  phase: fc.nat(PHASES.length - 1),
  ends: fc.nat(15),
  share: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

it('holds to one call as long as none costs more than twice the dearest one before', () => {
  const steps = fc.array(step, { minLength: 50, maxLength: 400 });
  let most = 0;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), steps, (concurrency, given) => {
      const run = spend(concurrency, given);
      most = Math.max(most, run.most);
      expect(run.spent).toBeLessThanOrEqual(BUDGET_USD + run.dearest + 1e-9);
    }),
    { numRuns: 500 },
  );
  expect(most, 'calls at the same time').toBeGreaterThan(4);
});
