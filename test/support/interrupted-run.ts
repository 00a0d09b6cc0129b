/** The rest of a whole run of two planned experiments, whose engine has been killed once. */
import { expect } from 'vitest';
import { type CommandRun, exitOf } from './command-run.js';

const NODES = ['000_baseline', '000_headspace', '001_mtp', '002_c2_b16', '003_c3_b16'];

/** It is interrupted while a job runs, and goes on to its end. Answers with the experiments, each started once. */
export async function interruptedToItsEnd(
  run: CommandRun,
  whileInterrupted: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  const second = run.start();
  const end = exitOf(second);
  await run.untilEvent((event) => event.type === 'job_launched' && event.nodeId === '001_mtp');
  second.kill('SIGINT');
  expect(await end).toMatchObject({ code: 130 });
  await whileInterrupted();
  const third = await exitOf(run.start());
  expect(third.code, third.output).toBe(0);
  const events = await run.events();
  expect(events.filter(({ type }) => /fail|cancel|withdrawn/.test(type))).toEqual([]);
  const started = (await run.jobLedger()).filter(({ event }) => event === 'start').map(({ node }) => node);
  expect(started.sort()).toEqual(NODES);
  return NODES;
}
