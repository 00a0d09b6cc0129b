/** The report of a run whose disk is full while the agent is asked: what was paid is booked when there is room. */
import { expect, it } from 'vitest';
import type { Ask } from '../../activities/agent-calls/ask.js';
import { makeReport } from '../../activities/write-reports.js';
import type { SourceControl } from '../../source/control/source-control.js';
import { openRunLog } from '../../workdir/event-log.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';

const SPENT = { usd: 0.5, tokens: 10, unpriced: 0 };

it('is asked for again, and not made by rules with its cost forgotten', async () => {
  const run = syntheticRun({ followUps: 3, stopped: true });
  const { workdir, context } = await syntheticWorkdir(run);
  const runLog = openRunLog(workdir);
  await runLog.append(run.events.filter(({ type }) => type !== 'reported'));
  const tree = { root: workdir.root, sourceDir: workdir.root };
  const sourceControl = { openTree: async () => tree, closeTree: async () => undefined } as unknown as SourceControl;
  let tries = 0;
  const answer = async () => {
    tries += 1;
    if (tries === 1) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return { value: '# Final report', text: '', spent: SPENT };
  };
  const ask = Object.assign(answer, { spentOn: async () => SPENT }) as unknown as Ask;
  const report = makeReport({ context, sourceControl, runLog, ask });
  const input = { run: run.config.run_id, synthesis: true };
  await expect(report(input)).rejects.toThrow('ENOSPC');
  expect(await report(input)).toEqual({ spent: SPENT });
});
