/**
 * Agents that answer nonsense, nothing or not at all: each fault is a retried call or a typed failure, and is paid for
 * once.
 */
import { describe, expect, it } from 'vitest';
import { CommandRun, exitOf } from '../support/command-run.js';

interface AgentLine {
  phase: string;
  node: string;
  fault: string | null;
  usd: number;
}

async function spentUsd(run: CommandRun): Promise<number> {
  const { stdout } = await run.command('status', run.workdir, '--json');
  const { status } = JSON.parse(stdout) as { status: { budget: { kind: string; spent: number }[] } };
  return status.budget.find(({ kind }) => kind === 'usd')?.spent ?? 0;
}

const paid = (lines: AgentLine[]) => lines.reduce((sum, { usd }) => sum + usd, 0);

describe('a run with a faulty agent', () => {
  it('completes, with every fault answered and the money booked', async () => {
    await using run = await CommandRun.create({ jobSeconds: 0.2, planSize: 4, faultRate: 0.2 });
    const limits = ['--max-concurrency', '4', '--max-iterations', '3'];
    const { code, output } = await exitOf(run.start(...run.firstFlags(), ...limits));
    expect(code, output).toBe(0);
    const calls = (await run.agentLedger()) as AgentLine[];
    expect(calls.filter(({ fault }) => fault !== null).length).toBeGreaterThan(3);
    const state = (await run.json('engine', 'engine_state.json')) as {
      completed: number;
      failed: number;
      failed_by_kind: object;
    };
    expect(state.completed + state.failed).toBeGreaterThanOrEqual(12);
    expect(state.completed).toBeGreaterThanOrEqual(9);
    for (const kind of Object.keys(state.failed_by_kind))
      expect(['code_change_failed', 'agent_failed', 'analysis_failed']).toContain(kind);
    expect(await spentUsd(run)).toBeCloseTo(paid(calls), 6);
  }, 400_000);
});
