/**
 * Apps that the launch command submits by `torchx run`. The command runs here, as it is: a module of ours within its
 * Python (probe/autoresearch_torchx) fixes the app's name and records its handle, so that a repeated launch finds the
 * app of the first. What becomes of an app, torchx's own interface tells, or its scheduler where that is known here.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { z } from 'zod';
import { calledPrograms } from '../../../domain/command/called-programs.js';
import { torchxArguments } from '../../../domain/command/platform-choice.js';
import type { RunConfig } from '../../../domain/formats/config.js';
import { readJsonIfAny } from '../../../host/atomic-file.js';
import { packageFile } from '../../../host/package-files.js';
import { runApart } from '../../../host/short-program.js';
import type { Workdir } from '../../../workdir/paths.js';
import {
  type PrintedSince,
  type Scheduler,
  SchedulerBusy,
  type SchedulerJob,
  type SchedulerState,
} from '../scheduler.js';
import { appState } from './app-state.js';
import { slurmLogs } from './slurm-logs.js';

/** torchx may build an image or copy a workspace before it submits; the activity has ten minutes. */
const SUBMIT_LIMIT_MS = 9 * 60_000;
/** Python and torchx load in some seconds, on a busy host in many; a log is followed for 15 s. */
const ANSWER_LIMIT_MS = 90_000;
const SAID_LENGTH = 1500;
/** What schedulers say that take the same job later. */
const PASSES =
  /unable to contact|connection (?:refused|reset)|timed? ?out|temporar|throttl|too many requests|rate exceeded|quota|unavailable|try again/i;

const RecordSchema = z.object({
  scheduler: z.string(),
  handle: z.string().nullable(),
  /** Where a scheduler of this file system writes the logs. */
  folder: z.string().optional(),
});
const StatesSchema = z.record(z.string(), z.object({ state: z.string(), said: z.string() }));
const PrintedSchema = z.object({ stdout: z.string(), stderr: z.string(), cursor: z.record(z.string(), z.number()) });
const ErrorSchema = z.object({ error: z.string() });

type Native = Pick<Scheduler, 'states' | 'cancel'>;

export interface TorchxContext {
  readonly workdir: Workdir;
  readonly config: Pick<RunConfig, 'base_launch_command' | 'source_dir'>;
}

export class TorchxScheduler implements Scheduler {
  readonly name = 'torchx';
  /** The folder of each job that this object has heard of, by handle. */
  private readonly folders = new Map<string, string>();

  /** `native`: schedulers that are asked by themselves, by torchx's name of each; they tell more than torchx does. */
  constructor(
    private readonly context: TorchxContext,
    private readonly native: Readonly<Record<string, Native>> = {},
  ) {}

  async submit({ name, folder, command, cwd, env }: SchedulerJob): Promise<string> {
    const shell = ['/bin/bash', '/usr/bin/bash'].find((path) => existsSync(path)) ?? '/bin/sh';
    const result = await runApart(shell, ['-c', command], {
      cwd,
      env: this.told({ submit: { name, record: recordOf(folder) } }, env),
      extendEnv: false,
      stdin: 'ignore',
      all: true,
      timeout: SUBMIT_LIMIT_MS,
    });
    const handle = await this.handleIn(folder);
    if (handle !== null) return handle;
    const said = withoutProgress(result.all ?? '')
      .trim()
      .slice(-SAID_LENGTH);
    if (result.timedOut || PASSES.test(said)) throw new SchedulerBusy(`torchx run: ${said || 'no answer'}`);
    throw new Error(
      `the launch command submitted no app through torchx (exit code ${result.exitCode}): ${said || 'it said nothing'}`,
    );
  }

  async find(_name: string, folder: string): Promise<string | null> {
    return await this.handleIn(folder);
  }

  async states(ids: readonly string[]): Promise<ReadonlyMap<string, SchedulerState>> {
    const states = new Map<string, SchedulerState>();
    for (const scheduler of new Set(ids.map((id) => partsOf(id).scheduler))) {
      const handles = ids.filter((id) => partsOf(id).scheduler === scheduler);
      const native = this.native[scheduler];
      if (native === undefined) {
        const told = await this.ask({ states: handles }, StatesSchema);
        for (const [handle, app] of Object.entries(told)) states.set(handle, appState(app));
      } else {
        const told = await native.states(handles.map((handle) => partsOf(handle).appId));
        for (const handle of handles) {
          const state = told.get(partsOf(handle).appId);
          if (state !== undefined) states.set(handle, state);
        }
      }
    }
    return states;
  }

