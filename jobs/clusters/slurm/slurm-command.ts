/**
 * A launch command that may call sbatch, salloc or srun: what of it is for the scheduler, and what runs on the job's
 * host. `sbatch` and `salloc` are taken apart (this program submits by itself); `srun` stays what runs, within an
 * allocation by its options; any other command runs as it is.
 */
import { type Call, calledPrograms, shellTextOf } from '../../../domain/command/called-programs.js';
import { choosePlatform, startsSbatch } from '../../../domain/command/platform-choice.js';
import type { ShellWord } from '../../../domain/command/shell-tokens.js';
import { singleQuoted } from '../../../domain/command/shell-word.js';
import { isAssignment } from '../../../domain/command/wrapping-programs.js';
import { refuseSeveralParts, type SlurmOption, splitOptions, type Word } from './slurm-options.js';
import { type Known, knownFrom, refuseUnknown, withVariables } from './slurm-variables.js';

export interface SlurmCommand {
  /** Of sbatch or salloc, or of the first srun. */
  options: readonly SlurmOption[];
  /** How sbatch is called, with the variables that it is given; text for a shell. */
  call: string;
  /** Null: the launch command is what runs. */
  batch: Batch | null;
}

export interface Batch {
  /** Where it is called: directories of the `cd` before it, relative to each other. */
  folders: readonly string[];
  /** The script and its arguments; none with --wrap, and of salloc. */
  script: readonly Word[];
  /** The command of --wrap, or that of salloc. */
  wrap: string | null;
  /** Whether it is salloc's, which a shell reads as it stands. */
  isOfSalloc: boolean;
  /** What the values of variables are where the script is named. */
  known: Known;
  /** The launch command with this in the place of the call; `before` runs without the variables that it is given. */
  inPlace(run: string, before: string): string;
}

/** The call, and the shells that it stands in, the outermost first, each with the text in which it stands. */
interface Level {
  call: Call;
  text: string;
}

const CD = new Set(['cd', 'pushd']);

/** An Error says, for a person, why no job can be made of it. `env`: what variables are, as far as they are known. */
export function readSlurmCommand(text: string, env: Readonly<Record<string, string>> = {}): SlurmCommand {
  const calls = calledPrograms(text);
  const [call, second] = calls.filter((each) => isSubmission(each) || startsSbatch(each));
  if (call === undefined) {
    const { platform, why } = choosePlatform(text);
    if (platform === 'torchx' || platform === 'kubernetes')
      throw new Error(`${why}, which submits by itself and returns: --platform ${platform} waits for what it submits`);
    const srun = calls.find(({ program }) => program === 'srun');
    if (srun === undefined) return { options: [], call: 'exec sbatch', batch: null };
    refuseSeveralParts('srun', srun.args);
    const { options } = splitOptions('srun', srun.args);
    const before = calls.slice(0, calls.indexOf(srun)).filter(({ place }) => place === 'plain');
    refuseUnknown(options, knownFrom(before, env), 'srun');
    return { options, call: callOf(before, []), batch: null };
  }
  if (second !== undefined)
    throw new Error(
      `the launch command calls ${call.program === 'salloc' ? 'salloc' : 'sbatch'} twice; an experiment is one job`,
    );
  refusePlace(call);
  const levels = levelsOf(call, text);
  const isOfSalloc = call.program === 'salloc';
  for (const level of levels) refuseAround(level, isOfSalloc && level.call === call);
  const inFront = levels.flatMap((level) => plainBefore(calls, level));
  const known = knownFrom(inFront, env);
  const program = isOfSalloc ? 'salloc' : 'sbatch';
  const { options, rest } = splitOptions(program, withVariables(program, call.args, known));
  refuseSeveralParts(
    program,
    isOfSalloc ? call.args : [...call.args.slice(0, call.args.length - rest.length), ...rest.slice(0, 1)],
  );
  refuseUnknown(options, known, program);
  const folders = inFront.flatMap((each) => (CD.has(each.program) ? [folderOf(each)] : []));
  const batch = { folders, isOfSalloc, known, inPlace: placing(levels) };
  const calling = callOf(inFront, levels);
  if (isOfSalloc)
    return { options, call: calling, batch: { ...batch, script: [], wrap: commandOfSalloc(options, rest, levels) } };
  const wrap = options.findLast(({ name }) => name === 'wrap')?.value ?? null;
  if (wrap === null && rest.length === 0)
    throw new Error(
      'sbatch is given no script (one that comes by its standard input is gone after the first job); name a file, or use --wrap',
    );
  return { options, call: calling, batch: { ...batch, script: wrap === null ? rest : [], wrap } };
}

const isSubmission = ({ program }: Call) => program === 'sbatch' || program === 'salloc';

