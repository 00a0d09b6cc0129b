/**
 * The words of a shell text, for what only reads it. The analyser's `command/shell_words.py` reads them alike: both are
 * held against test/fixtures/shell-words.json, and that against bash.
 */
import { isComment, type ShellToken, type ShellWord, shellTokens } from './shell-tokens.js';

const REDIRECTION = /^(?:[<>]|&>)/;
const FILE_DESCRIPTOR = /^\d+$/;

/** Words of each simple command, without redirections and comments; substitutions stay as they are written. */
export function shellCommands(text: string): string[][] {
  const commands: ShellWord[][] = [[]];
  let isTarget = false;
  for (const token of withSubstitutions(text)) {
    const words = commands.at(-1)!;
    const last = words.at(-1);
    if (token.kind === 'word') {
      if (!isTarget && !isComment(token)) words.push(token);
      isTarget = false;
    } else if (REDIRECTION.test(token.raw)) {
      isTarget = true;
      if (last?.end === token.at && FILE_DESCRIPTOR.test(last.raw)) words.pop();
    } else {
      commands.push([]);
      isTarget = false;
    }
  }
  return commands.filter((words) => words.length > 0).map((words) => words.map(({ value }) => value));
}

/** Words by blanks and quotes alone: an operator is text, as in a list of arguments that no shell will see. */
export function shellWords(text: string): string[] {
  const words: { value: string; end: number }[] = [];
  for (const token of shellTokens(text).tokens) {
    if (token.raw === '\n') continue;
    const value = token.kind === 'word' ? token.value : token.raw;
    const last = words.at(-1);
    if (last?.end === token.at) words[words.length - 1] = { value: last.value + value, end: token.end };
    else words.push({ value, end: token.end });
  }
  return words.map(({ value }) => value);
}

/** With `$(…)`, `<(…)` and backquotes as parts of the words that they stand in. */
function withSubstitutions(text: string): ShellToken[] {
  const found: ShellToken[] = [];
  const closings: string[] = [];
  let start = 0;
  const put = (word: ShellWord) => {
    const last = found.at(-1);
    if (last?.kind !== 'word' || last.end !== word.at) found.push({ ...word });
    else Object.assign(last, { raw: last.raw + word.raw, value: last.value + word.value, end: word.end });
  };
  const putWritten = (end: number) => {
    const raw = text.slice(start, end);
    put({ kind: 'word', raw, value: raw, specials: [raw], at: start, end });
  };
  for (const token of shellTokens(text).tokens) {
    const sign = token.kind === 'operator' ? token.raw : '';
    const begins = /^[$<>]\($|^`$/.test(sign) || (sign === '(' && closings.length > 0);
    if (closings.length > 0 && sign === closings.at(-1)) {
      closings.pop();
      if (closings.length === 0) putWritten(token.end);
    } else if (begins) {
      if (closings.length === 0) start = token.at;
      closings.push(sign === '`' ? sign : ')');
    } else if (closings.length === 0) {
      if (token.kind === 'word') put(token);
      else found.push(token);
    }
  }
  if (closings.length > 0) putWritten(text.length);
  return found;
}
