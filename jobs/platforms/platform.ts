/** What a platform must do to run jobs. Each must find a job by its name, so that a launch can be repeated safely. */
import type { HostHold } from '../../domain/run/slots.js';
import type { EndCause } from '../../domain/verdict/end-cause.js';

export interface LaunchRequest {
  /** Deterministic: `ar-<run>-<node_id>`. */
  jobName: string;
  nodeId: string;
  /** How many jobs of this name came to nothing by no fault of theirs and were set aside; absent: none. */
  again?: number;
  /** Shell command, placeholders and paths already replaced. */
  command: string;
  /** Working directory: the source directory inside the experiment's tree. */
  cwd: string;
  /** The whole environment of the job. */
  env: Record<string, string>;
  timeoutS: number;
  /** 0 = never. */
  stallTimeoutS: number;
  /** Folder for the probe's and the sampler's TSV files. */
  metricsDir: string;
  /** The experiment's tree as one file, where the command or the platform is about it. */
  bundle?: string | null;
  /** The CPUs on which it is kept; null = all. */
  cpus: number[] | null;
  /** What it must hold of its host before it starts; null = nothing. */
  hold: HostHold | null;
  /** Files of the user's that its writes must not reach; null = it sees everything as it is. */
  shelter?: Shelter | null;
}

/** A view of the file system for one job, where its host allows one (probe/autoresearch_job/shelter.py). */
export interface Shelter {
  /** Absolute paths; what the job writes below them is kept apart. */
  folders: string[];
  /** The same where the file system can keep writes apart; where it cannot, these stay as they are. */
  named?: string[];
  /** Absolute paths that stay as they are, also within one of the folders. */
  keep: string[];
  /** Where the writes land. */
  writes: string;
}

export interface KeptApart {
  /** Some of the files that the job wrote outside of its tree, by the paths under which it knew them. */
  wrote: string[];
  /** How many there are, as far as they were counted. */
  count: number;
  /** The folders below which the job's writes were kept apart, and of `Shelter.named` those where they were not. */
  covered: string[];
  bare: string[];
}

export type JobStatus =
  /** `reason`: a scheduler's words for what it waits for. */
  | { state: 'pending'; reason?: string }
  | { state: 'running'; startedAtMs: number }
  | {
      state: 'ended';
      startedAtMs: number;
      endedAtMs: number;
      /** Null when nobody recorded it (the runner was killed). */
      returnCode: number | null;
      cause: EndCause;
      /** What a scheduler says of its end. */
      said?: string | undefined;
      /** Of the workdir, while it ran. */
      diskWasFull?: boolean;
    };

export interface JobLogs {
  stdout: string;
  stderr: string;
  /** Seconds by which stdout was written to after stderr; absent where the platform does not know. */
  stdoutOutlastsS?: number;
}

export interface Platform {
  readonly name: string;
  /** Whether it hands the experiment's tree over as one file (source/source-bundle.ts); absent: it does not. */
  readonly usesBundle?: boolean;
  /** The job of that name, or null. One that still waits for others on its host: `launchedAtMs` tells since when. */
  find(jobName: string): Promise<{ jobId: string; launchedAtMs: number } | null>;
  /** The job is soon to start: does what of a launch can be done before, and shows nowhere. Absent: there is none. */
  makeReady?(jobName: string): void;
  /** The job is not to start after all, or has ended. Safe to repeat. */
  dropReady?(jobName: string): void;
  /** Starts the job; only called when find() returned null. */
  launch(request: LaunchRequest): Promise<{ jobId: string; launchedAtMs: number }>;
  status(jobId: string): Promise<JobStatus>;
  /** Resolves as soon as the job may have ended, at the latest after `maxMs` or when `signal` aborts. */
  waitForChange(jobId: string, maxMs: number, signal: AbortSignal): Promise<void>;
  /** The last `maxBytes` of each log. */
  logs(jobId: string, maxBytes: number): Promise<JobLogs>;
  /** Whether the job ran in a view of its own, in which it could not write to the user's files; absent: never. */
  isSheltered?(jobId: string): Promise<boolean>;
  /** What the job's view kept apart of its writes, and which folders it could not keep apart; absent: nobody knows. */
  keptApart?(jobId: string): Promise<KeptApart>;
  /**
   * Lets a job that has ended make way for the next one of its name; what is known of it goes to `folder`. Safe to
   * repeat. Absent: it stays.
   */
  setAside?(jobId: string, folder: string): Promise<void>;
  /** Kills the job's whole process group; no error when it has ended. */
  cancel(jobId: string): Promise<void>;
}

/** The one home of a job's name: the same node always asks for the same job. */
export function jobNameOf(run: string, nodeId: string): string {
  return `${jobNamePrefix(run)}${nodeId}`;
}

export function jobNamePrefix(run: string): string {
  return `ar-${run}-`;
}

/** The node of a job's name. Throws for the name of a job of another run. */
export function nodeOfJob(run: string, jobName: string): string {
  const prefix = jobNamePrefix(run);
  if (jobName.startsWith(prefix)) return jobName.slice(prefix.length);
  throw new Error(`job ${JSON.stringify(jobName)} is not of this run (${prefix}…)`);
}
