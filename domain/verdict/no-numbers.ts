/**
 * Why a job that should print `[autoresearch]` lines printed none: what its command, its output and the probe let one
 * think.
 */

import { choosePlatform } from '../command/platform-choice.js';
import { shellWord } from '../command/shell-word.js';
import { withoutColours } from '../evidence/printed-line.js';
import { firstOf } from '../reports/quantity-text.js';
import { stillRunningText } from './submitted-jobs.js';

export interface SilentJob {
  /** The launch command, and the scripts that it runs. */
  commands: readonly string[];
  /** On which the job ran. */
  platform: string;
  durationS: number | null;
  stdoutTail: string;
  stderrTail: string;
  /** What the probe counted at the end of pipelines; 0 where it saw none. */
  items: number;
  /** Of the user's, what the job may have gone on from: paths in its tree, and absolute ones outside. */
  earlier?: { inTree: readonly string[]; outside: readonly string[] };
  /** The person said that the script prints the lines by itself. */
  skipInstrument: boolean;
}

const SUBMITS =
  /(?<![.\w/-])(?:sbatch(?!.*--wait)|qsub|bsub|condor_submit|kubectl\s+(?:apply|create)|torchx\s+run(?!.*--wait)|nohup|setsid|screen\s+-d|tmux\s+new|docker\s+run\s(?:.*\s)?(?:-d|--detach)\b|disown|at\s+now|systemd-run)\b/;
const SUBMITTED =
  /^.*(?:submitted batch job|job \S+ (?:has been )?submitted|your job \d+|is submitted to|job\.batch\/\S+ created|launched app).*$/im;
const IN_BACKGROUND = /(?:^|[^&>|<\d])&\s*(?:$|[;\n)])/m;
const REDIRECTED = /(?:^|[^<>&\d])(?:1|&)?>{1,2}\s*(?!&)(?!\/dev\/stdout)(\S+)/;
const SHORT_S = 5;
const CALLS = { slurm: 'sbatch train.sh', torchx: 'torchx run …', kubernetes: 'kubectl apply -f job.yaml' } as const;
/** Words of a job that goes on from an earlier one, or has nothing left to do. */
const RESUMED =
  /^.*\b(?:resum(?:e|ed|ing)|restor(?:ed|ing)|(?:load|found|us|read)(?:ed|ing)?\b.{0,40}\b(?:checkpoint|ckpt|snapshot|state)|already (?:been )?(?:trained|finished|complete|completed|done)|nothing (?:left |more )?to (?:do|train)|(?:start|continu|pick)\w* (?:up )?(?:from|at|with) (?:epoch|step|iter)\w*|trained (?:to|up to|until) (?:epoch|step|iter)\w*|from (?:epoch|step|iter\w*) \d+)\b.*$/im;
const SHOWN = 3;
/** `1,234.5 samples/s`, `85 ms/step`: what is counted in a time, or the time that one takes. */
const COUNTED = '(?:sample|image|img|example|item|record|frame|clip|token|batch(?:es)?|step|iter(?:ation)?|it)s?';
const TIME = '(?:ms|msec|s|sec|seconds?)';
const PRINTED_RATE = new RegExp(
  String.raw`(?<![\w.,])\d[\d.,]*(?<unit>\s*(?:${COUNTED}\s?(?:/\s?|per )${TIME}|${TIME}\s?(?:/\s?|per )${COUNTED}))\b`,
  'gi',
);

