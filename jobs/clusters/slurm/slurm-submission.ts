/** What is given to sbatch: the options of the user's that hold for one job of ours, and ours behind them. Pure. */
import { isComment, shellTokens } from '../../../domain/command/shell-tokens.js';
import { shellWord } from '../../../domain/command/shell-word.js';
import { SEVERAL_PARTS, type SlurmOption, splitOptions } from './slurm-options.js';

/** Refused, with the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  array:
    'an experiment is one job, and an array is many: leave --array out (and SBATCH_ARRAY_INX), and let the job do one part',
  clusters: 'jobs are asked for at one cluster: set SLURM_CLUSTERS where autoresearch is started instead',
  'export-file': "the job's environment is that in which autoresearch was started: set the variables there",
};

/** Ours: the name, the output, the time, what happens to a job that cannot go on; or of no use without a terminal. */
const OURS = new Set(
  `chdir comment error export help input job-name kill-on-invalid-dep no-requeue open-mode output parsable quiet requeue
   signal test-only time time-min usage verbose version wait wrap`.split(/\s+/),
);

export const isOurs = (name: string) => OURS.has(name);

/** Of srun, what the allocation needs, too. */
const OF_THE_ALLOCATION = new Set(
  `account batch bb bbf begin cluster-constraint constraint contiguous core-spec cores-per-socket cpus-per-gpu
   cpus-per-task deadline delay-boot dependency exclude exclusive extra-node-info gpu-freq gpus gpus-per-node
   gpus-per-socket gpus-per-task gres gres-flags hint hold licenses mail-type mail-user mcs-label mem mem-per-cpu
   mem-per-gpu mincpus network nice nodefile nodelist nodes ntasks ntasks-per-core ntasks-per-gpu ntasks-per-node
   ntasks-per-socket oversubscribe partition prefer priority qos reboot reservation sockets-per-node spread-job switches
   thread-spec threads-per-core tmp use-min-nodes wckey`.split(/\s+/),
);

export function refuseImpossible(options: readonly SlurmOption[], env: Readonly<Record<string, string>>): void {
  const given = options.find(({ name }) => Object.hasOwn(REFUSED, name));
  if (given !== undefined) throw new Error(`--${given.name} is not possible here: ${REFUSED[given.name]}`);
  if (env.SBATCH_ARRAY_INX) throw new Error(`SBATCH_ARRAY_INX is set: ${REFUSED.array}`);
}

/** The options of the `#SBATCH` lines, which end before the first command. */
export function directivesOf(script: string): SlurmOption[] {
  const options: SlurmOption[] = [];
  for (const line of script.split('\n')) {
    if (/^\s*$/.test(line)) continue;
    if (!line.startsWith('#')) break;
    const given = /^#SBATCH\s+(.*)$/.exec(line)?.[1];
    if (given === undefined) continue;
    const part = /^(?:hetjob|packjob)\b/.exec(given)?.[0];
    if (part !== undefined) throw new Error(`#SBATCH ${part} ${SEVERAL_PARTS}`);
    const { tokens } = shellTokens(given);
    const comment = tokens.findIndex(isComment);
    const words = tokens.slice(0, comment < 0 ? tokens.length : comment);
    const plain = words.flatMap((token) => (token.kind === 'word' ? [token] : []));
    options.push(...splitOptions('sbatch', plain).options);
  }
  return options;
}

export interface OwnOptions {
  name: string;
  comment: string;
  cwd: string;
  output: string;
  minutes: number;
}

/**
 * The words behind `sbatch`, for a shell. Those of the user stand first: of one that is given twice, sbatch takes the
 * last.
 */
export function sbatchWords(
  kind: 'sbatch' | 'srun',
  options: readonly SlurmOption[],
  directives: readonly SlurmOption[],
  own: OwnOptions,
): string {
  const isKept = ({ name }: SlurmOption) =>
    kind === 'srun' ? OF_THE_ALLOCATION.has(name) : !OURS.has(name) && !Object.hasOwn(REFUSED, name);
  const given = options.filter(isKept).map(({ raw }) => raw);
  const exported = [...directives, ...options].findLast(({ name }) => name === 'export')?.value ?? '';
  // Bare names are in the environment anyway.
  const assigned = exported.split(/,(?=\w+=|\w+(?:,|$))/).filter((each) => /^\w+=/.test(each));
  const ours = [
    '--parsable',
    `--job-name=${own.name}`,
    `--comment=${own.comment}`,
    `--chdir=${own.cwd}`,
    `--output=${own.output.replaceAll('%', '%%')}`,
    `--error=${own.output.replaceAll('%', '%%')}`,
    `--time=${own.minutes}`,
    `--export=${['ALL', ...assigned].join(',')}`,
    // What ends by no fault of its own is run again by the engine.
    '--no-requeue',
    // One whose dependency can never be met would wait for ever.
    '--kill-on-invalid-dep=yes',
  ];
  return [...given, ...ours.map(shellWord)].join(' ');
}

/** The directives that hold for the job, as lines of a script. */
export function directiveLines(directives: readonly SlurmOption[]): string[] {
  return directives
    .filter(({ name }) => !OURS.has(name))
    .map(({ name, value }) => `#SBATCH --${name}${value === null ? '' : `=${quoted(value)}`}`);
}

/** As sbatch reads a directive. */
function quoted(value: string): string {
  return /^[^\s"'#\\]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Seconds between the end that the job's runner brings about and Slurm's. */
const GRACE_S = 60;

/** Of the job's own limit, and of the user's where that is less. */
export function minutesOf(timeLimitS: number, given: string | undefined): number {
  const ours = Math.ceil((timeLimitS + GRACE_S) / 60);
  const theirs = given === undefined ? null : slurmMinutes(given);
  return theirs === null ? ours : Math.min(ours, theirs);
}

/** `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours[:minutes[:seconds]]`; null for no limit. */
export function slurmMinutes(text: string): number | null {
  const [, days, first, second = '0', third] = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text.trim()) ?? [];
  if (first === undefined) return null;
  const [a, b, c] = [Number(first), Number(second), Number(third ?? 0)];
  const minutes =
    days !== undefined
      ? Number(days) * 1440 + a * 60 + b + c / 60
      : third !== undefined
        ? a * 60 + b + c / 60
        : a + b / 60;
  // Slurm takes 0 for no limit.
  return minutes === 0 ? null : Math.ceil(minutes);
}

/** Files of a job that its runner wrote; the others are the submission's. */
const RECORD = 'claim job.json returncode.txt stdout.log stderr.log waiting.json';

/** In the job's folder. */
const SET_ASIDE = `if [ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ] && [ -e job.json ]; then
  before="requeued_$SLURM_RESTART_COUNT"
  mkdir -p "$before" || exit 1
  for file in ${RECORD}; do [ ! -e "$file" ] || mv "$file" "$before/" || exit 1; done
  if [ -d "$AUTORESEARCH_METRICS_DIR" ]; then
    mv "$AUTORESEARCH_METRICS_DIR" "$before/metrics" && mkdir -p "$AUTORESEARCH_METRICS_DIR" || exit 1
  fi
fi`;

/**
 * The batch script: it becomes the job's own script. One that an administrator put back into the queue starts as if it
 * had never run, and keeps what is known of the time before.
 */
export function batchScript(directives: readonly SlurmOption[], folder: string, script: string): string {
  const lines = ['#!/bin/sh', ...directiveLines(directives), `cd ${shellWord(folder)} || exit 1`, SET_ASIDE];
  return `${[...lines, `exec ${shellWord(script)}`].join('\n')}\n`;
}
