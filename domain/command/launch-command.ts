/** Launch commands as data: words, flags and their values. Not a shell: quotes are understood, expansions are left as text. */

export interface LaunchCommand {
  /** Program, script and other words before the first flag. */
  head: string[];
  /** Flag name in its normal form (`--a-b`) to its values joined by a space; '' for a bare flag. */
  flags: Map<string, string>;
}

/** Splits into words; a quoted part belongs to its word, without its quotes. */
export function shellWords(command: string): string[] {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < command.length; i += 1) {
    const char = command[i]!;
    if (quote) {
      if (char === quote) quote = null;
      else if (char === '\\' && quote === '"' && i + 1 < command.length) word += command[++i];
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      inWord = true;
    } else if (char === '\\' && i + 1 < command.length) {
      i += 1;
      if (command[i] !== '\n') {
        word += command[i];
        inWord = true;
      }
    } else if (/\s/.test(char)) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      word += char;
      inWord = true;
    }
  }
  if (inWord) words.push(word);
  return words;
}

/** `-5`, `-0.1`, `-1e-3` are values. */
export function isFlag(word: string): boolean {
  return /^-{1,2}[A-Za-z]/.test(word);
}

export function normalFlag(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

export function parseLaunchCommand(command: string): LaunchCommand {
  const head: string[] = [];
  const flags = new Map<string, string>();
  let current: string | null = null;
  for (const word of shellWords(command)) {
    if (isFlag(word)) {
      const equals = word.indexOf('=');
      current = normalFlag(equals < 0 ? word : word.slice(0, equals));
      flags.set(current, equals < 0 ? '' : word.slice(equals + 1));
      if (equals >= 0) current = null;
    } else if (current !== null) {
      const before = flags.get(current);
      flags.set(current, before ? `${before} ${word}` : word);
    } else {
      head.push(word);
    }
  }
  return { head, flags };
}

/** Flags of `command` that differ from those of `base`: `--flag=value`, `--flag` when bare, `removed --flag`. */
export function differingFlags(command: string, base: string): string[] {
  const ours = parseLaunchCommand(command).flags;
  const theirs = parseLaunchCommand(base).flags;
  const changed = [...ours]
    .filter(([name, value]) => theirs.get(name) !== value)
    .map(([name, value]) => (value ? `${name}=${value}` : name));
  const removed = [...theirs.keys()].filter((name) => !ours.has(name)).map((name) => `removed ${name}`);
  return [...changed, ...removed];
}
