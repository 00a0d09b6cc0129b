/** What befalls the engine of a run on Kubernetes, whichever server it speaks to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandRun, exitOf, killed } from '../command-run.js';
import { interruptedToItsEnd } from '../interrupted-run.js';
import { MANIFEST } from './kubernetes-bench.js';

const FLAGS = ['--platform', 'kubernetes', '--job-manifest', MANIFEST, '--image', 'trainer:1'];
const LIMITS = ['--max-concurrency', '2', '--max-iterations', '1'];

export function kubernetesRun(env: Record<string, string> = {}): Promise<CommandRun> {
  return CommandRun.create({ planSize: 2, flags: [...FLAGS, ...LIMITS], env });
}

/**
 * Kills the engine between a submission and its answer, interrupts the next one while a job runs, and lets the third
 * end the run. `jobs` counts the Jobs of the server. Gives the names that they must have by then, sorted.
 */
export async function disturbedToItsEnd(
  run: CommandRun,
  server: { losesAnswers: boolean },
  jobs: () => Promise<number>,
): Promise<string[]> {
  server.losesAnswers = true;
  const first = run.start(...run.firstFlags());
  const firstEnd = exitOf(first);
  while ((await jobs()) === 0) {
    if (first.exitCode !== null) throw new Error((await firstEnd).output);
    await sleep(20);
  }
  await killed(first);
  server.losesAnswers = false;
  const started = await interruptedToItsEnd(run);
  const { run_id } = (await run.json('config.json')) as { run_id: string };
  return started.map((node) => `ar-${run_id}-${node}`);
}
