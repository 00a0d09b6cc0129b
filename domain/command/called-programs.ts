/**
 * The programs that a shell text calls, wherever they stand in it: behind assignments, keywords and programs that start
 * another one, in substitutions, and in the text of `bash -c`. What the values of variables are is not known here.
 */
import { isComment, type ShellToken, type ShellWord, shellTokens } from './shell-tokens.js';
import { behindWrappers } from './wrapping-programs.js';

export interface Call {
  /** Without its folder; '' where assignments stand alone. */
  program: string;
  own: ShellWord;
  args: readonly ShellWord[];
  /** Assignments in front of it, and `env` with its options, in order. */
  environment: readonly ShellWord[];
  /** Programs that start it, by their names: `nice`, `timeout`. */
  through: readonly string[];
  /** The first word of its simple command, keywords left out. */
  first: ShellWord;
  /** Where its simple command ends in its text, redirections included. */
  end: number;
  /** Whether it runs once, where it stands; else in what. */
  place: 'plain' | 'a substitution' | 'a condition, loop or group';
  /** The shell whose `-c` text it stands in, in which its places count; absent in the text itself. */
  within?: Call;
}

const REDIRECTION = /^(?:[<>]|&>)/;
const OPENS_SUBSTITUTION = /^[$<>]\($/;
const OPENING = new Set(['if', 'while', 'until', 'for', 'select', 'case', '{']);
const CLOSING = new Set(['fi', 'done', 'esac', '}']);
/** What may stand in front of a command. */
const KEYWORDS = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '{', '!', 'fi', 'done', 'esac', '}']);
const SHELLS = /^(?:ba|da|k|z|a)?sh$/;
/** `-c`, `-lc`, `-euxc`. */
const TEXT_FOLLOWS = /^-[A-Za-z]*c[A-Za-z]*$/;

/** In the order in which they stand there, those of a `-c` text behind its shell. */
export function calledPrograms(text: string): Call[] {
  return new Reader().read(text);
}

/** The word of a call of a shell that is the text for `-c`; undefined for what is none. */
export function shellTextOf({ program, args }: Pick<Call, 'program' | 'args'>): ShellWord | undefined {
  if (program === 'eval') return args.length === 1 ? args[0] : undefined;
  if (!SHELLS.test(program)) return undefined;
  const at = args.findIndex(({ value }) => !/^[-+]/.test(value) || TEXT_FOLLOWS.test(value));
  return TEXT_FOLLOWS.test(args[at]?.value ?? '') ? args[at + 1] : undefined;
}

class Reader {
  private readonly calls: Call[] = [];
  private words: ShellWord[] = [];
  /** What is open: the operator, or the keyword, that opened it. */
  private readonly open: string[] = [];
  private end = 0;

  constructor(private readonly within?: Call) {}

  read(text: string): Call[] {
    let isTarget = false;
    for (const token of shellTokens(text).tokens) {
      if (token.kind === 'word') {
        if (isComment(token)) continue;
        this.readSubstitutions(token);
        if (!isTarget) this.words.push(token);
        this.end = token.end;
        isTarget = false;
      } else if (REDIRECTION.test(token.raw) && !token.raw.endsWith('(')) {
        this.dropDescriptor(token);
        isTarget = true;
        this.end = token.end;
      } else {
        this.close(token);
        this.readOperator(token.raw);
        isTarget = false;
        this.end = token.end;
      }
    }
    this.close();
    return this.calls;
  }

  private readOperator(sign: string): void {
    const last = this.open.at(-1) ?? '';
    // Behind the pattern of a `case` nothing ends.
    if (sign === ')') {
      if (last.endsWith('(')) this.open.pop();
    } else if (sign === '`' && last === '`') this.open.pop();
    else if (OPENS_SUBSTITUTION.test(sign) || sign === '(' || sign === '`') this.open.push(sign);
  }

  /** The 2 of `2>`. */
  private dropDescriptor(operator: ShellToken): void {
    const last = this.words.at(-1);
    if (last?.end === operator.at && /^\d+$/.test(last.raw)) this.words.pop();
  }

  /** Those between double quotes; others are operators. */
  private readSubstitutions(word: ShellWord): void {
    if (!word.raw.includes('"') || !word.specials.some((special) => /^(?:\$\(|`)/.test(special))) return;
    const found = new Reader(this.within).read(word.value);
    this.calls.push(...found.filter(({ place }) => place === 'a substitution'));
  }

  /** `by`: the operator that ends it; the substitution of `A=$(b) c` ends nothing. */
  private close(by?: ShellToken): void {
    let words = this.words;
    this.words = [];
    for (let [first] = words; first !== undefined && isKeyword(first); [first] = words) {
      if (OPENING.has(first.value)) this.open.push(first.value);
      else if (CLOSING.has(first.value)) this.open.pop();
      words = words.slice(1);
    }
    const [first] = words;
    if (first === undefined) return;
    // `for x in …` and `case x in` call nothing.
    if (OPENING.has(first.value) && first.raw === first.value) return void this.open.push(first.value);
    const { at, environment, through } = behindWrappers(words);
    const isValue =
      by !== undefined && words.at(-1)?.end === by.at && (OPENS_SUBSTITUTION.test(by.raw) || by.raw === '`');
    if (words[at] === undefined && isValue) return;
    const own = words[at] ?? first;
    const call: Call = {
      program: words[at] === undefined ? '' : own.value.split('/').at(-1)!,
      own,
      args: words.slice(at + 1),
      environment,
      through,
      first,
      end: this.end,
      place: this.place(),
      ...(this.within === undefined ? {} : { within: this.within }),
    };
    this.calls.push(call);
    const inner = shellTextOf(call);
    if (inner !== undefined) this.calls.push(...new Reader(call).read(inner.value));
  }

  private place(): Call['place'] {
    const outer = this.within?.place ?? 'plain';
    if (outer === 'a substitution' || this.open.some((sign) => OPENS_SUBSTITUTION.test(sign) || sign === '`'))
      return 'a substitution';
    return outer === 'plain' && this.open.length === 0 ? 'plain' : 'a condition, loop or group';
  }
}

function isKeyword({ raw }: ShellWord): boolean {
  return KEYWORDS.has(raw);
}
