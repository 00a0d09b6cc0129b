/**
 * The phases of a run and the traces that they leave while they last: what a killer watches for, and how long after it
 * a kill may still fall into the phase. Traces are files of the workdir, and for two phases what the server tells.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineSight } from './engine-sight.js';

/** How long agent calls, builds and jobs of a disturbed run take, in ms: enough to fall into the middle of each. */
export const AGENT_MS = 250;
export const BUILD_MS = 150;
export const JOB_MS = 600;

export const VICTIMS = [
  // Killed with SIGKILL, alone or all at once.
  ...(['worker', 'server', 'client', 'runner', 'all'] as const),
  // Ctrl+C to the process group of the command that serves the run.
  'ctrl-c',
  // That of the workdir is full for a while.
  'disk',
  // The engine's workflow and an experiment's (workflow-victims.ts).
  ...(['eng-cancel', 'eng-term', 'eng-reset', 'exp-cancel', 'exp-term', 'exp-reset'] as const),
  // Messages between them: what the receiver had is gone, or comes again.
  ...(['lost', 'twice'] as const),
] as const;
export type Victim = (typeof VICTIMS)[number];
export type ProcessVictim = Extract<Victim, 'worker' | 'server' | 'client' | 'runner' | 'all'>;
export type WorkflowVictim = Exclude<Victim, ProcessVictim | 'ctrl-c' | 'disk'>;

/** What is visible of a run at one moment. */
export interface Sight {
  workdir: string;
  engine: EngineSight;
  /** Starts of the engine so far. */
  starts: number;
}

export interface Phase {
  name: string;
  /** A kill comes at most so long after a new trace was seen, in ms. */
  withinMs: number;
  /** Names of the traces that are there; one that was not there before says that the phase has begun. */
  traces(sight: Sight): string[];
  /** The job runner is among those who may die. */
  hasRunner?: boolean;
  /** Experiments of a plan are under way, which may be struck. */
  hasExperiment?: boolean;
}

/** Comes first in a run, or not at all. */
export const FIRST_PHASE: Phase = {
  name: 'setup',
  withinMs: 500,
  traces: ({ workdir }) => [...names(workdir), ...names(join(workdir, 'engine'))],
};

/** Nothing comes after it. */
export const LAST_PHASE: Phase = {
  name: 'report',
  withinMs: AGENT_MS,
  traces: ({ workdir }) => calls(workdir, /^report_.*\.pid\.json$/),
};

export const PHASES: readonly Phase[] = [
  { name: 'start', withinMs: 1500, traces: ({ starts }) => [`start ${starts}`] },
  {
    name: 'prepare',
    withinMs: 60,
    traces: ({ workdir }) => names(join(workdir, 'trees'), /^\d{3}_/),
    hasExperiment: true,
  },
  {
    name: 'agent call',
    withinMs: AGENT_MS,
    hasExperiment: true,
    traces: ({ workdir }) => calls(workdir, /^(instrument|apply_.*)\.pid\.json$/),
  },
  {
    name: 'build',
    withinMs: BUILD_MS,
    hasExperiment: true,
    traces: ({ workdir }) => stamps(join(workdir, 'engine', 'images'), /\.process\.json$/),
  },
  {
    name: 'launch',
    withinMs: 50,
    traces: ({ workdir }) => names(join(workdir, 'local_jobs')),
    hasRunner: true,
    hasExperiment: true,
  },
  {
    name: 'job',
    withinMs: JOB_MS,
    traces: ({ workdir }) => ofJobs(workdir, 'claim'),
    hasRunner: true,
    hasExperiment: true,
  },
  {
    name: 'job end',
    withinMs: 40,
    traces: ({ workdir }) => ofJobs(workdir, 'returncode.txt'),
    hasRunner: true,
    hasExperiment: true,
  },
  {
    name: 'evidence',
    withinMs: 10,
    hasExperiment: true,
    traces: ({ workdir }) => ofNodes(workdir, ['evidence.json', 'pipeline_stats_log.txt', 'system_metrics.txt']),
  },
  {
    name: 'analysis',
    withinMs: AGENT_MS,
    hasExperiment: true,
    traces: ({ workdir }) => [...calls(workdir, /^analyze_.*\.pid\.json$/), ...ofNodes(workdir, ['analysis.md'])],
  },
  {
    name: 'planning',
    withinMs: AGENT_MS,
    traces: ({ workdir }) => [...calls(workdir, /^plan_.*\.pid\.json$/), ...names(join(workdir, 'engine', 'plans'))],
  },
  {
    name: 'export',
    withinMs: 25,
    traces: ({ workdir }) => stamps(join(workdir, 'engine'), /^events\.jsonl$/),
  },
  {
    name: 'chart',
    withinMs: 200,
    traces: ({ workdir, engine }) => [
      ...stamps(workdir, /^(progress|hypothesis_tree)\.png/),
      ...engine.pending.filter((activity) => activity.startsWith('drawCharts')),
    ],
  },
  {
    name: 'continue as new',
    withinMs: 30,
    traces: ({ engine }) =>
      engine.runId === null ? [] : [engine.runId, ...(engine.isLong ? [`${engine.runId} is long`] : [])],
  },
];

/** Phases whose traces are the server's word, which costs a question at each look. */
export const ASKING_PHASES: readonly string[] = ['chart', 'continue as new'];

function names(folder: string, pattern = /./): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
}

/** A file that was written again is a new trace. */
function stamps(folder: string, pattern: RegExp): string[] {
  return names(folder, pattern).flatMap((name) => {
    const facts = statSync(join(folder, name), { throwIfNoEntry: false });
    return facts ? [`${name} ${facts.ino} ${facts.size} ${facts.mtimeMs}`] : [];
  });
}

function calls(workdir: string, pattern: RegExp): string[] {
  return stamps(join(workdir, 'engine', 'calls'), pattern);
}

function ofJobs(workdir: string, file: string): string[] {
  return present(join(workdir, 'local_jobs'), [file]);
}

function ofNodes(workdir: string, files: string[]): string[] {
  return present(join(workdir, 'runs'), files);
}

function present(parent: string, files: string[]): string[] {
  return names(parent).flatMap((folder) =>
    files.flatMap((file) => {
      const path = join(parent, folder, file);
      return statSync(path, { throwIfNoEntry: false }) ? [`${folder}/${file}`] : [];
    }),
  );
}
