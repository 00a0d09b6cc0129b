/**
 * A shell command as words and operators, with what the shell would expand in each word. It follows bash only as far as
 * it needs to say "this is plain text"; everything else it names, so that a policy can refuse it.
 */

export type ShellToken =
  | {
      kind: 'word';
      /** As written, with its quotes. */
      raw: string;
      /** Without its quotes; expansions are left as text. */
      value: string;
      /** What the shell would not take literally, in order. */
      specials: string[];
    }
  /** An operator, a substitution's begin or end, or the end of a line. */
  | { kind: 'operator'; raw: string };

export type ShellWord = Extract<ShellToken, { kind: 'word' }>;

export type Lexed = { ok: true; tokens: ShellToken[] } | { ok: false; problem: string };

/** The engine itself gives these to every command. */
const GIVEN_VARIABLE =
  /^\$(?:(?:IMAGE|SOURCE_DIR|WORKDIR|NODE_ID)(?![A-Za-z0-9_])|\{(?:IMAGE|SOURCE_DIR|WORKDIR|NODE_ID)\})/;
const OPERATOR = /^(?:\$\(|\|\||&&|;;|<<<|<<|>>|[|&;<>()`\n])/;
/** Unquoted characters that mean themselves, wherever they stand in a word. */
const PLAIN = /[\p{L}\p{N}_@%+=:,./-]/u;
const BLANK = /[ \t]/;
/** White space and signs that a reader does not see, or takes for another one. */
const UNSEEN = /[^\P{C}\n\t]|[^\P{Z} ]/u;

export function shellTokens(command: string): Lexed {
  const unseen = UNSEEN.exec(command)?.[0];
  if (unseen !== undefined) {
    return { ok: false, problem: `it contains the character U+${hex(unseen)}, which cannot be seen` };
  }
  const tokens: ShellToken[] = [];
  let word: ShellWord | null = null;
  let at = 0;
  const grow = (text: string): ShellWord => {
    word ??= { kind: 'word', raw: '', value: '', specials: [] };
    word.raw += text;
    at += text.length;
    return word;
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
    } else if (variable !== undefined) {
      grow(variable).value += variable;
    } else if (operator !== undefined) {
      end();
      tokens.push({ kind: 'operator', raw: operator });
      at += operator.length;
    } else if (sign === "'") {
      const close = rest.indexOf("'", 1);
      if (close < 0) return { ok: false, problem: 'a single quote is not closed' };
      grow(rest.slice(0, close + 1)).value += rest.slice(1, close);
    } else if (sign === '"') {
      const quoted = doubleQuoted(rest);
      if (quoted === null) return { ok: false, problem: 'a double quote is not closed' };
      const grown = grow(quoted.raw);
      grown.value += quoted.value;
      grown.specials.push(...quoted.specials);
    } else if (PLAIN.test(sign)) {
      grow(sign).value += sign;
    } else {
      if (sign === '\\' && rest.length === 1) return { ok: false, problem: 'it ends with a backslash' };
      const text = sign === '\\' ? rest.slice(0, 2) : sign === '$' ? (/^\$\{?\w*\}?/.exec(rest)?.[0] ?? sign) : sign;
      const grown = grow(text);
      grown.value += sign === '\\' ? text.slice(1) : text;
      grown.specials.push(text);
    }
  }
  end();
  return { ok: true, tokens };
}

/** From an opening quote to its closing one; null when there is none. */
function doubleQuoted(text: string): { raw: string; value: string; specials: string[] } | null {
  const specials: string[] = [];
  let value = '';
  for (let at = 1; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (sign === '"') return { raw: text.slice(0, at + 1), value, specials };
    const variable = GIVEN_VARIABLE.exec(text.slice(at))?.[0];
    if (variable !== undefined) {
      value += variable;
      at += variable.length - 1;
    } else if (sign === '\\') {
      specials.push(text.slice(at, at + 2));
      value += text[at + 1] ?? '';
      at += 1;
    } else {
      if (/[$`!]/.test(sign)) specials.push(/^\$[({]?\w*/.exec(text.slice(at))?.[0] ?? sign);
      value += sign;
    }
  }
  return null;
}

function hex(sign: string): string {
  return (sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
