/**
 * The flags of `run` and `start`: for each its key in config.json, how its text is read, and whether a run that exists
 * may still change it. Defaults are those of domain/formats/config.ts and domain/run/limits.ts.
 */

import { resolve } from 'node:path';
import { DEFAULT_CONFIRMATION } from '../../domain/belief/confirmation-state.js';
import { COMPARISONS, EFFORTS } from '../../domain/formats/choices.js';
import { APPROVAL_STAGES, SILENCES } from '../../domain/run/approval-rules.js';
import { LIMIT_NAMES, LIMITS, type LimitName } from '../../domain/run/limits.js';
import { moduleInConfig } from '../../host/module-path.js';
import { readSlots } from '../run/job-slots.js';
import type { ConfigPath } from '../run/workdir-config.js';
import {
  amountOrNone,
  asText,
  countOrNone,
  every,
  isGlob,
  metricRule,
  oneOf,
  percentage,
  seconds,
  texts,
  wholeNumber,
} from './flag-values.js';

export interface RunFlag {
  /** As commander reads it. */
  flags: string;
  /** Long name, as it stands in errors. */
  name: string;
  /** Name under which commander keeps the value. */
  option: string;
  /** Path of the key in config.json. */
  key: ConfigPath;
  help: string;
  /** May be given several times. */
  repeatable?: boolean;
  /** From the text (or true, of a switch) to the value in config.json; a Refusal when it does not fit. */
  read(given: unknown): unknown;
  /** The limit that it sets; limits may change while a run exists. */
  limit?: LimitName;
  /** Part of what a person is asked about; may change while a run exists. */
  approval?: true;
  /** Another start of the same run may give another value. */
  mayChange?: boolean;
}

