/**
 * A shell text as words and operators, with what the shell would expand in each word. It follows bash only as far as
 * it needs to say "this is plain text"; everything else it names, so that a policy can refuse it.
 */

interface Placed {
  /** As written, with its quotes. */
  raw: string;
  /** Where it stands in the text; `end` is behind it. */
  at: number;
  end: number;
}

export interface ShellWord extends Placed {
  kind: 'word';
  /** Without its quotes; expansions are left as they are written. */
  value: string;
  /** What the shell would not take literally, in order. */
  specials: string[];
}

/** A comment is a word that the shell does not take at all. */
export type ShellToken =
  | ShellWord
  /** An operator, a substitution's begin or end, or the end of a line. */
  | (Placed & { kind: 'operator' });

export interface Lexed {
  /** Also of a text with a problem: what is not closed ends with the text. */
  tokens: ShellToken[];
  /** Why nobody should rely on them. */
  problem: string | null;
}

/** The engine itself gives these to every command. */
const GIVEN_VARIABLE =
  /^\$(?:(?:IMAGE|SOURCE_DIR|WORKDIR|NODE_ID)(?![A-Za-z0-9_])|\{(?:IMAGE|SOURCE_DIR|WORKDIR|NODE_ID)\})/;
const OPERATOR = /^(?:[$<>]\(|\|\||&&|;;|&>>?|[<>]&|<<<|<<|>>|<>|>\||[|&;<>()`\n])/;
/** Unquoted characters that mean themselves, wherever they stand in a word. */
const PLAIN = /[\p{L}\p{N}_@%+=:,./-]/u;
const BLANK = /[ \t]/;
/** White space and signs that a reader does not see, or takes for another one. */
const UNSEEN = /[^\P{C}\n\t]|[^\P{Z} ]/u;

export function shellTokens(command: string): Lexed {
  const unseen = UNSEEN.exec(command)?.[0];
  let problem = unseen === undefined ? null : `it contains the character U+${hex(unseen)}, which cannot be seen`;
  const tokens: ShellToken[] = [];
  let word: ShellWord | null = null;
  let at = 0;
  const grow = (raw: string, value: string, specials: readonly string[] = []) => {
    word ??= { kind: 'word', raw: '', value: '', specials: [], at, end: at };
    word.raw += raw;
    word.value += value;
    word.specials.push(...specials);
    at += raw.length;
    word.end = at;
  };
  const end = () => {
    if (word) tokens.push(word);
    word = null;
  };
  while (at < command.length) {
    const rest = command.slice(at);
    const sign = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    const operator = OPERATOR.exec(rest)?.[0];
    const variable = GIVEN_VARIABLE.exec(rest)?.[0];
    if (BLANK.test(sign) || rest.startsWith('\\\n')) {
      if (BLANK.test(sign)) end();
      at += sign === '\\' ? 2 : 1;
      // What goes on behind the end of a line is the same word.
      if (word !== null) (word as ShellWord).end = at;
    } else if (variable !== undefined) {
      grow(variable, variable);
    } else if (operator !== undefined) {
      end();
      tokens.push({ kind: 'operator', raw: operator, at, end: at + operator.length });
      at += operator.length;
    } else if (sign === "'") {
      const close = rest.indexOf("'", 1);
      if (close < 0) problem ??= 'a single quote is not closed';
      const raw = close < 0 ? rest : rest.slice(0, close + 1);
      grow(raw, close < 0 ? raw.slice(1) : raw.slice(1, -1));
    } else if (sign === '"') {
      const quoted = doubleQuoted(rest);
      if (!quoted.closed) problem ??= 'a double quote is not closed';
      grow(quoted.raw, quoted.value, quoted.specials);
    } else if (sign === '#' && word === null) {
      const comment = /^[^\n]*/.exec(rest)?.[0] ?? sign;
      grow(comment, comment, [sign]);
    } else if (PLAIN.test(sign)) {
      grow(sign, sign);
    } else if (sign === '\\') {
      if (rest.length === 1) problem ??= 'it ends with a backslash';
      const raw = rest.slice(0, 2);
      grow(raw, raw.slice(1) || raw, [raw]);
    } else {
      const text = sign === '$' ? expansion(rest) : sign;
      grow(text, text, [text]);
    }
  }
  end();
  return { tokens, problem };
}

export function isComment(token: ShellToken): boolean {
  return token.kind === 'word' && token.raw.startsWith('#');
}

/** From an opening quote to its closing one, or to the end. */
function doubleQuoted(text: string) {
  const specials: string[] = [];
  let value = '';
  for (let at = 1; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (sign === '"') return { raw: text.slice(0, at + 1), value, specials, closed: true };
    const variable = GIVEN_VARIABLE.exec(text.slice(at))?.[0];
    if (variable !== undefined) {
      value += variable;
      at += variable.length - 1;
    } else if (sign === '\\') {
      const escaped = text.slice(at, at + 2);
      specials.push(escaped);
      // Before other signs a backslash means itself.
      value += escaped === '\\\n' ? '' : /^\\["$`\\]/.test(escaped) ? escaped.slice(1) : escaped;
      at += 1;
    } else if (sign === '$') {
      const whole = expansion(text.slice(at));
      specials.push(/^\$[({]?\w*\}?/.exec(whole)?.[0] ?? whole);
      value += whole;
      at += whole.length - 1;
    } else {
      if (/[`!]/.test(sign)) specials.push(sign);
      value += sign;
    }
  }
  return { raw: text, value, specials, closed: false };
}

/** `$NAME`, `${…}` or `$(…)` as it is written, or the dollar sign alone. */
function expansion(text: string): string {
  if (!/^\$[({]/.test(text)) return /^\$\w*/.exec(text)?.[0] ?? '$';
  const [opening, closing] = text[1] === '(' ? ['(', ')'] : ['{', '}'];
  let depth = 0;
  for (let at = 1; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '\\') at += 1;
    else if (sign === "'") at = Math.max(at, text.indexOf("'", at + 1));
    else if (sign === '"') at += doubleQuoted(text.slice(at)).raw.length - 1;
    else if (sign === opening) depth += 1;
    else if (sign === closing) depth -= 1;
    if (depth === 0) return text.slice(0, at + 1);
  }
  return text;
}

function hex(sign: string): string {
  return (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
