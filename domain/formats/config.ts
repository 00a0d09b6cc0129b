/**
 * config.json: what a run was started with. Keys and defaults are those of schema_version 2; ours adds keys, each with
 * a default, so that an old file still parses.
 */

import { z } from 'zod';
import { DEFAULT_CONFIRMATION } from '../belief/confirmation-state.js';
import { templateProblem } from '../command/command-template.js';
import { DIRECTIONS, isMetricName, patternProblem } from '../evidence/custom-metric.js';
import { ALLOWED, SCOPES } from '../proposals/work-effect.js';
import type { SetApprovalMessage } from '../protocol/steering-messages.js';
import { APPROVAL_STAGES, SILENCES } from '../run/approval-rules.js';
import { LIMIT_NAMES, LIMITS, type LimitName, type LimitValue, type NamedLimits } from '../run/limits.js';
import { QUEUE_NAME, QUEUE_RULE } from '../run/naming.js';
import { INDEX_LIST } from '../run/slots.js';
import { COMPARISONS, DEFAULT_PROMPT_BUDGET, EFFORTS, LEAST_PROMPT_BUDGET } from './choices.js';
import { PricesSchema } from './prices.js';

const positive = z.number().int().min(1);
/** CPUs or GPUs, as in "0-3,8"; null = none in particular. */
const devices = z.string().regex(INDEX_LIST).nullable().default(null);
/** Null sets no limit. */
const amount = z.number().positive().nullable();
const metric = z.looseObject({
  name: z.string().refine(isMetricName, 'must be letters, digits and "_"'),
  direction: z.enum(DIRECTIONS),
  pattern: z.string().superRefine((pattern, { addIssue }) => {
    const problem = patternProblem(pattern);
    if (problem !== null) addIssue({ code: 'custom', message: `must be ${problem}` });
  }),
});

const launchEnvironment = z.looseObject({
  /** Absolute path of the interpreter. */
  python: z.string(),
  version: z.string(),
  /** The interpreter's own installation: a virtual environment's folder, say. */
  prefix: z.string(),
  /** Installed distributions as `name==version`, in order, with a blank between two. */
  packages: z.string(),
  /** By which a shell finds the interpreter and its libraries: PATH and its kin. */
  variables: z.record(z.string(), z.string()),
});

export type LaunchEnvironment = z.infer<typeof launchEnvironment>;

type LimitSchema<N extends LimitName> = z.ZodDefault<
  LimitValue<N> extends number ? z.ZodNumber : z.ZodNullable<z.ZodNumber>
>;

function limitFields<N extends LimitName>(names: readonly N[]): { [M in N]: LimitSchema<M> } {
  const fields = names.map((name) => {
    const { kind, initial } = LIMITS[name];
    const value = kind === 'optional amount' ? z.number().positive() : positive;
    return [name, kind === 'count' ? value.default(initial!) : value.nullable().default(initial)];
  });
  return Object.fromEntries(fields) as { [M in N]: LimitSchema<M> };
}

type StoppingName = { [N in LimitName]: (typeof LIMITS)[N] extends { section: string } ? N : never }[LimitName];
const isStopping = (name: LimitName): name is StoppingName => 'section' in LIMITS[name];
const stopping = limitFields(LIMIT_NAMES.filter(isStopping));

const METRICS_PLACEHOLDERS = ['id', 'name', 'node'];