  async cancel(id: string): Promise<void> {
    const { scheduler, appId } = partsOf(id);
    const native = this.native[scheduler];
    if (native === undefined) await this.ask({ cancel: id }, z.unknown());
    else await native.cancel(appId);
  }

  async logs(id: string, cursor: string | null): Promise<PrintedSince> {
    const before = z.record(z.string(), z.number()).parse(JSON.parse(cursor ?? '{}'));
    const { scheduler, appId } = partsOf(id);
    const folder = scheduler === 'slurm' ? await this.logFolder(id) : null;
    // torchx follows the log of a Slurm job to its end, whatever it is told: its files are read.
    const printed =
      folder === null
        ? await this.ask({ logs: id, cursor: before }, PrintedSchema)
        : await slurmLogs(folder, appId, before);
    return { ...printed, cursor: JSON.stringify(printed.cursor) };
  }

  private async handleIn(folder: string): Promise<string | null> {
    const record = RecordSchema.nullable().parse(await readJsonIfAny(recordOf(folder)));
    if (record?.handle != null && record.folder !== undefined) this.folders.set(record.handle, record.folder);
    return record?.handle ?? null;
  }

  private async logFolder(handle: string): Promise<string | null> {
    if (!this.folders.has(handle)) {
      const jobs = await readdir(this.context.workdir.localJobs).catch(() => []);
      const own = jobs.filter((job) => job.startsWith(`${this.name}_`));
      await Promise.all(own.map((job) => this.handleIn(this.context.workdir.job(job))));
    }
    return this.folders.get(handle) ?? null;
  }

  /** Throws a SchedulerBusy for whatever torchx says instead of an answer. */
  private async ask<T>(question: Record<string, unknown>, schema: z.ZodType<T>): Promise<T> {
    const { base_launch_command, source_dir } = this.context.config;
    const program = torchxProgram(base_launch_command);
    const { code, stdout, stderr, timedOut } = await runApart(program, [], {
      cwd: source_dir,
      env: this.told({ ask: question }, process.env),
      stdin: 'ignore',
      timeout: ANSWER_LIMIT_MS,
    });
    if (code === 'ENOENT')
      throw new Error(`there is no program ${program}, which the state of a torchx app is asked by`);
    const line = stdout?.trim().split('\n').at(-1) ?? '';
    if (timedOut || !line.startsWith('{'))
      throw new SchedulerBusy(`torchx: ${(stderr ?? '').trim().slice(-SAID_LENGTH)}`);
    const answer: unknown = JSON.parse(line);
    const failed = ErrorSchema.safeParse(answer);
    if (failed.success) throw new SchedulerBusy(`torchx: ${failed.data.error}`);
    return schema.parse(answer);
  }

  private told(what: Record<string, unknown>, env: NodeJS.ProcessEnv): Record<string, string> {
    const folders = [packageFile('probe'), ...(env.PYTHONPATH ?? '').split(delimiter)];
    const PYTHONPATH = [...new Set(folders.filter(Boolean))].join(delimiter);
    return { ...(env as Record<string, string>), PYTHONPATH, AUTORESEARCH_TORCHX: JSON.stringify(what) };
  }
}

const recordOf = (folder: string) => join(folder, 'torchx.json');

/** `slurm://torchx/1234` */
function partsOf(handle: string): { scheduler: string; appId: string } {
  const [, scheduler, appId] = /^(\w+):\/\/[^/]*\/(.+)$/.exec(handle) ?? [];
  if (scheduler !== undefined && appId !== undefined) return { scheduler, appId };
  throw new RangeError(`${JSON.stringify(handle)} is no handle of a torchx app (scheduler://session/app)`);
}

/** As the launch command calls it, or the one on PATH. */
function torchxProgram(launchCommand: string): string {
  const call = calledPrograms(launchCommand).find((each) => torchxArguments(each) !== null);
  if (call === undefined || call.program === 'torchx') return call?.own.value ?? 'torchx';
  // Beside the Python that runs it as a module.
  return call.own.value.includes('/') ? join(dirname(call.own.value), 'torchx') : 'torchx';
}

/** What torchx logs of its progress hides why it failed where only the first line of it is shown. */
function withoutProgress(text: string): string {
  return text.replaceAll(/^torchx \d{4}-\S+ \S+ (?:DEBUG|INFO) .*\n?/gm, '');
}
