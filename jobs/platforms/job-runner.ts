/**
 * Starts the job runner (probe/autoresearch_job): a small Python program, detached in a session of its own, that owns
 * one job directory and outlives this worker. What it is asked goes through its stdin, so that no file holds the
 * job's environment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
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
    const runner = spawn(python, ['-I', '-S', packageFile('probe', 'autoresearch_job'), what.action, jobDir], {
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

function minimalEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
