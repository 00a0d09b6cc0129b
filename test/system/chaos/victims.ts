/** Who can be killed in a run, found by what the workdir and the process table say. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess, processIdentity } from '../../../host/process-identity.js';
import { Workdir } from '../../../workdir/paths.js';
import { engineProcess } from '../../../worker/engine-lock.js';
import { processCommands } from '../../../worker/server/server-process.js';
import { runningServer } from '../../../worker/server/server-record.js';

export interface Target {
  /** Of a process. */
  pid?: number;
  label: string;
  /** The node whose job loses its runner, or whose workflow is struck. */
  nodeId?: string;
}

export interface ProcessTarget extends Target {
  pid: number;
}

export async function workerOf(workdir: string): Promise<ProcessTarget[]> {
  const holder = await engineProcess(new Workdir(workdir));
  return holder ? [{ pid: holder.pid, label: 'worker' }] : [];
}

export async function serverOf(workdir: string): Promise<ProcessTarget[]> {
  const record = await runningServer(new Workdir(workdir));
  return record?.pid ? [{ pid: record.pid, label: 'server' }] : [];
}

/**
 * Runners of jobs that a plan proposed. Those of the seeds are left alone: without its baseline a run is another run. A
 * runner's child, which is about to become the job, has the same command line and is not meant.
 */
export async function runnersOf(workdir: string): Promise<ProcessTarget[]> {
  const runners = (await processCommands()).flatMap(({ pid, command }) => {
    const nodeId = /autoresearch_job (?:run|await|adopt) \S*\/local_jobs\/local_(\S+)/.exec(command)?.[1];
    return nodeId && command.includes(workdir) ? [{ pid, nodeId }] : [];
  });
  const pids = new Set(runners.map(({ pid }) => pid));
  return runners
    .filter(({ pid, nodeId }) => !isSeed(nodeId) && !pids.has(parentOf(pid)))
    .map(({ pid, nodeId }) => ({ pid, nodeId, label: `runner of ${nodeId}` }));
}

export const isSeed = (nodeId: string) => /^00[01]_(baseline|headspace|mtp)/.test(nodeId);

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

/** All at once, then waits until each is gone. Answers with those that were alive. */
export async function killAll(targets: readonly ProcessTarget[]): Promise<Target[]> {
  const known = await Promise.all(
    targets.map(async (target) => ({ target, identity: await processIdentity(target.pid) })),
  );
  const struck: typeof known = [];
  for (const each of known) {
    try {
      if (each.identity !== null) process.kill(each.target.pid, 'SIGKILL');
      struck.push(each);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  for (const { target, identity } of struck) {
    while (identity !== null && (await isSameProcess(target.pid, identity))) await sleep(LOOK_MS);
  }
  return struck.map(({ target }) => target);
}

const LOOK_MS = 5;
