/** The settings of a launch command, by flags and by keys of a configuration, and how those of two differ. */
import { shellCommands } from './shell-commands.js';
import { isAssignment } from './wrapping-programs.js';

/** `-5`, `-0.1`, `-1e-3` are values. */
export function isFlag(word: string): boolean {
  return /^-{1,2}[A-Za-z]/.test(word);
}

export function normalFlag(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** `loader.batch_size=64`, also after the plus signs of Hydra, and its `~loader.prefetch`, which takes a key away. */
const OVERRIDE = /^(?:\+{0,2}([A-Za-z_][\w./@-]*)=(.*)|(~[A-Za-z_][\w./@-]*)(?:=.*)?)$/s;
/** A key as yacs has it, whose value is the next word: `LOADER.BATCH_SIZE 64`. */
const YACS_KEY = /^[A-Z][A-Z0-9_]*(?:\.[A-Z][A-Z0-9_]*)+$/;

/**
 * Each flag in its normal form (`--a-b`), with its values joined by a space; '' for a bare flag. Also each key of a
 * configuration that a word of its own sets, by its name as it is written.
 */
export function flagsOf(command: string): Map<string, string> {
  const flags = new Map<string, string>();
  for (const all of shellCommands(command)) {
    const words = all.slice(
      Math.max(
        0,
        // What stands before a command is its environment.
        all.findIndex((word) => !isAssignment(word)),
      ),
    );
    let current: string | null = null;
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at]!;
      const set = overrideAt(words, at);
      if (isFlag(word)) {
        const equals = word.indexOf('=');
        current = normalFlag(equals < 0 ? word : word.slice(0, equals));
        flags.set(current, equals < 0 ? '' : word.slice(equals + 1));
        if (equals >= 0) current = null;
      } else if (set !== null) {
        flags.set(set.key, set.value);
        at += set.words - 1;
      } else if (current !== null) {
        const before = flags.get(current);
        flags.set(current, before ? `${before} ${word}` : word);
      }
    }
  }
  return flags;
}

function overrideAt(words: readonly string[], at: number): { key: string; value: string; words: number } | null {
  const [word = '', next] = words.slice(at);
  const [whole, key, value = '', gone] = OVERRIDE.exec(word) ?? [];
  if (whole !== undefined) return { key: key ?? gone!, value, words: 1 };
  const isPair = YACS_KEY.test(word) && next !== undefined && !isFlag(next) && !YACS_KEY.test(next);
  return isPair ? { key: word, value: next, words: 2 } : null;
}

/**
 * As a change set names it: a key without dashes is told apart from a number of the code, as the id of a knob does it.
 */
export function settingName(name: string): string {
  return isFlag(name) ? name : `flag:${name}`;
}

/** Settings of `command` that differ from those of `base`: `--flag=value`, `--flag` when bare, `removed --flag`. */
export function differingFlags(command: string, base: string): string[] {
  const ours = flagsOf(command);
  const theirs = flagsOf(base);
  const changed = [...ours]
    .filter(([name, value]) => theirs.get(name) !== value)
    .map(([name, value]) => (value ? `${settingName(name)}=${value}` : settingName(name)));
  const removed = [...theirs.keys()].filter((name) => !ours.has(name)).map((name) => `removed ${settingName(name)}`);
  return [...changed, ...removed];
}
