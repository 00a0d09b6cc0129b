/** The flags of a launch command, and how those of two differ. */
import { shellCommands } from './shell-commands.js';

/** `-5`, `-0.1`, `-1e-3` are values. */
export function isFlag(word: string): boolean {
  return /^-{1,2}[A-Za-z]/.test(word);
}

export function normalFlag(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Each flag in its normal form (`--a-b`), with its values joined by a space; '' for a bare flag. */
export function flagsOf(command: string): Map<string, string> {
  const flags = new Map<string, string>();
  for (const words of shellCommands(command)) {
    let current: string | null = null;
    for (const word of words) {
      if (isFlag(word)) {
        const equals = word.indexOf('=');
        current = normalFlag(equals < 0 ? word : word.slice(0, equals));
        flags.set(current, equals < 0 ? '' : word.slice(equals + 1));
        if (equals >= 0) current = null;
      } else if (current !== null) {
        const before = flags.get(current);
        flags.set(current, before ? `${before} ${word}` : word);
      }
    }
  }
  return flags;
}

/** Flags of `command` that differ from those of `base`: `--flag=value`, `--flag` when bare, `removed --flag`. */
export function differingFlags(command: string, base: string): string[] {
  const ours = flagsOf(command);
  const theirs = flagsOf(base);
  const changed = [...ours]
    .filter(([name, value]) => theirs.get(name) !== value)
    .map(([name, value]) => (value ? `${name}=${value}` : name));
  const removed = [...theirs.keys()].filter((name) => !ours.has(name)).map((name) => `removed ${name}`);
  return [...changed, ...removed];
}
