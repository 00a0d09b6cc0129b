/** One run whose jobs stand in the queue of a real Slurm, and the commands of Slurm that were called for it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOf } from '../../test/support/command-run.js';
import { HeldRun } from '../../test/support/held-run.js';
import { TestSlurm } from '../../test/support/slurm.js';

const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];
/** As many as a plan may propose. */
const PLAN_SIZE = 12;
/** Of the node's 64 GB: eight jobs run, the others wait. */
const MEMORY = '8000M';
const LOOK_MS = 200;

export async function measureSchedulerRequests(jobs: number, minutes: number, pollS: number): Promise<void> {
  const slurm = await TestSlurm.start();
  try {
    await measured(slurm, jobs, minutes, pollS);
  } finally {
    await slurm.stop();
  }
}

async function measured(slurm: TestSlurm, jobs: number, minutes: number, pollS: number): Promise<void> {
  const many = String(jobs);
  const limits = ['--max-concurrency', many, '--max-experiments', String(jobs + SEEDS.length)];
  const rounds = ['--max-iterations', many, '--patience', many];
  const asked = ['--platform', 'slurm', '--poll-interval', String(pollS), '--count-pending'];
  await using held = await HeldRun.create({
    planSize: PLAN_SIZE,
    flags: [...asked, ...limits, ...rounds],
    env: { AGENT_LIST_LENGTH: many },
  });
  const { run } = held;
  const flags = run.firstFlags();
  const script = join(run.source, 'train.py');
  flags[flags.indexOf('--base-launch-command') + 1] = `sbatch --mem=${MEMORY} --wrap 'python3 ${script}'`;
  await held.letEnd(...SEEDS);
  await slurm.callsSince();

  const submitting = new Period('submitting', slurm, pollS);
  const end = exitOf(held.start(...flags));
  let isOver = false;
  void end.then(() => {
    isOver = true;
  });
  // Those of the seeds have ended by then.
  while ((await submitted(slurm)) < jobs && !isOver) await sleep(LOOK_MS);
  if (isOver) throw new Error(`the run ended before its jobs were submitted: ${(await end).output}`);
  await submitting.close({ sbatch: jobs + SEEDS.length });

  const waiting = new Period('waiting', slurm, pollS);
  await sleep(minutes * 60_000);
  await waiting.close({});

  const cancelling = new Period('cancelling', slurm, pollS);
  await held.command('stop', '--cancel-jobs');
  const { code, output } = await end;
  // Of each cancelled job it is asked, with the others, whether it has ended.
  await cancelling.close({ scancel: jobs, squeue: jobs });
  const ends = (await held.eventsOf('experiment_cancelled')).length;
  console.log(`the run ended with exit code ${code}: ${ends} experiments were cancelled`);
  if (code !== 0) throw new Error(output);
}

/** Asked past the commands that are counted. */
async function submitted(slurm: TestSlurm): Promise<number> {
  const rows = await slurm.done('squeue', '--noheader', '--states=PENDING,RUNNING', '--format=%i');
  return rows.split('\n').filter((row) => row !== '').length;
}

class Period {
  private readonly beginMs = Date.now();

  constructor(
    private readonly name: string,
    private readonly slurm: TestSlurm,
    private readonly pollS: number,
  ) {}

  /** Beside `acts`, by their program, there may be a question an interval. */
  async close(acts: Record<string, number>): Promise<void> {
    const seconds = (Date.now() - this.beginMs) / 1000;
    const calls = await this.slurm.callsSince();
    const counts: Record<string, number> = {};
    for (const call of calls) {
      const [program = ''] = call.split(' ');
      counts[program] = (counts[program] ?? 0) + 1;
    }
    const told = Object.entries(counts).map(([program, count]) => `${count} ${program}`);
    const allowed = Math.floor(seconds / this.pollS) + 1 + Object.values(acts).reduce((sum, count) => sum + count, 0);
    console.log(
      `${this.name}, ${seconds.toFixed(0)} s: ${calls.length} calls (${told.join(', ') || 'none'}), ${allowed} allowed`,
    );
    if (calls.length > allowed) throw new Error(`${this.name}: ${calls.length} calls, and ${allowed} are allowed`);
  }
}
