/**
 * A launch command that may call sbatch or srun: what of it is for the scheduler, and what runs on the job's host.
 * `sbatch` is taken apart (this program submits by itself); `srun` stays what runs, within an allocation by its
 * options; any other command runs as it is.
 */
import { isComment, type ShellToken, type ShellWord, shellTokens } from '../../../domain/command/shell-tokens.js';
import { type SlurmOption, splitOptions, type Word } from './slurm-options.js';

export interface SlurmCommand {
  /** Of sbatch, or of the first srun. */
  options: readonly SlurmOption[];
  /** Assignments in front of sbatch, which it reads its own variables from; text for a shell. */
  assignments: string;
  /** Null: the launch command is what runs. */
  batch: Batch | null;
}

export interface Batch {
  /** What stands before sbatch in the text. */
  before: string;
  /** Where it is called: directories of the `cd` before it, relative to each other. */
  folders: readonly string[];
  /** The script and its arguments; none with --wrap. */
  script: readonly Word[];
  /** The command of --wrap. */
  wrap: string | null;
}

const WRAPPERS = new Set(['exec', 'env', 'nice', 'time', 'command', 'nohup']);
const REDIRECTION = /^(?:[<>]|&>)/;
const OPENS_SUBSTITUTION = /^(?:[$<>]\(|`)$/;

/** An Error says, for a person, why no job can be made of it. */
export function readSlurmCommand(text: string): SlurmCommand {
  const commands = simpleCommands(text);
  const calls = commands.map(callOf);
  const [at, second] = calls.flatMap((call, index) => (call?.program === 'sbatch' ? [index] : []));
  if (at === undefined) {
    const srun = calls.find((call) => call?.program === 'srun');
    return {
      options: srun === undefined ? [] : splitOptions('srun', srun!.args).options,
      assignments: '',
      batch: null,
    };
  }
  if (second !== undefined) throw new Error('the launch command calls sbatch twice; an experiment is one job');
  const { args, own, assignments } = calls[at]!;
  const { inSubstitution, end } = commands[at]!;
  if (inSubstitution)
    throw new Error('sbatch stands in a substitution; the launch command must be the call of sbatch itself');
  const behind = text.slice(end).replace(/^[\s;]+/, '');
  if (behind !== '' && !behind.startsWith('#'))
    throw new Error(
      `what stands behind sbatch (${JSON.stringify(behind.slice(0, 80))}) cannot run: the job is submitted by autoresearch, which also waits for it; leave it out`,
    );
  const { options, rest } = splitOptions('sbatch', args);
  const wrap = options.findLast(({ name }) => name === 'wrap')?.value ?? null;
  if (wrap === null && rest.length === 0)
    throw new Error(
      'sbatch is given no script (one that comes by its standard input is gone after the first job); name a file, or use --wrap',
    );
  const folders = calls.slice(0, at).flatMap((call) => (call?.program === 'cd' ? [call.args[0]?.value ?? '~'] : []));
  const before = text.slice(0, own.at);
  return { options, assignments, batch: { before, folders, script: wrap === null ? rest : [], wrap } };
}

interface SimpleCommand {
  words: ShellWord[];
  inSubstitution: boolean;
  /** Where it ends in the text, its redirections included. */
  end: number;
}

function simpleCommands(text: string): SimpleCommand[] {
  const commands: SimpleCommand[] = [];
  let words: ShellWord[] = [];
  let isTarget = false;
  let depth = 0;
  let end = 0;
  const close = () => {
    if (words.length > 0) commands.push({ words, inSubstitution: depth > 0, end });
    words = [];
    isTarget = false;
  };
  for (const token of shellTokens(text).tokens) {
    if (token.kind === 'word') {
      if (!isTarget && !isComment(token)) words.push(token);
      if (!isComment(token)) end = token.end;
      isTarget = false;
    } else if (REDIRECTION.test(token.raw) && !token.raw.endsWith('(')) {
      dropDescriptor(words, token);
      isTarget = true;
      end = token.end;
    } else {
      close();
      if (OPENS_SUBSTITUTION.test(token.raw) && !(token.raw === '`' && depth > 0)) depth++;
      else if (token.raw === ')' || token.raw === '`') depth = Math.max(0, depth - 1);
      end = token.end;
    }
  }
  close();
  return commands;
}

/** The 2 of `2>`. */
function dropDescriptor(words: ShellWord[], operator: ShellToken): void {
  const last = words.at(-1);
  if (last?.end === operator.at && /^\d+$/.test(last.raw)) words.pop();
}

function callOf({ words }: SimpleCommand) {
  const at = words.findIndex(({ value }) => !isInFront(value));
  const own = words[at];
  if (own === undefined) return null;
  const assignments = words.slice(0, at).flatMap(({ raw }) => (isAssignment(raw) ? [raw] : []));
  return {
    program: own.value.split('/').at(-1)!,
    own,
    args: words.slice(at + 1),
    assignments: assignments.join(' '),
  };
}

const isAssignment = (word: string) => /^[A-Za-z_]\w*=/.test(word);
const isInFront = (word: string) => isAssignment(word) || WRAPPERS.has(word.split('/').at(-1)!);
