/** Variables in what sbatch is given: what they are before a job is submitted, and which are not known by then. */
import type { Call } from '../../../domain/command/called-programs.js';
import type { ShellWord } from '../../../domain/command/shell-tokens.js';
import { shellWord } from '../../../domain/command/shell-word.js';
import { type SlurmOption, splitOptions, type Word } from './slurm-options.js';
import { isOurs } from './slurm-submission.js';

export interface Known {
  /** As far as they are known by themselves. */
  values: Readonly<Record<string, string>>;
  /** Names that have a value for whoever calls sbatch. */
  names: ReadonlySet<string>;
}

/** The engine gives these to every command, and a shell the last. */
const GIVEN = ['IMAGE', 'SOURCE_DIR', 'WORKDIR', 'NODE_ID', 'SOURCE_BUNDLE', 'PWD'];
const VARIABLE = /\$(?:(\w+)|\{(\w+)\})/g;

/** `inFront`: what is called before sbatch, in order, of which some set variables. */
export function knownFrom(inFront: readonly Call[], env: Readonly<Record<string, string>>): Known {
  const values: Record<string, string> = { ...env };
  const names = new Set([...Object.keys(env), ...GIVEN]);
  for (const { program, environment, args } of inFront) {
    if (program !== '' && program !== 'export') continue;
    for (const word of program === '' ? environment : args) {
      const [, name = '', value = ''] = /^(\w+)=(.*)$/s.exec(word.value) ?? [];
      if (name === '') continue;
      names.add(name);
      const known = knownValue({ ...word, value }, values);
      if (known === null) delete values[name];
      else values[name] = known;
    }
  }
  return { values, names };
}

/** The value of a word; null where it is not known. */
export function knownValue(
  { value, specials = [] }: Pick<Word, 'value'> & { specials?: readonly string[] },
  values: Readonly<Record<string, string>>,
): string | null {
  if (/\$\(|`|\$\{\w+[^\w}]/.test(value) && specials.length > 0) return null;
  let isKnown = true;
  const home = value.replace(/^~(?=\/|$)/, values.HOME ?? '~');
  const text = home.replaceAll(VARIABLE, (_, plain, braced) => {
    const found = values[plain ?? braced];
    if (found === undefined) isKnown = false;
    return found ?? '';
  });
  return isKnown ? text : null;
}

/** With the words that a variable between options stands for: `sbatch $OPTS train.sh`. */
export function withVariables(program: 'sbatch' | 'salloc', words: readonly ShellWord[], { values }: Known): Word[] {
  let found: Word[] = [...words];
  // Each round takes one away; a value that names a variable is text to a shell.
  for (let rounds = 0; rounds < words.length; rounds += 1) {
    const { rest } = splitOptions(program, found);
    const [first] = rest;
    const name = /^\$(?:(\w+)|\{(\w+)\})$/.exec(first?.raw ?? '');
    const value = name === null ? undefined : values[(name[1] ?? name[2])!];
    if (name !== null && value === undefined)
      throw new Error(
        `what ${first!.raw} stands for is not known before ${program} is called: write its options themselves, or set it where autoresearch is started`,
      );
    if (first === undefined || value === undefined) return found;
    const at = found.indexOf(first);
    // A shell that splits a value takes its quotes as they are.
    const split = value
      .split(/\s+/)
      .flatMap((word) => word || [])
      .map((word) => ({ raw: shellWord(word), value: word }));
    found = [...found.slice(0, at), ...split, ...found.slice(at + 1)];
  }
  return found;
}

/** Refuses an option with a variable that nobody has set when it is called; one that is not passed on may have any. */
export function refuseUnknown(options: readonly SlurmOption[], { names }: Known, program: string): void {
  for (const { raw } of options.filter(({ name }) => !isOurs(name))) {
    for (const [whole, plain, braced] of raw.replace(/'[^']*'|\\./g, '').matchAll(VARIABLE)) {
      if (names.has((plain ?? braced)!)) continue;
      throw new Error(
        `${whole} in ${raw} has no value where ${program} is called: set it where autoresearch is started, or write the value itself`,
      );
    }
  }
}
