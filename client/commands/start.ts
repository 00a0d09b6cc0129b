/** `start`: as `run`, in the background: a worker process of its own session, which outlives this terminal. */
import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../domain/command/shell-word.js';
import { readTextIfAny } from '../../host/atomic-file.js';
import type { Workdir } from '../../workdir/paths.js';
import { findConnection, openClient, type TemporalTarget } from '../../worker/connection.js';
import { beginOrAttach } from '../run/engine-session.js';
import { inspectionLines } from '../run/inspection.js';
import type { PreparedRun } from '../run/prepare-run.js';
import { engineLife } from '../run/run-state.js';
import { serverVersionNotices } from '../run/server-version.js';

export interface StartAnswer {
  workdir: string;
  run: string;
  pid: number;
  temporal: { address: string; ui: string | null };
  /** What the engine's process prints. */
  log: string;
  inspect: string[];
  /** What was made of edits, or of another engine's run. */
  notices: string[];
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Returns when the engine's workflow is open; an Error tells what the process said if it ends before. */
export async function start(
  prepared: PreparedRun,
  { takeOver = false, main = MAIN }: { takeOver?: boolean; main?: string } = {},
): Promise<StartAnswer> {
  const { workdir, config } = prepared;
  const log = workdir.at('logs', 'worker.log');
  const versionNotices = await serverVersionNotices(workdir);
  const worker = await spawnWorker([main, 'worker', workdir.root, ...(takeOver ? ['--take-over'] : [])], workdir, log);
  const target = await untilServed(workdir, worker);
  const client = await openClient(target);
  let notices: string[];
  try {
    ({ notices } = await Promise.race([beginOrAttach(client, prepared), worker.failure]));
  } finally {
    await client.connection.close();
  }
  worker.leave();
  return {
    workdir: workdir.root,
    run: config.run_id,
    pid: worker.pid,
    temporal: { address: target.address, ui: target.uiAddress },
    log,
    inspect: inspectionLines(target, config.run_id),
    notices: [...prepared.notices, ...(await versionNotices()), ...notices],
  };
}

export function startText({ workdir, pid, log, inspect, notices }: StartAnswer): string {
  return [
    ...notices,
    `engine started: process ${pid}`,
    ...inspect,
    `watch: autoresearch status --watch ${shellWord(workdir)}`,
    `stop: autoresearch stop ${shellWord(workdir)}`,
    `log: ${log}`,
    `workdir: ${workdir}`,
  ].join('\n');
}

interface DetachedWorker {
  pid: number;
  /** Rejects when the process ends while it is waited for. */
  failure: Promise<never>;
  hasEnded(): boolean;
  /** Lets this process end before that one. */
  leave(): void;
}

async function spawnWorker(command: string[], workdir: Workdir, log: string): Promise<DetachedWorker> {
  await mkdir(dirname(log), { recursive: true, mode: 0o700 });
  const before = ((await readTextIfAny(log)) ?? '').length;
  const file = await open(log, 'a', 0o600);
  const child = spawn(process.execPath, command, { detached: true, stdio: ['ignore', file.fd, file.fd] });
  await file.close();
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`the engine's process ended (${signal ?? `exit code ${code}`})`));
  });
  const failure = exited.then(async (how): Promise<never> => {
    ended = true;
    const said = ((await readTextIfAny(log)) ?? '').slice(before).trim().split('\n').slice(-5).join('\n');
    throw new Error(`${how}: ${said || `it said nothing; see ${workdir.log}`}`);
  });
  failure.catch(() => undefined);
  return { pid: child.pid ?? 0, failure, hasEnded: () => ended, leave: () => child.unref() };
}

/** Its lock is taken first, its server follows: both there means that the run can be started. */
async function untilServed(workdir: Workdir, worker: DetachedWorker): Promise<TemporalTarget> {
  while (!worker.hasEnded()) {
    const isServed = (await engineLife(workdir))?.pid === worker.pid;
    const target = isServed ? await findConnection(workdir) : null;
    if (target !== null) return target;
    await sleep(LOOK_MS);
  }
  return worker.failure;
}

const LOOK_MS = 50;
