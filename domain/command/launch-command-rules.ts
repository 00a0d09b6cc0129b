/**
 * What a proposed launch command may change: flags of the script and their values, as plain text. The base command is
 * its owner's and may be any shell text; whatever the shell would not take literally must stand in it already.
 */
import { isFlag } from './launch-command.js';
import { type ShellToken, type ShellWord, shellTokens } from './shell-tokens.js';

/** Far above any real command; an argument list of the system holds no single string above 128 KiB. */
const LENGTH_LIMIT = 8192;
const SCRIPT = /\.(?:py|pyw|pyc|sh|bash)$/;
/** `python -m module`, `bash -lc 'text'`: what comes next is what runs. */
const CODE_FLAG = /^-[A-Za-z]*[cm]$/;
/** Programs that give their arguments to another shell, which would read quoted text as commands. */
const SECOND_SHELL = /^(?:ssh|rsh|pdsh|mosh|eval|su|xargs|parallel|watch|script|expect)$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DASHES = /[^\P{Pd}-]|\u2212/u;
const UNQUOTED_TEXT = /^[\p{L}\p{N}_@%+=:,./-]*$/u;

/**
 * Why a proposed command may not be run, or null: only flags of the script and their values may differ from the base.
 */
export function launchCommandProblem(proposed: string, base: string): string | null {
  if (trimmed(proposed) === trimmed(base)) return null;
  const limit = Math.max(LENGTH_LIMIT, 2 * base.length);
  if (proposed.length > limit) return `launch_command has ${proposed.length} characters; at most ${limit} are taken`;
  const ours = shellTokens(trimmed(proposed));
  if (ours.problem !== null) return `launch_command cannot be read: ${ours.problem}`;
  const theirs = shellTokens(trimmed(base));
  if (theirs.problem !== null)
    return `launch_command must be the base command: that one cannot be compared (${theirs.problem})`;
  const operators = operatorsOf(ours.tokens);
  if (operators.join('\0') !== operatorsOf(theirs.tokens).join('\0')) {
    return `launch_command has shell operators (${operators.join(' ')}) that the base command does not have, or lacks some of it`;
  }
  const known = new Set(theirs.tokens.map(({ raw }) => raw));
  const strange = ours.tokens.find((token) => token.kind === 'word' && !known.has(token.raw) && !isPlain(token));
  if (strange?.kind === 'word') return expansionProblem(strange);
  const before = segmentsOf(theirs.tokens);
  for (const [index, segment] of segmentsOf(ours.tokens).entries()) {
    const problem = segmentProblem(segment, before[index] ?? { words: [], depth: 0 }, before);
    if (problem !== null) return problem;
  }
  return null;
}

/** Without the blanks that the shell does not see, and no others. */
function trimmed(command: string): string {
  return command.replace(/^[ \t\n]+|[ \t\n]+$/g, '');
}

function operatorsOf(tokens: readonly ShellToken[]): string[] {
  return tokens.flatMap((token) => (token.kind === 'operator' ? [token.raw] : []));
}

function isPlain(word: ShellWord): boolean {
  return word.specials.length === 0 && !DASHES.test(word.value);
}

function expansionProblem({ raw, value, specials }: ShellWord): string {
  const shown = JSON.stringify(raw.slice(0, 100));
  return DASHES.test(value)
    ? `launch_command: ${shown} contains a dash that is not "-"`
    : `launch_command: the shell would expand ${JSON.stringify(specials[0])} in ${shown}; write values as plain text, or in single quotes`;
}

interface Segment {
  words: ShellWord[];
  /** How many substitutions or subshells it stands in. */
  depth: number;
}

/** The words between operators. A backquote both opens and closes. */
function segmentsOf(tokens: readonly ShellToken[]): Segment[] {
  const segments: Segment[] = [{ words: [], depth: 0 }];
  let depth = 0;
  let inBackquotes = false;
  for (const token of tokens) {
    if (token.kind === 'word') {
      segments.at(-1)?.words.push(token);
      continue;
    }
    if (token.raw.endsWith('(')) depth += 1;
    if (token.raw === ')') depth -= 1;
    if (token.raw === '`') {
      inBackquotes = !inBackquotes;
      depth += inBackquotes ? 1 : -1;
    }
    segments.push({ words: [], depth });
  }
  return segments;
}

function segmentProblem(ours: Segment, theirs: Segment, all: readonly Segment[]): string | null {
  const [words, base] = [ours.words.map(({ raw }) => raw), theirs.words.map(({ raw }) => raw)];
  if (words.join('\0') === base.join('\0')) return null;
  const hasScript = all.some((segment) => segment.depth === 0 && scriptAt(segment.words) >= 0);
  const isOpen =
    theirs.depth === 0 && (scriptAt(theirs.words) >= 0 || (!hasScript && base.some(isFlag)) || all.length === 1);
  if (!isOpen) return mustStay(base, words);
  const headEnd = headLength(theirs.words);
  return (
    headProblem(ours.words.slice(0, headEnd), theirs.words.slice(0, headEnd), scriptAt(theirs.words)) ??
    argumentProblem(ours.words.slice(headEnd), theirs.words.slice(headEnd)) ??
    secondShellProblem(ours.words, theirs.words)
  );
}

