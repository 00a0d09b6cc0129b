/** Runs the real SPDL pipelines under test/fixtures/pipelines, as they are and as the playbook rewrites them. */
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageFile } from '../../host/package-files.js';
import { rewrite, survey } from '../../playbook/run-python.js';
import type { RewriteAction, RewriteResult, Survey } from '../../playbook/survey.js';
import { removeFolder } from '../support/remove-folder.js';

export const python = packageFile('.tools', 'venv', 'bin', 'python');

export function fixture(...parts: string[]): string {
  return packageFile('test', 'fixtures', 'pipelines', ...parts);
}

export function fixtureFolder(name: string): string {
  return packageFile('test', 'fixtures', name);
}

export interface Job {
  dir: string;
  script: string;
  args: readonly string[];
  /** Run as `python -m module` instead. */
  module?: string | undefined;
}

function pythonArguments(job: Job): string[] {
  return [...(job.module === undefined ? [job.script] : ['-m', job.module]), ...job.args];
}

export function launchCommand(job: Job): string {
  return ['python', ...pythonArguments(job)].join(' ');
}

export function surveyOf(job: Job): Promise<Survey> {
  return survey({ dir: job.dir, script: job.script, python }, launchCommand(job));
}

export function rewriteOf(job: Job, actions: readonly RewriteAction[]): Promise<RewriteResult> {
  return rewrite({ dir: job.dir, script: job.script, python }, launchCommand(job), actions);
}

export interface Output {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
  /** What the script says at its end. */
  samples: number | null;
  cpuCores: number | null;
  ttfbS: number | null;
  /** The counter of the last step line. */
  steps: number | null;
  stepTimesMs: number[];
  throughput: number | null;
}

export async function runJob(job: Job): Promise<Output> {
  const result = await execa(python, pythonArguments(job), { cwd: job.dir, reject: false, timeout: 60_000 });
  const lines = [
    ...result.stdout.matchAll(
      /^\[autoresearch\] step=(\d+) step_time_ms=(\S+) fetch_time_ms=(\S+) compute_time_ms=(\S+) pid=\d+$/gm,
    ),
  ];
  return {
    exitCode: result.exitCode,
    stdout: result.stdout,
    stderr: result.stderr,
    samples: number(result.stdout, /samples=(\d+)/),
    cpuCores: number(result.stdout, /^\[autoresearch\] cpu_cores=(\d+)$/m),
    ttfbS: number(result.stdout, /^\[autoresearch\] ttfb_s=(\S+)$/m),
    steps: lines.length > 0 ? Number(lines.at(-1)?.[1]) : null,
    stepTimesMs: lines.map((line) => Number(line[2])),
    throughput: number(
      result.stdout.slice(result.stdout.lastIndexOf('throughput_samples_per_s')),
      /throughput_samples_per_s=(\S+)/,
    ),
  };
}

function number(text: string, pattern: RegExp): number | null {
  const match = pattern.exec(text);
  return match === null ? null : Number(match[1]);
}

/** Copies the job's directory, puts the rewritten files into it, and hands the copy to `use`. */
export async function withRewritten<T>(
  job: Job,
  files: Record<string, string>,
  use: (copy: Job) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'pipeline-'));
  try {
    await cp(job.dir, dir, { recursive: true, filter: (path) => !path.includes('__pycache__') });
    for (const [path, content] of Object.entries(files)) await writeFile(join(dir, path), content);
    return await use({ ...job, dir });
  } finally {
    await removeFolder(dir);
  }
}

/** Stage names of the first pipeline that was built, as SPDL prints them: `1:load[2]`. */
export async function stagesBySpdl(job: Job): Promise<string[]> {
  const result = await execa(python, [fixture('record_stages.py'), ...pythonArguments(job)], { cwd: job.dir });
  const names = JSON.parse(result.stdout.slice(result.stdout.indexOf('STAGES ') + 7)) as string[];
  const first = names[0]?.split(':')[0];
  return names.filter((name) => name.startsWith(`${first}:`)).map((name) => name.slice(name.indexOf(':') + 1));
}