export const ConfigSchema = z.looseObject({
  schema_version: z.literal(2).default(2),
  created_at: z.string().default(''),
  /** Absolute path of the training script; inside source_dir. */
  pipeline_script: z.string().min(1),
  /** Absolute path. */
  source_dir: z.string().min(1),
  scm: z.enum(['git', 'sl', '']).default(''),
  build_command: z.string().default(''),
  /** Shell command; `$IMAGE` stands for the image's name, the source directory's path for the experiment's own tree. */
  base_launch_command: z.string().min(1),
  notes: z.string().default(''),
  stopping_criteria: z.looseObject(stopping).prefault({}),
  ...limitFields(LIMIT_NAMES.filter((name) => !isStopping(name)) as Exclude<LimitName, StoppingName>[]),
  /** Seconds between looks at a job; an upper bound: the end of a local job is noticed within a second. */
  poll_interval: z.number().positive().default(120),
  startup_failure_retries: z.number().int().min(0).default(2),
  startup_retryable_experiments: z.array(z.string()).default(['mtp']),
  platform: z.string().default('auto'),
  agent: z.string().default('claude'),
  local_execution_mode: z.enum(['full', 'dataloader_only', 'dry_run']).default('full'),
  claude_flags: z.array(z.string()).default([]),
  // Ours from here on.
  /** Made once; names the workflow `autoresearch/<run>`. */
  run_id: z.string().default(''),
  /** Of a cluster's containers; `$IMAGE` in it is the one of the build. '' takes that, or the manifest's. */
  image: z.string().default(''),
  /** Absolute path of a manifest that a Job of Kubernetes is made from; '' = none but what the launch command names. */
  job_manifest: z.string().default(''),
  /** '' takes what the launch command, the manifest or the kubeconfig says. */
  kube_namespace: z.string().default(''),
  kube_context: z.string().default(''),
  /** Another binary for a command agent; '' takes the agent's own name. */
  agent_command: z.string().default(''),
  /** More flags for the codex command, as claude_flags are for the claude command. */
  codex_flags: z.array(z.string()).default([]),
  /** Where calls of the agent wait for a worker of another host; '' = they are made on the workdir's. */
  agent_queue: z.union([z.literal(''), z.string().regex(QUEUE_NAME, `must be ${QUEUE_RULE}`)]).default(''),
  /** Seconds for one agent call. */
  agent_timeout_s: positive.default(900),
  /** Of a model-backed agent; '' takes the agent's own default. */
  model: z.string().default(''),
  /** How much the model may think; '' takes the model's own default. */
  effort: z.enum(EFFORTS).default(''),
  /** Prices of models that the built-in table lacks, or that it has wrong. */
  prices: PricesSchema.default({}),
  /** Seconds for one build. */
  build_timeout_s: positive.default(3600),
  /** Repeats of the baseline after its first run: how much results vary. */
  calibration_runs: z.number().int().min(0).default(DEFAULT_CONFIRMATION.calibrationRuns),
  /** Repeats of what looks better, between two looks at it; 0 believes the first result. */
  confirm_runs: z.number().int().min(0).default(DEFAULT_CONFIRMATION.confirmRuns),
  /** Repeats of baseline and winner, in turn, before the run ends. */
  verify_runs: z.number().int().min(0).default(DEFAULT_CONFIRMATION.verifyRuns),
  /** Of the numbers of repeats, those that a person gave: they are made, also where fewer would do (their keys). */
  exact_runs: z.array(z.string()).default([]),
  /** Relative gain that is worth having; null = by the noise of a run (odds.ts). */
  min_improvement: amount.default(DEFAULT_CONFIRMATION.minImprovement),
  /** What results are compared by, where the job prints it in words of its own; null = the built-in order. */
  metric: metric.nullable().default(null),
  /** By what results may be compared where a job prints no numbers: by nothing, or by how long it takes. */
  compare: z.enum(COMPARISONS).default('rate'),
  /** What waits for a person's approval: nothing, proposals, or their code. */
  approve: z.enum([...APPROVAL_STAGES, 'none']).default('none'),
  /** Minutes that the answer may take; null = for ever. */
  approve_within: amount.default(null),
  /** What is done with a proposal that nobody answers in time. */
  unanswered: z.enum(SILENCES).default('drop'),
  /** End jobs early that cannot come near the best. */
  early_abort: z.boolean().default(true),
  /** End a job whose rate is steady after so many seconds of its steps, the warm-up not counted; 0 = never. */
  measure_seconds: z.number().min(0).default(0),
  /**
   * A shell command that is told of improvements, failures, budgets and the end, as JSON on its standard input; '' =
   * none.
   */
  on_event: z.string().default(''),
  /** A shell command that prints rows of the probe for one job ({id}, {name}, {node}); '' = none. */
  metrics_command: z
    .string()
    .superRefine((text, context) => {
      const problem = templateProblem(text, METRICS_PLACEHOLDERS);
      if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    })
    .default(''),
  /** Absolute path of a directory whose files the agent is given to read; '' = none. */
  knowledge_dir: z.string().default(''),
  /** Tokens for the stable part of a prompt: what is known, what is installed, and the code. */
  prompt_budget: z.number().int().min(LEAST_PROMPT_BUDGET).default(DEFAULT_PROMPT_BUDGET),
  /** Globs of files that no agent may change. */
  protect: z.array(z.string().min(1)).default([]),
  /** An agent may propose launch commands that differ in more than flags and their values. */
  allow_agent_commands: z.boolean().default(false),
  /** What experiments may do besides loading data faster: `other-work`. */
  allow: z.array(z.enum(ALLOWED)).default([]),
  /** `training`: with other work allowed, also of the model's side. */
  scope: z.enum(SCOPES).default('data'),
  /** Whether a job in the queue of a cluster holds a slot. */
  count_pending: z.boolean().default(false),
  /** What each job slot owns alone on its host, in all runs; [] = slots that own nothing. */
  slots: z.array(z.looseObject({ gpus: devices, cpus: devices })).default([]),
  /** While one job at a time runs, it has the machine to itself, in all runs on it. */
  exclusive_machine: z.boolean().default(false),
  skip_instrument: z.boolean().default(false),
  /**
   * Put what git ignores (data, environments) into each tree: linked, or copied where it is small or may be written.
   */
  link_ignored: z.boolean().default(true),
  /** Globs, relative to the repository's top, of what git ignores that is linked, copied or left out whatever it is. */
  link_paths: z.array(z.string().min(1)).default([]),
  copy_paths: z.array(z.string().min(1)).default([]),
  left_out_paths: z.array(z.string().min(1)).default([]),
  /** Jobs on this host see the user's files in a view of their own, which keeps what they write there apart. */
  shelter: z.boolean().default(true),
  /** Paths relative to the repository's top to which trees are limited; [] writes all. */
  tree_paths: z.array(z.string()).default([]),
  keep_trees: z.boolean().default(false),
  /** Seconds without a changing line of output after which a job counts as stalled; 0 = never. */
  stall_timeout_s: z.number().int().min(0).default(0),
  /** Names of environment variables that jobs and builds must not see (besides ANTHROPIC_*, OPENAI_*, TEMPORAL_*). */
  secret_env: z.array(z.string()).default([]),
  /** Python interpreter of the target; '' finds it in the launch command. */
  python: z.string().default(''),
  /** What the launch command meant when the run began; null in a run that was begun before it was kept. */
  launch_environment: launchEnvironment.nullable().default(null),
});

export type RunConfig = z.infer<typeof ConfigSchema>;

/** What waits for a person, as the engine is told. */
export function configuredApproval({ approve, approve_within, unanswered }: RunConfig): SetApprovalMessage {
  return { approve, wait_minutes: approve_within, silence: unanswered };
}

/** What a run begins with. */
export function configuredLimits(config: RunConfig): NamedLimits {
  const entries = LIMIT_NAMES.map((name) => [
    name,
    isStopping(name) ? config.stopping_criteria[name] : config[name as Exclude<LimitName, StoppingName>],
  ]);
  return Object.fromEntries(entries) as NamedLimits;
}
