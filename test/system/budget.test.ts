/**
 * A budget in dollars holds while four calls run at a time and processes are killed: what is booked is what agents were
 * paid.
 */
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { untilAgentsEnded } from '../support/agents/agent-processes.js';
import { beforeEnd, CommandRun, exitOf, killed, killPid } from '../support/command-run.js';

const BUDGET_USD = 1;
/** Of one call: four at a time are a good part of the budget. */
const HIGHEST_USD = 0.15;

interface PaidCall {
  phase: string;
  node: string;
  usd: number;
}

async function paidCalls(run: CommandRun): Promise<PaidCall[]> {
  return (await run.agentLedger()) as unknown as PaidCall[];
}

async function bookedUsd(run: CommandRun): Promise<number> {
  const { stdout } = await run.command('status', run.workdir, '--json');
  const { status } = JSON.parse(stdout) as { status: { budget: { kind: string; spent: number; reserved: number }[] } };
  const usd = status.budget.find(({ kind }) => kind === 'usd');
  expect(usd?.reserved, 'what is still set aside').toBe(0);
  return usd?.spent ?? 0;
}

const isEvent =
  (type: EngineEvent['type'], nodeId?: string) =>
  (event: EngineEvent): boolean =>
    event.type === type && (nodeId === undefined || ('nodeId' in event && event.nodeId === nodeId));

describe('a run with a budget of 1.00 USD', () => {
  it('is never more than one call above it, across kill -9 of engine and server', async () => {
    await using run = await CommandRun.create({
      jobSeconds: 0.2,
      agentSeconds: 0.2,
      planSize: 4,
      env: { AGENT_PRICES: `0.05 ${HIGHEST_USD}` },
    });
    const limits = ['--max-concurrency', '4', '--max-iterations', '9', '--budget-usd', String(BUDGET_USD)];

    const first = run.start(...run.firstFlags(), ...limits);
    await beforeEnd(first, run.untilEvent(isEvent('job_launched')));
    await killed(first);
    await untilAgentsEnded(run.workdir);

    const second = run.start();
    await beforeEnd(second, run.untilEvent(isEvent('planning_started')));
    await Promise.all([killed(second), killPid(await run.serverPid())]);
    await untilAgentsEnded(run.workdir);

    const third = run.start();
    await beforeEnd(third, run.untilEvent(isEvent('plan_received')));
    await killed(third);
    await untilAgentsEnded(run.workdir);

    const { code, output } = await exitOf(run.start());
    expect(code, output).toBe(0);
    expect(output).toContain('budget_usd');
    const calls = await paidCalls(run);
    const paid = calls.reduce((sum, { usd }) => sum + usd, 0);
    const once = new Set(calls.map(({ phase, node }, index) => (phase === 'plan' ? index : `${phase} ${node}`)));
    expect(once.size, 'no call is paid for twice').toBe(calls.length);
    expect(await bookedUsd(run)).toBeCloseTo(paid, 9);
    expect(paid).toBeLessThanOrEqual(BUDGET_USD + HIGHEST_USD);
    expect(paid).toBeGreaterThan(BUDGET_USD - HIGHEST_USD);
  }, 480_000);
});
