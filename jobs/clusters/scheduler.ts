/**
 * What a cluster's scheduler must do to run jobs for this program: the contract of `--platform ./my-platform.mjs` and
 * of the schedulers that come with it. It submits, finds, tells states, and ends; everything else (one job for one
 * name, records that outlive the scheduler's memory, polls for all jobs at once) is scheduled-platform.ts's work.
 */

import type { EndCause } from '../../domain/verdict/end-cause.js';

export interface SchedulerJob {
  /** `ar-<run>-<node>`: letters, digits, `_`, `.` and `-`. The scheduler's own name for the job, or a label of it. */
  name: string;
  run: string;
  nodeId: string;
  /** The shell command that runs; the paths in it are those of the experiment's own tree. */
  command: string;
  /** The user's launch command, of which `command` may be a part (`Scheduler.runs`). */
  launchCommand: string;
  /**
   * Absolute path of a shell script that runs the command once, in `cwd`, and keeps its output, limits, samples and end
   * in `folder`: what a scheduler submits whose hosts see these files. Its environment is the job's.
   */
  script: string;
  /** Absolute path of the source directory in the experiment's tree. */
  cwd: string;
  /** The whole environment of the job, without secrets. */
  env: Record<string, string>;
  /**
   * Absolute path of a tar.gz of the experiment's tree with the probe in it (docs/platforms.md), for hosts that do not
   * see the tree; null where neither the launch command nor `usesBundle` asks for it.
   */
  bundle?: string | null;
  /** Seconds that the job may run; the script keeps this limit by itself. */
  timeLimitS: number;
  /** Absolute path of the job's folder in the workdir. */
  folder: string;
}

export type SchedulerState =
  /** `reason`: the scheduler's own words for what the job waits for. */
  | { state: 'pending'; reason?: string }
  /** Unix milliseconds, where the scheduler tells. */
  | { state: 'running'; startedAtMs?: number }
  | {
      state: 'ended';
      cause: EndCause;
      /** Null where the scheduler does not know it; of a signal, minus its number. */
      returnCode: number | null;
      startedAtMs?: number;
      endedAtMs?: number;
      /** The scheduler's own words, for a person. */
      said?: string | undefined;
    };

/** What a job printed since `cursor`. */
export interface PrintedSince {
  stdout: string;
  stderr: string;
  /** Where the next call goes on; whatever the scheduler understands. */
  cursor: string;
}

/** Where a launch command would be given: absolute path of its directory, and its whole environment. */
export interface LaunchPlace {
  cwd: string;
  env: Readonly<Record<string, string>>;
}

export interface Scheduler {
  /** The first part of this platform's job ids: lower-case letters, digits and `-`, not `local`. */
  readonly name: string;
  /** Whether each job is to have its `bundle`; absent: only where the launch command names `$SOURCE_BUNDLE`. */
  readonly usesBundle?: boolean;
  /**
   * Submits the job and gives the scheduler's id of it. Throws a `SchedulerBusy` for what passes (the controller does
   * not answer, too many requests, a quota that is used up now), any other error for what never will.
   */
  submit(job: SchedulerJob): Promise<string>;
  /**
   * What is to run on the job's host of a launch command that calls this scheduler by itself (of `sbatch train.sh`:
   * `bash train.sh`). Only reads. Throws an Error with the reason where no such job can run; it is asked once before a
   * run begins, too. Absent: the launch command is what runs.
   */
  runs?(launchCommand: string, place: LaunchPlace): Promise<string>;
  /**
   * Why the scheduler would take no such job, whenever it is asked, or null; submits nothing. It is asked before a run
   * begins. Absent: nobody can tell.
   */
  wouldRefuse?(launchCommand: string, place: LaunchPlace, timeLimitS: number): Promise<string | null>;
  /**
   * The id of the newest job of this name, ended ones included; null where the scheduler knows none. `folder` is the
   * job's, as it was submitted: another run may be called alike.
   */
  find(name: string, folder: string): Promise<string | null>;
  /** The states of all these jobs by one question; an id that the scheduler has forgotten is missing in the answer. */
  states(ids: readonly string[]): Promise<ReadonlyMap<string, SchedulerState>>;
  /** Ends the job; no error when it has ended, or is not known any more. */
  cancel(id: string): Promise<void>;
  /**
   * What the job printed since the cursor (null: from its beginning). Absent: its output goes to `folder`, as the
   * script takes care of.
   */
  logs?(id: string, cursor: string | null): Promise<PrintedSince>;
}

/** The scheduler cannot answer now; the same is asked again later. */
export class SchedulerBusy extends Error {
  override readonly name = 'SchedulerBusy';
}

/** By its name: a module of the user's has no class of ours. */
export function isSchedulerBusy(error: unknown): error is Error {
  return error instanceof Error && error.name === 'SchedulerBusy';
}
