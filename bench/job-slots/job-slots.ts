/** Runs through the built command, timed from its start to its end; what jobs ran is read from their own ledger. */
import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { CommandRun, exitOf } from '../../test/support/command-run.js';

const SLOTS = 4;
const JOB_SECONDS = 5;

interface TreeNode {
  node_id: string;
  commit: string | null;
}

/** The exit code: 1 when a run failed or a job ran other code than its experiment's. */
export async function measureJobSlots(): Promise<number> {
  let failed = false;
  for (const repeats of [false, true]) {
    const { code, seconds, jobs, own, busy } = await oneRun(repeats);
    console.log(
      `${repeats ? 'with repeats   ' : 'without repeats'}  ${seconds.toFixed(1)} s  ${jobs} jobs, ${own} of their own code  ` +
        `slots busy ${(busy * 100).toFixed(0)}% from the first job to the last  exit ${code}`,
    );
    failed ||= code !== 0 || own !== jobs;
  }
  return failed ? 1 : 0;
}

async function oneRun(repeats: boolean) {
  await using run = await CommandRun.create({ jobSeconds: JOB_SECONDS, agentSeconds: 1, planSize: 4, repeats });
  const limits = ['--max-iterations', '3', '--patience', '9', '--max-concurrency', String(SLOTS)];
  const begin = performance.now();
  const { code, output } = await exitOf(run.start(...run.firstFlags(), ...limits));
  const seconds = (performance.now() - begin) / 1000;
  if (code !== 0) console.error(output);
  const lines = await run.jobLedger();
  const starts = lines.filter(({ event }) => event === 'start');
  const nodes = (await run.json('engine', 'tree.json')) as TreeNode[];
  const isOwn = await Promise.all(
    starts.map(async ({ node, source }) => {
      const commit = nodes.find(({ node_id }) => node_id === node)?.commit;
      if (!commit) return false;
      const { stdout } = await execa('git', ['show', `${commit}:train.py`], {
        cwd: run.source,
        encoding: 'buffer',
        stripFinalNewline: false,
      });
      return createHash('sha1').update(stdout).digest('hex') === source;
    }),
  );
  const times = lines.map(({ t }) => t);
  const busy = (starts.length * JOB_SECONDS) / ((Math.max(...times) - Math.min(...times)) * SLOTS);
  return { code, seconds, jobs: starts.length, own: isOwn.filter(Boolean).length, busy };
}
