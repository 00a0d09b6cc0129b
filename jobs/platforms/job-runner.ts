/**
 * Starts the job runner (probe/autoresearch_job): a small Python program, detached in a session of its own, that owns
 * one job directory and outlives this worker. What it is asked goes through its stdin, so that no file holds the
 * job's environment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { singleQuoted } from '../../domain/command/shell-word.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { HostHold } from '../../domain/run/slots.js';
import { packageFile } from '../../host/package-files.js';
import type { LaunchRequest, Shelter } from './platform.js';

export interface RunnerRequest {
  job_id: string;
  job_name: string;
  node_id: string;
  command: string;
  requested_command: string;
  mode: string;
  cwd: string;
  /** Null: the environment that the runner itself was started in. */
  env: Record<string, string> | null;
  timeout_s: number;
  /** 0 = never. */
  stall_timeout_s: number;
  metrics_dir: string;
  /** Seconds between TERM and KILL. */
  kill_grace_s: number;
  cpus: number[] | null;
  /** Taken before the job starts, kept until it has ended. */
  locks: (HostHold & { folder: string }) | null;
  shelter: Shelter | null;
}

export type RunnerAction = { action: 'run'; request: RunnerRequest } | { action: 'adopt' | 'kill' };

/** What the runner is asked to run; without locks of this host. */
export function runnerRequest(
  mode: RunConfig['local_execution_mode'],
  jobId: string,
  request: LaunchRequest,
  killGraceS: number,
): RunnerRequest {
  return {
    job_id: jobId,
    job_name: request.jobName,
    node_id: request.nodeId,
    command: mode === 'dry_run' ? `printf '%s\\n' ${singleQuoted(request.command)}` : request.command,
    requested_command: request.command,
    mode,
    cwd: request.cwd,
    env: mode === 'dataloader_only' ? { ...request.env, AUTORESEARCH_DATALOADER_ONLY: '1' } : request.env,
    timeout_s: request.timeoutS,
    stall_timeout_s: request.stallTimeoutS,
    metrics_dir: request.metricsDir,
    kill_grace_s: killGraceS,
    cpus: request.cpus,
    locks: null,
    shelter: mode === 'dry_run' ? null : (request.shelter ?? null),
  };
}

/** Resolves when the runner was started and told; rejects when there is no Python to run it. */
export async function startRunner(python: string, jobDir: string, what: RunnerAction): Promise<ChildProcess> {
  await mkdir(jobDir, { recursive: true, mode: 0o700 });
  const log = await open(join(jobDir, 'runner.log'), 'a', 0o600);
  try {
    const runner = spawn(python, argumentsFor(what.action, jobDir), {
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
      cwd: jobDir,
      env: minimalEnvironment(),
    });
    await new Promise<void>((resolve, reject) => {
      runner.once('error', reject);
      runner.once('spawn', resolve);
    });
    // A runner that gave up (another one owns the job) does not read to the end.
    runner.stdin?.on('error', () => {});
    runner.stdin?.end(what.action === 'run' ? JSON.stringify(what.request) : '');
    runner.unref();
    return runner;
  } finally {
    await log.close();
  }
}

/**
 * Runners of jobs that are soon to start: Python has begun, and has loaded what it needs, before the slot is free. Such
 * a one has written nothing, and ends with this process.
 */
export class ReadyRunners {
  readonly #waiting = new Map<string, ChildProcess>();

  start(python: string, jobDir: string): void {
    if (this.#waiting.has(jobDir)) return;
    const runner = spawn(python, argumentsFor('await', jobDir), {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: '/',
      env: minimalEnvironment(),
    });
    this.#waiting.set(jobDir, runner);
    const forget = () => {
      if (this.#waiting.get(jobDir) === runner) this.#waiting.delete(jobDir);
    };
    runner.once('error', forget);
    runner.once('exit', forget);
    runner.stdin.on('error', () => {});
    (runner.stdin as Socket).unref();
    runner.unref();
  }

  /** Tells the job to the runner that waits for it; null where none does. */
  tell(jobDir: string, request: RunnerRequest): ChildProcess | null {
    const runner = this.#waiting.get(jobDir) ?? null;
    this.#waiting.delete(jobDir);
    runner?.stdin?.end(JSON.stringify(request));
    return runner;
  }

  /** There is no such job to come. */
  drop(jobDir: string): void {
    this.#waiting.get(jobDir)?.stdin?.end();
    this.#waiting.delete(jobDir);
  }
}

function argumentsFor(action: RunnerAction['action'] | 'await', jobDir: string): string[] {
  return ['-I', '-S', packageFile('probe', 'autoresearch_job'), action, jobDir];
}

function minimalEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