function flag(flags: string, key: RunFlag['key'], help: string, more: Partial<RunFlag> = {}): RunFlag {
  const name = /--[a-z-]+/.exec(flags)![0];
  const option = name.replace(/^--(no-)?/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return { flags, name, option, key, help, read: asText, ...more };
}

function limitFlag(limit: LimitName): RunFlag {
  const { flag: flags, help, kind, initial, ...facts } = LIMITS[limit];
  const text = 'saysDefault' in facts ? help : `${help} (default: ${initial ?? 'none'})`;
  const key =
    'section' in facts ? ([facts.section, limit] as unknown as ConfigPath) : ([limit] as unknown as ConfigPath);
  const made = flag(flags, key, text, { limit });
  return { ...made, read: LIMIT_READERS[kind](made.name) };
}

const LIMIT_READERS = {
  count: (name: string) => wholeNumber(name, 1),
  'optional count': countOrNone,
  'optional amount': amountOrNone,
};

const PLACED_ADVICE = 'a glob of paths relative to the repository, as in "data/cache/**" or "*.pt"';

export const RUN_FLAGS: readonly RunFlag[] = [
  flag('--pipeline-script <path>', ['pipeline_script'], 'Python script with the SPDL pipeline and the training loop'),
  flag('--source-dir <path>', ['source_dir'], 'directory of the code that may be changed; the script lies inside it'),
  flag(
    '--build-command <command>',
    ['build_command'],
    'builds the job image; its last line of output is the name (default: none)',
  ),
  flag(
    '--base-launch-command <command>',
    ['base_launch_command'],
    'starts a training job; $IMAGE stands for the image',
  ),
  ...LIMIT_NAMES.map(limitFlag),
  flag(
    '--slots <slots>',
    ['slots'],
    'what a job holds alone on this machine: a number of slots, or devices, as in "gpu:0;gpu:1" or "cpu:0-3;cpu:4-7"',
    { read: readSlots },
  ),
  flag(
    '--calibration-runs <n>',
    ['calibration_runs'],
    `repeats of the baseline, which show how much results vary (default: ${DEFAULT_CONFIRMATION.calibrationRuns})`,
    { read: wholeNumber('--calibration-runs', 0) },
  ),
  flag(
    '--min-improvement <percent>',
    ['min_improvement'],
    'gain that is worth having (default: the larger of 1% and twice the noise of a run)',
    { read: percentage('--min-improvement') },
  ),
  flag(
    '--confirm-runs <n>',
    ['confirm_runs'],
    `repeats of what looks better, until it is decided; 0 believes a single run (default: ${DEFAULT_CONFIRMATION.confirmRuns})`,
    { read: wholeNumber('--confirm-runs', 0) },
  ),
  flag(
    '--verify-runs <n>',
    ['verify_runs'],
    `repeats of baseline and winner, in turn, before the run ends (default: ${DEFAULT_CONFIRMATION.verifyRuns})`,
    { read: wholeNumber('--verify-runs', 0) },
  ),
  flag(
    '--metric <name=regex>',
    ['metric'],
    "compare results by a number that the job prints otherwise, as in 'samples_per_s=speed: ([0-9.]+)'; NAME:lower=REGEX where less is better (default: [autoresearch] lines)",
    { read: metricRule('--metric') },
  ),
  flag(
    '--compare <what>',
    ['compare'],
    'rate: by what jobs print, and a job that prints no numbers fails; duration: such jobs are compared by how long they take (default: rate)',
    { mayChange: true, read: oneOf('--compare', COMPARISONS) },
  ),
  flag(
    '--approve <what>',
    ['approve'],
    'plans: a proposal waits for `autoresearch approve` before anything is made of it; edits: its job does, once its code stands; none (default: none)',
    { approval: true, mayChange: true, read: oneOf('--approve', [...APPROVAL_STAGES, 'none']) },
  ),
  flag('--approve-within <minutes>', ['approve_within'], 'how long the answer may take (default: none, for ever)', {
    approval: true,
    mayChange: true,
    read: amountOrNone('--approve-within'),
  }),
  flag(
    '--unanswered <what>',
    ['unanswered'],
    'run or drop: what is done with a proposal that nobody answers in time (default: drop)',
    { approval: true, mayChange: true, read: oneOf('--unanswered', SILENCES) },
  ),
  flag('--no-early-abort', ['early_abort'], 'let jobs that cannot come near the best go on to their end', {
    mayChange: true,
    read: () => false,
  }),
  flag('--poll-interval <seconds>', ['poll_interval'], 'between looks at a remote job (default: 120)', {
    read: seconds('--poll-interval'),
  }),
  flag(
    '--stall-timeout <seconds>',
    ['stall_timeout_s'],
    'a job without new output for so long is ended; 0 = never (default: 0)',
    {
      read: wholeNumber('--stall-timeout', 0),
    },
  ),
  flag('--notes <text>', ['notes'], 'what the agent should know about the pipeline (default: none)', {
    mayChange: true,
  }),
  flag('--knowledge <dir>', ['knowledge_dir'], 'text files that the agent is given to read (default: none)', {
    mayChange: true,
    read: (given) => (given === '' ? '' : resolve(String(given))),
  }),
  flag(
    '--on-event <command>',
    ['on_event'],
    'is given JSON on its standard input at each improvement and failure, at marks of budgets, and at the end (default: none)',
    { mayChange: true },
  ),
  flag(
    '--platform <name or file>',
    ['platform'],
    'where jobs run: auto (by the launch command), local, or a file that describes another (default: auto)',
    { read: (given) => moduleInConfig(String(given), process.cwd()) },
  ),
  flag(
    '--agent <name or module>',
    ['agent'],
    'anthropic (taken when ANTHROPIC_API_KEY is set), claude, codex, playbook (no network) or a module (default: claude)',
    { read: (given) => moduleInConfig(String(given), process.cwd()) },
  ),
  flag('--model <name>', ['model'], "the agent's model (default: the agent's own)", { mayChange: true }),
  flag('--effort <level>', ['effort'], "how much the model may think (default: the model's own)", {
    mayChange: true,
    read: oneOf('--effort', EFFORTS.slice(1)),
  }),
  flag(
    '--agent-command <command>',
    ['agent_command'],
    "another binary for a command agent (default: the agent's own name)",
    // The agent is called from within a tree of its task.
    { mayChange: true, read: (given) => (/\//.test(String(given)) ? resolve(String(given)) : given) },
  ),
  flag('--agent-timeout <seconds>', ['agent_timeout_s'], 'of one agent call (default: 900)', {
    read: wholeNumber('--agent-timeout', 1),
  }),
  flag('--claude-flags <flags>', ['claude_flags'], 'more flags for the agent command', {
    repeatable: true,
    read: texts,
  }),
  flag('--protect <glob>', ['protect'], 'files that no agent may change, as in "conf/**"', {
    repeatable: true,
    read: every('--protect', isGlob, 'a glob of paths relative to --source-dir, as in "conf/**" or "*.yaml"'),
  }),
  flag(
    '--allow-agent-commands',
    ['allow_agent_commands'],
    'let the agent propose launch commands that differ in more than flags',
    { read: () => true },
  ),
  flag(
    '--accept-environment',
    ['launch_environment'],
    'go on in the environment of this shell, though the run was started in another one (its results are compared all the same)',
    { read: () => null, mayChange: true },
  ),
  flag('--python <path>', ['python'], "the target's Python (default: the one of the launch command)"),
  flag('--skip-instrument', ['skip_instrument'], 'the script prints its [autoresearch] lines already', {
    read: () => true,
  }),
  flag('--link <glob>', ['link_paths'], 'link what git ignores into the trees, whatever it is, as in "weights/**"', {
    option: 'linkPaths',
    repeatable: true,
    read: every('--link', isGlob, PLACED_ADVICE),
  }),
  flag('--copy <glob>', ['copy_paths'], 'copy what git ignores into each tree, whatever its size', {
    option: 'copyPaths',
    repeatable: true,
    read: every('--copy', isGlob, PLACED_ADVICE),
  }),
  flag('--leave-out <glob>', ['left_out_paths'], 'leave out of the trees what git ignores', {
    option: 'leftOutPaths',
    repeatable: true,
    read: every('--leave-out', isGlob, PLACED_ADVICE),
  }),
  flag(
    '--no-link',
    ['link_ignored'],
    'put nothing that git ignores (data, environments) into the trees but what --link and --copy name',
    { read: () => false },
  ),
  flag(
    '--no-shelter',
    ['shelter'],
    'let jobs see your files as they are, not in a view that keeps their writes apart',
    {
      read: () => false,
    },
  ),
  flag('--tree-paths <path>', ['tree_paths'], 'write only these paths of the repository into the trees', {
    repeatable: true,
    read: (given) => given,
  }),
  flag('--keep-trees', ['keep_trees'], "keep each experiment's tree", { read: () => true }),
  flag('--secret-env <name>', ['secret_env'], 'a variable that jobs and builds must not see', {
    repeatable: true,
    read: every('--secret-env', (name) => /^[A-Za-z_]\w*$/.test(name), 'the name of an environment variable'),
  }),
];
