/** Changes one flag of a launch command and leaves every other character of it alone. */
import { normalFlag } from '../../domain/policies/launch-command.js';

const FLAG = /(^|\s)(--?[A-Za-z][\w-]*)(=|\s+|$)/g;
/** A value, quoted or bare; another flag is none (a negative number is). */
const VALUE = /^(?:"[^"]*"|'[^']*'|(?!-{1,2}[A-Za-z])[^\s;|&<>]+)/;
const OPERATOR = /\s*(?:\|\|?|&&?|;|[0-9]?>)/;

/**
 * `script` is the pipeline script's file name: a flag that the command does not have yet is put where the script's own
 * flags are, before any shell operator; a flag without dashes is a configuration's key (`a.b=4`). Each occurrence of a flag is changed, because different programs take different ones.
 */
export function withFlag(command: string, flag: string, value: number, script: string): string {
  if (!flag.startsWith('-')) return withOverride(command, flag, value);
  const wanted = normalFlag(flag);
  let result = '';
  let at = 0;
  let found = false;
  for (const match of command.matchAll(FLAG)) {
    const [whole, lead, name, separator] = match;
    if (normalFlag(name!) !== wanted) continue;
    const valueAt = match.index + whole.length;
    const old = VALUE.exec(command.slice(valueAt))?.[0] ?? '';
    result += `${command.slice(at, match.index)}${lead}${name}${separator === '' ? ' ' : separator}${value}`;
    at = valueAt + old.length;
    found = true;
  }
  if (found) return result + command.slice(at);
  const place = placeForFlag(command, script);
  const before = command.slice(0, place).trimEnd();
  const after = command.slice(place).trimStart();
  return [before, `${flag} ${value}`, after].filter((part) => part !== '').join(' ');
}

function placeForFlag(command: string, script: string): number {
  const scriptAt = command.indexOf(script);
  const from = scriptAt < 0 ? command.length : scriptAt + script.length;
  const rest = command.slice(from);
  const firstFlag = /\s--?[A-Za-z]/.exec(rest);
  const operator = OPERATOR.exec(rest);
  // Before the script's first flag, so that the words ahead of it (and their meaning) stay as they are.
  if (firstFlag && (!operator || firstFlag.index < operator.index)) return from + firstFlag.index;
  return operator ? from + operator.index : command.length;
}

/** `train.loader.workers=4` as a word of its own, also in quotes and after Hydra's plus signs: what overrides a configuration. */
function overridesOf(command: string, key: string): RegExpMatchArray[] {
  const word = new RegExp(
    `(?<=^|\\s)(["']?\\+{0,2}${key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}=["']?)([^\\s"';|&<>]+)`,
    'g',
  );
  return [...command.matchAll(word)];
}

/** A configuration's key in place of a flag: it is named without dashes, and its place in the command is where it stands. */
function withOverride(command: string, key: string, value: number): string {
  const found = overridesOf(command, key);
  if (found.length === 0) {
    const operator = OPERATOR.exec(command);
    const end = operator ? operator.index : command.length;
    return `${command.slice(0, end).trimEnd()} ${key}=${value}${operator ? ` ${command.slice(end).trimStart()}` : ''}`;
  }
  return found.reduceRight((result, { index, 0: whole, 1: lead }) => {
    return `${result.slice(0, index)}${lead}${value}${result.slice(index! + whole.length)}`;
  }, command);
}

/** The number that the flag has in the command, the last one counting as in argparse; null when it has none. */
export function flagNumber(command: string, flag: string): number | null {
  if (!flag.startsWith('-')) {
    const text = overridesOf(command, flag).at(-1)?.[2];
    return text !== undefined && Number.isFinite(Number(text)) ? Number(text) : null;
  }
  const wanted = normalFlag(flag);
  let last: number | null = null;
  for (const match of command.matchAll(FLAG)) {
    if (normalFlag(match[2]!) !== wanted) continue;
    const text = VALUE.exec(command.slice(match.index + match[0].length))?.[0]?.replace(/^["']|["']$/g, '');
    const value = text ? Number(text) : Number.NaN;
    last = Number.isFinite(value) ? value : null;
  }
  return last;
}
