/** A run that a limit ended is no success where its baseline failed before anything was measured. */
import { expect, it } from 'vitest';
import { runOutcome } from '../../client/run/run-outcome.js';
import { applyEvent } from '../../domain/run/apply-event.js';
import { initialState } from '../../domain/run/engine-state.js';
import { failure } from '../../domain/run/failure.js';
import { syntheticRun } from '../support/run-events.js';
import { syntheticWorkdir } from '../support/synthetic-workdir.js';

it.each([
  { what: 'failed', exitCode: 1 },
  { what: 'was measured', exitCode: 0 },
])('a limit ends the run, and the baseline $what: exit code $exitCode', async ({ exitCode }) => {
  const run = syntheticRun({ followUps: 0 });
  const { workdir } = await syntheticWorkdir(run);
  const state = initialState('r1');
  const end = run.events.findIndex((event) => event.type === 'experiment_completed' && event.nodeId === '000_baseline');
  for (const event of run.events.slice(0, end + (exitCode === 0 ? 2 : 0))) applyEvent(state, event);
  if (exitCode === 1) {
    const died = failure('job_startup_failed', 'ImportError: No module named feeds', 0);
    applyEvent(state, {
      seq: state.seq + 1,
      atMs: 0,
      type: 'experiment_failed',
      nodeId: '000_baseline',
      failure: died,
    });
  }
  const stop = { reason: 'max_experiments', detail: '1 experiments were started' } as const;
  applyEvent(state, { seq: state.seq + 1, atMs: 0, type: 'stopped', ...stop });
  expect(await runOutcome(workdir, run.config, state, false)).toMatchObject({ stop, exit_code: exitCode });
});