/** In sentences, the likeliest first. */
export function likelyCauses(job: SilentJob): string[] {
  const { durationS, items } = job;
  const lasted = durationS === null ? '' : ` (it ended after ${Number(durationS.toPrecision(2))} s)`;
  const shell = job.commands.map((command) => command.replace(/^\s*#.*$/gm, '')).join('\n');
  const causes: string[] = [];
  const ours = ownLine(job);
  if (ours !== null) {
    const missing = 'none with step_time_ms=… or throughput_samples_per_s=…';
    return [
      `lines with [autoresearch] came, but ${missing}, in digits and without a unit: the last was ${JSON.stringify(ours)}`,
    ];
  }
  const said = SUBMITTED.exec(`${job.stdoutTail}\n${job.stderrTail}`)?.[0].trim().slice(0, 120);
  const elsewhere = whereInstead(job);
  const running = stillRunningText(`${job.stdoutTail}\n${job.stderrTail}`, shell);
  const unwatched = running === null ? '' : `. ${running[0]!.toUpperCase()}${running.slice(1)}`;
  if (said !== undefined || SUBMITS.test(shell) || IN_BACKGROUND.test(shell))
    causes.push(
      `the command submits the work and returns${lasted}${said === undefined ? '' : `: it printed ${JSON.stringify(said)}`}; ${elsewhere}give one that ends when the training has ended and passes its output on (sbatch --wait, srun, kubectl wait and logs; no nohup, no &)${unwatched}`,
    );
  const resumed = resumedText(job);
  if (resumed?.isSaid) causes.push(resumed.text);
  const target = REDIRECTED.exec(shell)?.[1];
  if (target !== undefined && target !== '/dev/null')
    causes.push(`its output goes to ${target} and not to us; let it print, or write \`| tee ${target}\``);
  else if (target !== undefined) causes.push('its output goes to /dev/null; let it print');
  if (job.skipInstrument) {
    const rate = printedRate(job);
    const instead =
      rate === null
        ? ''
        : `; it prints ${JSON.stringify(rate.text)}, by which --metric ${shellWord(rate.rule)} compares`;
    causes.push(`with --skip-instrument the script itself must print the lines, and does not${instead}`);
  } else if (items > 0)
    causes.push(
      `the pipeline gave ${items} items, so that a loop ran: printing is replaced or captured (print or sys.stdout of the script's own, a launcher that keeps the output), or another loop than the timed one consumes the pipeline`,
    );
  else if (causes.length === 0) {
    if (durationS !== null && durationS < SHORT_S)
      causes.push(`the command starts the training elsewhere and returns${lasted}`);
    causes.push(
      'the timed loop never ran: another script or another loop trains, or there was no data to iterate over',
    );
    if (resumed !== null) causes.push(resumed.text);
    causes.push('the output is redirected or captured (a file, a launcher that keeps it), or printing is replaced');
  }
  return causes;
}

/** The platform that waits for what the command submits, where it is another; else how this one comes to do so. */
function whereInstead({ commands, platform }: SilentJob): string {
  const [launch = '', ...scripts] = commands;
  const own = choosePlatform(launch).platform;
  if (own !== 'local') return own === platform ? '' : `start again with --platform ${own}, or `;
  const ofScript = scripts.map((script) => choosePlatform(script).platform).find((each) => each !== 'local');
  if (ofScript === undefined) return '';
  const start = ofScript === platform ? 'start again' : `start again with --platform ${ofScript}`;
  return `${start} and, as the launch command, the call that its script makes (${CALLS[ofScript]}), or `;
}

/** The last rate or time of a step that the script prints in words of its own, and the rule that reads it. */
function printedRate({ stdoutTail, stderrTail }: SilentJob): { text: string; rule: string } | null {
  const last = [...withoutColours(`${stderrTail}\n${stdoutTail}`).matchAll(PRINTED_RATE)].at(-1);
  if (last === undefined) return null;
  const unit = last.groups!.unit!;
  const isTime = new RegExp(`^\\s*${TIME}\\s?(?:/|per)`, 'i').test(unit);
  return { text: last[0], rule: `${isTime ? 'step_time:lower' : 'rate'}=([0-9.,]+)${unit}` };
}

/** A training that is finished trains no step: where its checkpoint comes from, and how a job does without. */
function resumedText({ stdoutTail, stderrTail, earlier, items }: SilentJob): { text: string; isSaid: boolean } | null {
  const { inTree = [], outside = [] } = earlier ?? {};
  const said = RESUMED.exec(withoutColours(`${stdoutTail}\n${stderrTail}`))?.[0]
    .trim()
    .slice(0, 120);
  if (items > 0 || inTree.length + outside.length === 0) return null;
  const ways = [
    ...(inTree.length > 0
      ? [
          `each tree holds what git ignores, ${firstOf(inTree, SHOWN)}: start again with --leave-out ${shellWord(inTree[0]!)}`,
        ]
      : []),
    ...(outside.length > 0
      ? [
          `it reads ${firstOf(outside, SHOWN)}, outside of its tree: give a path with $NODE_ID in it (docs/your-files.md)`,
        ]
      : []),
  ];
  const says = said === undefined ? '' : ` (it printed ${JSON.stringify(said)})`;
  const went = said === undefined ? 'it may have gone on' : 'it went on';
  return {
    text: `${went} from an earlier training that has nothing left to do${says}: ${ways.join('; or ')}`,
    isSaid: said !== undefined,
  };
}

/** The last of the lines that the script prints of itself, where they do not tell what is needed. */
function ownLine({ stdoutTail, stderrTail }: SilentJob): string | null {
  const lines = `${stderrTail}\n${stdoutTail}`.split('\n').map((line) => withoutColours(line).trim());
  const ours = lines.filter((line) => line.includes('[autoresearch]'));
  // The first two are told before the loop has begun, by our timing as well; the others are what is needed.
  const own = ours.filter(
    (line) => !/\b(?:cpu_cores|ttfb_s|(?:step_time_ms|throughput_samples_per_s)=[\d.])/.test(line),
  );
  return own.at(-1)?.slice(0, 160) ?? null;
}

export function silentJobText(job: SilentJob): string {
  const printed = [job.stdoutTail, job.stderrTail].join('\n').trim().split('\n').slice(-3).join(' / ').slice(-240);
  const causes = likelyCauses(job).map((cause, i) => `(${i + 1}) ${cause}`);
  return (
    `none of the [autoresearch] lines came that tell how fast the job is, and how long a job takes is not compared without a word. ` +
    `Likely causes: ${causes.join('; ')}. ${printed === '' ? 'It printed nothing.' : `It printed last: ${printed}`} ` +
    `How the lines look, and where to print them: docs/instrumentation.md. ` +
    `Or compare by a number that the job prints (--metric), or, where its duration says it all, by that (--compare duration).`
  );
}
