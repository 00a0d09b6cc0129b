/** The report of a run: what was paid is booked, also when the disk was full meanwhile, or a round was left open. */
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Ask } from '../../activities/agent-calls/ask.js';
import { makeReport } from '../../activities/write-reports.js';
import { CallRecord } from '../../agents/call-record.js';
import type { EngineEvent } from '../../domain/run/event-types.js';
import { moneyOfReports } from '../../domain/schedule/settlement.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { Workdir } from '../../workdir/paths.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';

const SPENT = { usd: 0.5, tokens: 10, unpriced: 0 };

async function ended() {
  const run = syntheticRun({ followUps: 3, stopped: true });
  const { workdir, context } = await syntheticWorkdir(run);
  const runLog = openRunLog(workdir);
  await runLog.append(run.events.filter(({ type }) => type !== 'reported'));
  const tree = { root: workdir.root, sourceDir: workdir.root };
  const sourceControl = { openTree: async () => tree, closeTree: async () => undefined } as unknown as SourceControl;
  return { context, runLog, sourceControl, input: { run: run.config.run_id, synthesis: true } };
}

async function paid(workdir: Workdir, key: string, costUsd: number) {
  const record = new CallRecord(workdir);
  await record.settle(await record.open(key, 'a'), { costUsd, usage: { tokens: 1 }, unansweredCalls: 0 }, {});
}

it('is asked for again, and not made by rules with its cost forgotten', async () => {
  const { context, runLog, sourceControl, input } = await ended();
  let tries = 0;
  const answer = async () => {
    tries += 1;
    if (tries === 1) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return { value: '# Final report', text: '', spent: SPENT };
  };
  const ask = Object.assign(answer, { spentOn: async () => SPENT }) as unknown as Ask;
  const report = makeReport({ context, sourceControl, runLog, ask });
  await expect(report(input)).rejects.toThrow('ENOSPC');
  expect(await report(input)).toEqual({ spent: SPENT });
});

it('tells what a planning round has cost that nobody waits for any more', async () => {
  const { context, runLog, sourceControl, input } = await ended();
  const { state } = await runLog.record();
  const money = { reserve: { plan_7: { usd: 1, tokens: 0, jobHours: 0 } } };
  await runLog.append([{ seq: state.seq + 1, atMs: state.updatedAtMs, type: 'note_added', text: 'n', money }]);
  const answer = async () => ({ value: '# Final report', text: '', spent: SPENT });
  await paid(context.workdir, 'plan_007', 0.01);
  const ask = answer as unknown as Ask;
  const made = await makeReport({ context, sourceControl, runLog, ask })(input);
  expect(made).toEqual({ spent: SPENT, plans: [{ iteration: '7', spent: { usd: 0.01, tokens: 1, unpriced: 0 } }] });
});

it('tells what reports have cost that an earlier end of the run had begun, and their engine never told', async () => {
  const { context, runLog, sourceControl, input } = await ended();
  const { seq, updatedAtMs: atMs } = (await runLog.record()).state;
  const events = await runLog.events();
  const completed = events.filter(({ type }) => type === 'experiment_completed');
  const earlier = completed.at(-1)!.seq - 1;
  const reserved = { usd: 1, tokens: 0, jobHours: 0 };
  const again = seq + 2;
  await runLog.append([
    // At an earlier end, and at one after which nothing more was measured.
    {
      ...{ seq: seq + 1, atMs, type: 'note_added', text: 'n' },
      money: { reserve: { [`report_${earlier}`]: reserved, [`report_${seq - 1}`]: reserved } },
    },
    {
      ...{ seq: again, atMs, type: 'stopped', reason: 'plateau', detail: 'd' },
      money: { reserve: { [`report_${again - 1}`]: reserved } },
    },
  ] as EngineEvent[]);
  const answer = async () => ({ value: '# Final report', text: '', spent: SPENT });
  const ask = answer as unknown as Ask;
  const { workdir } = context;
  const { ended: before } = await runLog.recordThrough(earlier);
  // Its second question was under way when the engine went.
  await paid(workdir, `report_${before.length}`, 0.25);
  await writeFile(workdir.at('engine', 'calls', `report_${before.length}_retry.0.reply`), 'half');
  await paid(workdir, `report_${before.length + 1}`, 9);
  const made = await makeReport({ context, sourceControl, runLog, ask })(input);
  expect(made).toEqual({
    spent: SPENT,
    reports: [
      { of: String(earlier), spent: { usd: 0.25, tokens: 1, unpriced: 1 } },
      { of: String(seq - 1), spent: { usd: 0, tokens: 0, unpriced: 0 } },
    ],
  });
});

it('tells what an ended experiment has cost since its end was told, and not again once that is booked', async () => {
  const { context, runLog, sourceControl, input } = await ended();
  const answer = async () => ({ value: '# Final report', text: '', spent: SPENT });
  const report = makeReport({ context, sourceControl, runLog, ask: answer as unknown as Ask });
  const { seq, updatedAtMs, experiments } = await runLog.state();
  const nodeId = Object.keys(experiments).find((id) => id !== '000_baseline')!;
  const key = `analyze_${nodeId}`;
  const reserve = { [key]: { usd: 0, tokens: 0, jobHours: 0 } };
  const told = { phase: 'analyze' as const, key, spent: { usd: 0.25, tokens: 1, jobHours: 0 }, unpriced: 0 };
  const at = { atMs: updatedAtMs, type: 'note_added' as const, text: 'n' };
  await runLog.append([{ ...at, seq: seq + 1, money: { reserve, settle: [told] } }]);
  await paid(context.workdir, key, 0.25);
  expect(await report(input)).toEqual({ spent: SPENT });
  // Its workflow was reset, and asked once more.
  await paid(context.workdir, key, 0.5);
  const made = await report(input);
  expect(made.ended).toEqual([{ phase: 'analyze', nodeId, spent: { usd: 0.5, tokens: 1, unpriced: 0 } }]);
  expect(await report(input)).toEqual(made);
  const before = (await runLog.state()).ledger.spent;
  await runLog.append([{ ...at, seq: seq + 2, money: moneyOfReports(made, String(seq + 1)) }]);
  const { spent } = (await runLog.state()).ledger;
  expect(spent.usd - before.usd).toBeCloseTo(0.5);
  expect((await report(input)).ended).toBeUndefined();
});

it('leaves to an open experiment what it will tell itself', async () => {
  const { context, runLog, sourceControl, input } = await ended();
  const { state } = await runLog.record();
  const experiment = { ...Object.values(state.experiments)[0]!, nodeId: '099_open' };
  await runLog.append([
    { seq: state.seq + 1, atMs: state.updatedAtMs, type: 'experiment_added', experiment } as EngineEvent,
  ]);
  await paid(context.workdir, 'apply_099_open', 0.5);
  const answer = async () => ({ value: '# Final report', text: '', spent: SPENT });
  const report = makeReport({ context, sourceControl, runLog, ask: answer as unknown as Ask });
  expect(await report(input)).toEqual({ spent: SPENT });
});
