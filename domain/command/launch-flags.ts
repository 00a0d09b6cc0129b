/**
 * Changes one flag of a launch command and leaves every other character of it alone: `--workers 2`, `--workers=2`,
 * `-j2`, the keys of a configuration `a.b=2` and `A.B 2`.
 */
import { normalFlag } from './launch-command.js';

const FLAG = /(?<=(?:^|\s)["']?)(--?[A-Za-z][\w-]*)(=|\s+|$)/g;
/** A value, quoted or bare; another flag is none (a negative number is). */
const VALUE = /^(?:"[^"]*"|'[^']*'|(?!-{1,2}[A-Za-z])[^\s;|&<>"']+)/;
const OPERATOR = /\s*(?:\|\|?|&&?|;|[0-9]?>)/;
const WRAPPER = /\S+\.(?:sh|bash)(?=["'\s]|$)/;

/** Where a number stands in the command. */
interface Place {
  start: number;
  end: number;
  text: string;
  /** What is put between the flag and a value where it has none. */
  lead: string;
}

/**
 * `script` is the pipeline script's file name: a flag that the command does not have yet is put where the script's own
 * flags are, before any shell operator; a flag without dashes is a configuration's key. Each occurrence of a flag is
 * changed, because different programs take different ones.
 */
export function withFlag(command: string, flag: string, value: number, script: string): string {
  const places = placesOf(command, flag);
  if (places.length > 0) {
    return places.reduceRight(
      (result, { start, end, lead }) => `${result.slice(0, start)}${lead}${value}${result.slice(end)}`,
      command,
    );
  }
  const isKey = !flag.startsWith('-');
  const place = isKey ? endOfCommand(command, 0) : placeForFlag(command, script);
  const before = command.slice(0, place).trimEnd();
  const after = command.slice(place).trimStart();
  return [before, isKey ? `${flag}=${value}` : `${flag} ${value}`, after].filter((part) => part !== '').join(' ');
}

/** A command with those numbers of flags that differ between two others, as the first of them spells the flags. */
export function withOwnFlags(command: string, changed: string, from: string): string {
  const spelled = [...changed.matchAll(FLAG)].map(([, flag = '']) => flag);
  return spelled.reduce((result, flag) => {
    const value = flagNumber(changed, flag);
    const isOwn = value !== null && value !== flagNumber(from, flag);
    return isOwn ? withFlag(result, flag, value, scriptOf(changed)) : result;
  }, command);
}

/** The file name of the first Python script that a command names. */
function scriptOf(command: string): string {
  return /([\w.-]+\.py)(?=["'\s]|$)/.exec(command)?.[1] ?? '';
}

/** The number that the flag has in the command, the last one counting as in argparse; null when it has none. */
export function flagNumber(command: string, flag: string): number | null {
  const text = placesOf(command, flag)
    .at(-1)
    ?.text.replace(/^["']|["']$/g, '');
  const value = text ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

function placesOf(command: string, flag: string): Place[] {
  if (!flag.startsWith('-')) return placesOfKey(command, flag);
  const flags = command.slice(0, endOfFlags(command));
  const places = /^-[A-Za-z]$/.test(flag) ? [...placesOfFlag(flags, flag), ...attached(flags, flag)] : [];
  return (places.length > 0 ? places : placesOfFlag(flags, flag)).sort((a, b) => a.start - b.start);
}

/** From a `--` behind a script's own words on nothing is a flag. */
function endOfFlags(command: string): number {
  const end = /\.(?:py|sh|bash)["']?\s+(?!--\s)\S(?:.*\s)?(?=--\s)/s.exec(command);
  return end ? end.index + end[0].length : command.length;
}

function placesOfFlag(command: string, flag: string): Place[] {
  const isShort = flag.length === 2;
  return [...command.matchAll(FLAG)].flatMap((match) => {
    const [whole, name, separator] = match;
    // `-j` and `-J` are two; of long ones only spellings differ.
    if (isShort ? name !== flag : normalFlag(name!) !== normalFlag(flag)) return [];
    const start = match.index + whole.length;
    const text = VALUE.exec(command.slice(start))?.[0] ?? '';
    return [{ start, end: start + text.length, text, lead: separator === '' ? ' ' : '' }];
  });
}

/** `-j2`, also behind others that take no value: `-vj2`. */
function attached(command: string, flag: string): Place[] {
  const word = new RegExp(
    String.raw`(?<=(?:^|\s)["']?-[A-Za-z]*${flag[1]}=?)\d+(?:\.\d+)?(?=["']?(?:[\s;|&<>]|$))`,
    'g',
  );
  const known = new Set(placesOfFlag(command, flag).map(({ start }) => start));
  return [...command.matchAll(word)].flatMap(({ index, 0: text }) =>
    known.has(index) ? [] : [{ start: index, end: index + text.length, text, lead: '' }],
  );
}

/**
 * `train.loader.workers=4` as a word of its own, also in quotes and after Hydra's plus signs, or `LOADER.WORKERS 4` as
 * yacs has it.
 */
function placesOfKey(command: string, key: string): Place[] {
  const name = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const word = new RegExp(`(?<=(?:^|\\s)["']?\\+{0,2}${name}(?:=["']?|\\s+))[^\\s"';|&<>]+`, 'g');
  return [...command.matchAll(word)].map(({ index, 0: text }) => {
    return { start: index, end: index + text.length, text, lead: '' };
  });
}

function placeForFlag(command: string, script: string): number {
  const scriptAt = command.indexOf(script);
  const wrapper = scriptAt < 0 ? WRAPPER.exec(command) : null;
  const from = scriptAt >= 0 ? scriptAt + script.length : wrapper ? wrapper.index + wrapper[0].length : 0;
  const firstFlag = /\s--?[A-Za-z]/.exec(command.slice(from));
  const end = endOfCommand(command, from);
  // Before the script's first flag, so that the words ahead of it (and their meaning) stay as they are.
  const isNamed = scriptAt >= 0 || wrapper !== null;
  return isNamed && firstFlag && from + firstFlag.index < end ? from + firstFlag.index : end;
}

/** Before the first shell operator. */
function endOfCommand(command: string, from: number): number {
  const operator = OPERATOR.exec(command.slice(from));
  return operator ? from + operator.index : command.length;
}
