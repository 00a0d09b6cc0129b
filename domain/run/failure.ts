/**
 * What can go wrong, as values: each failure has a kind, a phase and the next step for its reader.
 * The kinds and phases are those of the engine's file format; nothing here throws.
 */

export const FAILURE_PHASES = [
  'prepare',
  'source',
  'code_change',
  'build',
  'launch',
  'job',
  'metrics',
  'analysis',
  'planning',
  'setup',
  'instrumentation',
  'runner',
] as const;
export type FailurePhase = (typeof FAILURE_PHASES)[number];

interface FailureKindFacts {
  /** Where such a failure usually arises; a record may name another phase. */
  phase: FailurePhase;
  /** What the reader can do about it, in one sentence. */
  action: string;
}

/** Complete by type: a new kind without an action does not compile. */
export const FAILURE_KINDS = {
  code_change_failed: {
    phase: 'code_change',
    action: 'Read logs/*_apply_* for the refused edit; the experiment can be added again with a clearer description.',
  },
  source_restore_failed: {
    phase: 'source',
    action:
      'Check that the source directory and its repository are readable and that the disk is not full (docs/refusals.md).',
  },
  build_failed: {
    phase: 'build',
    action: 'Read logs/last_build_error.txt and run the build command by hand in the kept tree.',
  },
  launch_failed: { phase: 'launch', action: 'Run the launch command by hand; check that the platform accepts jobs.' },
  job_startup_failed: {
    phase: 'job',
    action: 'Read stderr.log of the job: it ended before its first metric (import, pickling, syntax or configuration).',
  },
  job_runtime_failed: { phase: 'job', action: 'Read stderr.log of the job: it failed after it had begun to train.' },
  job_failed: { phase: 'job', action: 'Read stdout.log and stderr.log of the job for the cause of its exit code.' },
  job_stalled: {
    phase: 'job',
    action:
      'The job printed nothing new within its limit: look for a deadlock, or start again with a larger --stall-timeout.',
  },
  job_timed_out: {
    phase: 'job',
    action:
      "Let a job do less work (fewer steps), see that nothing keeps it alive once it is done, or raise the limit that ended it: a scheduler's own in the launch command, ours by `autoresearch set WORKDIR --job-timeout SECONDS`, or by --job-timeout in a new run.",
  },
  job_preempted: {
    phase: 'job',
    action:
      'It runs again by itself, a few times; ask for a partition or class that is not pre-empted (docs/platforms.md).',
  },
  job_node_failed: {
    phase: 'job',
    action: 'It runs again by itself, once; if it comes again, exclude the host that the message names.',
  },
  job_lost: {
    phase: 'job',
    action:
      'It runs again by itself, once; if it comes again, look for what ends processes on its host (docs/refusals.md).',
  },
  job_out_of_memory: {
    phase: 'job',
    action: 'Ask for more memory in the launch command, or let it use less: smaller batches, buffers, fewer processes.',
  },
  job_never_started: {
    phase: 'job',
    action: "Read the scheduler's reason: the account, limits, resources or image that the launch command asks for.",
  },
  metrics_collection_failed: {
    phase: 'metrics',
    action:
      'Check that the job prints [autoresearch] lines (docs/instrumentation.md), or what --metric looks for, and that its logs are readable.',
  },
  analysis_failed: {
    phase: 'analysis',
    action: 'Read logs/*_analyze_*; the measured metrics are kept and the experiment can be analysed again.',
  },
  planning_failed: {
    phase: 'planning',
    action: 'Read logs/*_plan_*; planning is tried again when the next result arrives.',
  },
  setup_instrumentation_failed: {
    phase: 'instrumentation',
    action:
      'Print the lines of docs/instrumentation.md and start with --skip-instrument, or name a number by --metric.',
  },
  setup_source_failed: {
    phase: 'setup',
    action: 'Check --source-dir and --pipeline-script, and that what they name is readable (docs/refusals.md).',
  },
  unexpected_exception: {
    phase: 'runner',
    action:
      'Nothing where somebody ended its workflow by hand; else a defect of autoresearch: please report it with logs/autoresearch.log.',
  },
  interrupted: { phase: 'runner', action: 'Start again with the workdir alone: the experiment goes on where it was.' },
  wrong_source: {
    phase: 'job',
    action:
      'The job imported files from outside its tree: start it from the tree (no absolute path to the original, no PYTHONPATH that leads there; docs/your-files.md), and build the image of a job from it, under a tag of its own.',
  },
  user_files_changed: {
    phase: 'job',
    action:
      'Restore the files from your copy, then start again with --copy GLOB for what jobs write to, or --leave-out GLOB (docs/your-files.md).',
  },
  cancelled: { phase: 'job', action: 'Nothing: a person cancelled it, or its run had ended.' },
  pruned: {
    phase: 'job',
    action: 'Nothing: it was ended early because it could not come near the best (--no-early-abort).',
  },
  duplicate_work: {
    phase: 'prepare',
    action: 'Nothing: the numbers of the experiment that it is a copy of stand for it.',
  },
  policy_refused: { phase: 'planning', action: 'Read the reason: the proposal broke a rule that the engine enforces.' },
  budget_exhausted: { phase: 'runner', action: 'Raise the budget with `autoresearch set` and start again.' },
  agent_failed: { phase: 'runner', action: 'Check the agent command, its credentials and logs/*_raw.json.' },
} as const satisfies Record<string, FailureKindFacts>;

export type FailureKind = keyof typeof FAILURE_KINDS;

/** The record that files and messages carry; `message` is cut to 2,000 characters so that it may travel. */
export interface Failure {
  kind: FailureKind;
  phase: FailurePhase;
  message: string;
  retryable: boolean;
  details: Record<string, string | number | boolean | null>;
  exception_type: string | null;
  job_id: string | null;
  /** ISO 8601, UTC. */
  created_at: string;
}

const MESSAGE_LIMIT = 2000;

export function failure(
  kind: FailureKind,
  message: string,
  atMs: number,
  more: Partial<Pick<Failure, 'phase' | 'retryable' | 'details' | 'exception_type' | 'job_id'>> = {},
): Failure {
  return {
    kind,
    phase: more.phase ?? FAILURE_KINDS[kind].phase,
    message: message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT)}…` : message,
    retryable: more.retryable ?? false,
    details: more.details ?? {},
    exception_type: more.exception_type ?? null,
    job_id: more.job_id ?? null,
    created_at: new Date(atMs).toISOString(),
  };
}

export function suggestedAction(kind: FailureKind): string {
  return FAILURE_KINDS[kind].action;
}

export function isFailureKind(value: string): value is FailureKind {
  return Object.hasOwn(FAILURE_KINDS, value);
}

/** Nothing is wrong with it: it was ended early because it was measured and slow, or another's numbers stand for it. */
export function isNoFault({ kind }: Pick<Failure, 'kind'>): boolean {
  return kind === 'pruned' || kind === 'duplicate_work';
}
