/**
 * The flags of `run` and `start`: for each its key in config.json, how its text is read, and whether a run that exists
 * may still change it. Defaults are those of domain/formats/config.ts and domain/run/limits.ts. In the help's order.
 */

import { resolve } from 'node:path';
import { LIMIT_NAMES } from '../../domain/run/limits.js';
import { moduleInConfig } from '../../host/module-path.js';
import { programFrom } from '../../host/program-path.js';
import { Refusal } from '../output/refusal.js';
import { readSlots } from '../run/job-slots.js';
import { every, isGlob, seconds, wholeNumber } from './flag-values.js';
import { MEASURING_FLAGS } from './measuring-flags.js';
import { RUN_AGENT_FLAGS } from './run-agent-flags.js';
import { flag, limitFlag, type RunFlag } from './run-flag.js';

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
    '--count-pending',
    ['count_pending'],
    'let jobs that wait in the queue of a cluster hold a slot (default: they hold none, up to --max-concurrency of them)',
    { read: () => true, mayChange: true },
  ),
  ...MEASURING_FLAGS,
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
    '--metrics-command <template>',
    ['metrics_command'],
    'prints what the probe measured of a job that does not see this disk: {id}, {name}, {node} (default: none)',
    { mayChange: true },
  ),
  flag(
    '--platform <name or file>',
    ['platform'],
    'where jobs run: auto (by the launch command), local, or a file that describes another (default: auto)',
    { read: (given) => moduleInConfig(String(given), process.cwd()) },
  ),
  flag('--image <name>', ['image'], "of a Job of Kubernetes; $IMAGE in it is the build's (default: the build's)"),
  flag(
    '--job-manifest <file>',
    ['job_manifest'],
    'the Job of Kubernetes in which the launch command runs (default: one of its own)',
    { read: (given) => resolve(String(given)) },
  ),
  flag('--namespace <name>', ['kube_namespace'], "of Kubernetes (default: the manifest's, or the context's)"),
  flag('--kube-context <name>', ['kube_context'], 'of the kubeconfig (default: its current one)'),
  ...RUN_AGENT_FLAGS,
  flag(
    '--accept-environment',
    ['launch_environment'],
    'go on in the environment of this shell, though the run was started in another one (its results are compared all the same)',
    { read: () => null, mayChange: true },
  ),
  flag('--python <path>', ['python'], "the target's Python (default: the one of the launch command)", {
    read: (given) => {
      if (String(given).trim() === '') throw new Refusal('--python', given, 'a path of a Python, or its name on PATH');
      return programFrom(process.cwd(), String(given));
    },
  }),
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
