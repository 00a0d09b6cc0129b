/** One run through the built command of many short jobs, and what its processes hold after so many of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandRun, exitOf } from '../../test/support/command-run.js';
import { processUse } from './process-use.js';

const LOOK_MS = 200;
const JOB_S = 0.05;
/** As many as a plan may propose: the list must last for all of them. */
const PLAN_SIZE = 12;

export async function measureManyJobs(jobs: number): Promise<void> {
  await using run = await CommandRun.create({
    jobSeconds: JOB_S,
    planSize: PLAN_SIZE,
    env: { AGENT_LIST_LENGTH: String(jobs) },
  });
  const rounds = String(jobs);
  const limits = [
    '--max-experiments',
    String(jobs),
    '--max-iterations',
    rounds,
    '--patience',
    rounds,
    '--max-concurrency',
    '2',
  ];
  const child = run.start(...run.firstFlags(), ...limits);
  let isOver = false;
  const exit = exitOf(child).then((how) => {
    isOver = true;
    return how;
  });
  const beginMs = Date.now();
  const marks = [50, 100, 200, ...Array.from({ length: Math.floor(jobs / 100) }, (_, index) => (index + 1) * 100)];
  for (const mark of [...new Set(marks)].sort((a, b) => a - b).filter((each) => each <= jobs)) {
    while (!isOver && (await jobsEnded(run)) < mark) await sleep(LOOK_MS);
    if (isOver) break;
    const [engine, server] = await Promise.all([processUse(child.pid ?? 0), processUse(await run.serverPid())]);
    const text = (name: string, use: typeof engine) =>
      `${name} ${use.residentMb.toFixed(0)} MB, ${use.cpuS.toFixed(1)} s of CPU`;
    console.log(
      `${mark} jobs, ${((Date.now() - beginMs) / 1000).toFixed(0)} s: ${text('engine', engine)}; ${text('server', server)}`,
    );
  }
  const { code, output } = await exit;
  console.log(
    `${await jobsEnded(run)} jobs ended; exit code ${code}\n${output.trim().split('\n').slice(-3).join('\n')}`,
  );
}

async function jobsEnded(run: CommandRun): Promise<number> {
  return (await run.events()).filter(({ type }) => type === 'job_ended').length;
}