function mustStay(base: readonly string[], words: readonly string[]): string {
  return `launch_command must keep ${JSON.stringify(base.join(' '))} as it is, not ${JSON.stringify(words.join(' ').slice(0, 200))}: only flags of the script and their values may change`;
}

/** Index of the script's word, or of the module or code that runs in its place; -1 when none is named. */
function scriptAt(words: readonly ShellWord[]): number {
  const script = words.findIndex(({ value }) => SCRIPT.test(value) && !isFlag(value));
  if (script >= 0) return script;
  const flag = words.findIndex(({ value }) => CODE_FLAG.test(value));
  return flag >= 0 && flag + 1 < words.length ? flag + 1 : -1;
}

/** Program, its launcher's words, the script, and the words before the script's first flag. */
function headLength(words: readonly ShellWord[]): number {
  const from = scriptAt(words) + 1;
  const flag = words.slice(from).findIndex(({ value }) => isFlag(value));
  return flag < 0 ? words.length : from + flag;
}

/**
 * Before the script only numbers may change: a launcher's other flags decide what runs. Behind it a configuration's
 * keys are as free as flags: `loader.workers=4`.
 */
function headProblem(ours: readonly ShellWord[], theirs: readonly ShellWord[], script: number): string | null {
  const isSame = theirs.every(({ raw, value }, index) => {
    const own = ours[index];
    if (raw === own?.raw || isNumberChange(own?.raw ?? '', raw)) return true;
    return script >= 0 && index > script && own !== undefined && KEY.test(value) && ofKey(own.value) === ofKey(value);
  });
  if (isSame) return null;
  return `launch_command must start with ${JSON.stringify(textOf(theirs))}, not ${JSON.stringify(textOf(ours).slice(0, 200))}: only flags of the script and their values may change`;
}

function textOf(words: readonly ShellWord[]): string {
  return words.map(({ raw }) => raw).join(' ');
}

function isNumberChange(ours: string, theirs: string): boolean {
  const [, name = '', value = ''] = /^(--?[A-Za-z][\w-]*=)?(.*)$/s.exec(theirs) ?? [];
  return NUMBER.test(value) && ours.startsWith(name) && NUMBER.test(ours.slice(name.length));
}

/** `a.b=4`, also after Hydra's plus signs. */
const KEY = /^(\+{0,2}[A-Za-z_][\w./@-]*=)[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A configuration's key without its number; any other word as it is. */
function ofKey(value: string): string {
  return KEY.exec(value)?.[1] ?? value;
}

interface Arguments {
  /** Words that cannot be the one value of the flag before them, unless they are numbers: they may be positional. */
  positional: string[];
  /** From `--` on nothing is a flag. */
  tail: string[];
}

function argumentsOf(words: readonly ShellWord[]): Arguments {
  const end = words.findIndex(({ value }) => value === '--');
  const tail = end < 0 ? [] : words.slice(end).map(({ raw }) => raw);
  const positional: string[] = [];
  let takesValue = false;
  for (const { raw, value } of end < 0 ? words : words.slice(0, end)) {
    if (isFlag(value)) takesValue = !value.includes('=');
    else if (takesValue && !SCRIPT.test(value)) takesValue = false;
    else if (!NUMBER.test(value)) positional.push(KEY.test(value) ? ofKey(value) : raw);
  }
  return { positional, tail };
}

function argumentProblem(ours: readonly ShellWord[], theirs: readonly ShellWord[]): string | null {
  const [now, before] = [argumentsOf(ours), argumentsOf(theirs)];
  if (now.positional.join('\0') !== before.positional.join('\0')) {
    const added = now.positional.find((word) => !before.positional.includes(word));
    return added === undefined
      ? `launch_command must keep the words ${JSON.stringify(before.positional.join(' '))}: only flags and their values may change`
      : `launch_command has the word ${JSON.stringify(added.slice(0, 100))}, which belongs to no flag: only flags and their values may change`;
  }
  if (now.tail.join('\0') !== before.tail.join('\0')) return mustStay(before.tail, now.tail);
  return null;
}

function secondShellProblem(ours: readonly ShellWord[], theirs: readonly ShellWord[]): string | null {
  const shell = theirs.find(({ value }) => SECOND_SHELL.test(value.slice(value.lastIndexOf('/') + 1)));
  if (!shell) return null;
  const known = new Set(theirs.map(({ raw }) => raw));
  const strange = ours.find(({ raw, value }) => !known.has(raw) && !UNQUOTED_TEXT.test(value));
  if (!strange) return null;
  return `launch_command: ${shell.value} gives ${JSON.stringify(strange.raw.slice(0, 100))} to another shell; use letters, digits and _@%+=:,./- only`;
}
