/** Runs through the built command, timed from its start to its end; what jobs ran is read from their own ledger. */
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { SEEDS } from '../../domain/run/experiment-record.js';
import { CommandRun, exitOf } from '../../test/support/command-run.js';
import { type ProcessUse, processUse } from '../use/process-use.js';
import { GAP_PARTS, type Gap, slotGaps } from './slot-gaps.js';

const SLOTS = 4;
const JOB_SECONDS = 5;
const EXPERIMENTS = 40;
/** Twice the slots, so that a plan is made before the one before it has run. */
const PLAN_SIZE = 8;
const LOOK_MS = 300;

interface TreeNode {
  node_id: string;
  commit: string | null;
}

/** The exit code: 1 when a run failed or a job ran other code than its experiment's. */
export async function measureJobSlots(kinds: readonly string[]): Promise<number> {
  let failed = false;
  for (const repeats of [false, true].filter((each) => kinds.includes(each ? 'with' : 'without'))) {
    const { code, seconds, jobs, own, busy, filled, gaps, use } = await oneRun(repeats);
    console.log(
      `${repeats ? 'with repeats   ' : 'without repeats'}  ${seconds.toFixed(1)} s  ${jobs} jobs, ${own} of their own code  ` +
        `slots busy ${percent(busy)} from the first job to the last, ${percent(filled)} while jobs were to come  exit ${code}`,
    );
    console.log(`from a job's end to the next one's first line, in ms: ${GAP_PARTS.map(partText(gaps)).join(', ')}`);
    if (use !== null) console.log(`CPU for each job: ${useText(use, jobs)}`);
    failed ||= code !== 0 || own !== jobs;
  }
  return failed ? 1 : 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}

/**
 * From the first proposed job's start to the last one's: before it three seeds have four slots and a plan is waited
 * for, and behind it slots are left empty for want of jobs.
 */
function busyWhileJobsWereToCome(startsAt: readonly number[]): number {
  const sorted = [...startsAt].sort((a, b) => a - b);
  const [from, to] = [sorted[SEEDS.length]!, sorted.at(-1)!];
  const inside = (at: number) => Math.max(0, Math.min(to, at + JOB_SECONDS) - Math.max(from, at));
  return sorted.reduce((sum, at) => sum + inside(at), 0) / ((to - from) * SLOTS);
}

function partText(gaps: readonly Gap[]): (part: keyof Gap) => string {
  return (part) => {
    const sorted = gaps.map((gap) => gap[part]).sort((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    return `${part} ${at(0.5)} (90%: ${at(0.9)})`;
  };
}

interface Use {
  engine: ProcessUse;
  server: ProcessUse;
}

/** What engine and server had used when they were last seen. */
async function lastUse(child: ChildProcess, serverPid: () => Promise<number>): Promise<Use | null> {
  let last: Use | null = null;
  while (child.exitCode === null && child.signalCode === null) {
    try {
      last = { engine: await processUse(child.pid!), server: await processUse(await serverPid()) };
    } catch {
      // One of them has not begun, or has ended between two looks.
    }
    await sleep(LOOK_MS);
  }
  return last;
}

function useText({ engine, server }: Use, jobs: number): string {
  const each = (seconds: number) => `${((1000 * seconds) / jobs).toFixed(0)} ms`;
  return `engine ${each(engine.cpuS)}, programs that it ran ${each(engine.childrenCpuS)}, server ${each(server.cpuS)}`;
}

async function oneRun(repeats: boolean) {
  const env = { AGENT_LIST_LENGTH: String(EXPERIMENTS) };
  await using run = await CommandRun.create({
    jobSeconds: JOB_SECONDS,
    agentSeconds: 1,
    planSize: PLAN_SIZE,
    repeats,
    env,
  });
  const rounds = Math.ceil((EXPERIMENTS - SEEDS.length) / PLAN_SIZE);
  const limits = ['--max-iterations', String(rounds), '--patience', String(rounds), '--max-concurrency', String(SLOTS)];
  limits.push('--max-experiments', String(EXPERIMENTS));
  const begin = performance.now();
  const child = run.start(...run.firstFlags(), ...limits);
  const exit = exitOf(child);
  const use = await lastUse(child, () => run.serverPid());
  const { code, output } = await exit;
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
  const filled = busyWhileJobsWereToCome(starts.map(({ t }) => t));
  const gaps = slotGaps(await run.events(), lines);
  return { code, seconds, use, gaps, jobs: starts.length, own: isOwn.filter(Boolean).length, busy, filled };
}