function refusePlace(call: Call): void {
  const { program, place } = call;
  if (!isSubmission(call))
    throw new Error(
      `sbatch is called through ${program}; the launch command must be the call of sbatch itself, on a host from which jobs are submitted (start autoresearch there)`,
    );
  if (place !== 'plain')
    throw new Error(
      `${program} stands in ${place}; the launch command must be the call of ${program} itself: autoresearch submits the job, waits for it and reads its output`,
    );
}

function levelsOf(call: Call, text: string): Level[] {
  const { within } = call;
  if (within === undefined) return [{ call, text }];
  return [...levelsOf(within, text), { call, text: shellTextOf(within)!.value }];
}

/** What stands around a call and cannot be kept. */
function refuseAround({ call, text }: Level, mayGoOn: boolean): void {
  const { program, args, end, through, environment } = call;
  const user = through.find((name) => name === 'sudo' || name === 'doas');
  if (user !== undefined)
    throw new Error(`sbatch is called through ${user}; jobs are submitted by the user of autoresearch`);
  const [odd] = environment.flatMap(({ value }, at) =>
    value.startsWith('-') && !/^(?:-u.*|--unset(?:=.*)?|--)$/.test(value) && environment[at - 1]?.value !== '-u'
      ? [value]
      : [],
  );
  if (odd !== undefined)
    throw new Error(
      `env ${odd} stands in front of ${program}; leave it out, and set the environment where autoresearch is started`,
    );
  const inner = isSubmission(call) ? undefined : shellTextOf(call);
  if (inner !== undefined && inner !== args.at(-1))
    throw new Error(`words stand behind the text of ${program} -c; write them into the text`);
  const behind = text.slice(end).replace(/^[\s;]+/, '');
  if (mayGoOn || behind === '' || behind.startsWith('#')) return;
  throw new Error(
    `what stands behind sbatch (${JSON.stringify(behind.slice(0, 80))}) cannot run: the job is submitted by autoresearch, which also waits for it; leave it out`,
  );
}

/** What is called before it in the same text, for certain. */
function plainBefore(calls: readonly Call[], { call }: Level): Call[] {
  return calls.slice(0, calls.indexOf(call)).filter(({ within, place }) => within === call.within && place === 'plain');
}

function folderOf({ program, args }: Call): string {
  const folder = args.find(({ value }) => !/^-[LPe@-]*$/.test(value) || value === '-');
  if (folder === undefined) return '~';
  if (
    folder.value === '-' ||
    folder.specials.some((special) => /^(?:\$\(|`|\$\{\w+[^\w}])/.test(special)) ||
    /\$\(|`/.test(folder.value)
  )
    throw new Error(
      `it is not known where ${program} ${folder.raw} leads before the job is submitted: write the folder itself`,
    );
  return folder.value;
}

/** How sbatch is called: behind the variables that are set before it, with those that it alone is given. */
function callOf(inFront: readonly Call[], levels: readonly Level[]): string {
  const set = inFront.flatMap((call) => assigning(call));
  const own = levels.flatMap(({ call: { environment } }) => environment);
  const at = own.findIndex(({ value }) => !isAssignment(value));
  const [plain, byEnv] = at < 0 ? [own, []] : [own.slice(0, at), own.slice(at)];
  return [...set, ...plain.map(({ raw }) => raw), 'exec', ...byEnv.map(({ raw }) => raw), 'sbatch'].join(' ');
}

/** The text by which a simple command sets variables, with its end. */
function assigning({ program, environment, own, args }: Call): string[] {
  if (program === '') return environment.map(({ raw }) => `${raw};`);
  const isSetting = program === 'export' && args.every(({ value }) => isAssignment(value) || /^\w+$/.test(value));
  return isSetting ? [`${[own, ...args].map(({ raw }) => raw).join(' ')};`] : [];
}

/** Of a call whose shells are `levels`: what stands in front of it, with another command in its place. */
function placing(levels: readonly Level[]): Batch['inPlace'] {
  const [{ call, text }, ...inner] = levels as [Level, ...Level[]];
  const front = text.slice(0, call.first.at);
  const environment = call.environment.map(({ raw }) => `${raw} `).join('');
  if (inner.length === 0) return (run, before) => `${front}${before}${environment}${run}`;
  const place = placing(inner);
  const shell = text.slice(call.own.at, shellTextOf(call)!.at);
  return (run, before) => `${front}${environment}${shell}${singleQuoted(place(run, before))}`;
}

function commandOfSalloc(options: readonly SlurmOption[], rest: readonly Word[], levels: readonly Level[]): string {
  const [first] = rest as readonly Partial<ShellWord>[];
  if (options.some(({ name }) => name === 'no-shell') || first?.at === undefined)
    throw new Error('salloc is given no command; name what runs in its allocation (salloc -N 1 srun python train.py)');
  return levels.at(-1)!.text.slice(first.at);
}
