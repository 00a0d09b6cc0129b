/**
 * The exception that a failed job printed, read through what launchers put in front of each rank's lines. Of several
 * ranks it is that of the one that died first: the others die of its silence, and the launcher of all of them.
 */
import { spoken, withoutColours } from '../evidence/printed-line.js';

export interface PrintedError {
  type: string | null;
  text: string;
}

/** A message quotes no more of a line. */
export const QUOTE_LIMIT = 400;

const TRACEBACK = 'Traceback (most recent call last)';
const EXCEPTION_LINE = /^(?:[A-Za-z_][\w.]*\.)?([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Failure|Warning)?): ?(.*)$/;
const EXCEPTION_NAME = /^(?:[A-Za-z_][\w.]*\.)?([A-Z]\w*(?:Error|Exception|Exit|Interrupt|Failure))$/;
/** What torchrun raises where a rank of its own has died. */
const OF_LAUNCHER = new Set(['ChildFailedError']);
/** In its summary, below `Root Cause (first observed failure)`. */
const ROOT_CAUSE = /^\s*rank\s*:\s*(\d+) \(local_rank: \d+\)/;

/** The heading of what torchx prints of an app that failed. */
const STATUS = /^torchx \d{4}-\d\d-\d\d [\d:]+ ERROR\s+AppStatus:/;
const STATUS_MESSAGE = /^\s+(?:msg|structured[_ ]error[_ ]msg): (?!<NONE>\s*$)(.+)$/i;

interface Line {
  by: string | null;
  rank: number | null;
  text: string;
}

type Raised = PrintedError & { rank: number | null; at: number };

/**
 * The last exception of the last traceback, but of several ranks that of the first that died; without a traceback, the
 * last line that speaks of an error. Null where there is none.
 */
export function lastError(output: string): PrintedError | null {
  const lines = withoutStatus(output.split(/\r?\n/).map((line) => withoutColours(line))).map(
    (line): Line => spoken(line),
  );
  const raised = lines.flatMap((line, at) => (line.text.startsWith(TRACEBACK) ? (raisedAfter(lines, at) ?? []) : []));
  const own = raised.filter(({ type }) => type === null || !OF_LAUNCHER.has(type));
  const root = lines.findLast(({ text }) => ROOT_CAUSE.test(text));
  const rank = root === undefined ? null : Number(ROOT_CAUSE.exec(root.text)![1]);
  const ofRoot = rank === null ? undefined : (own.findLast((one) => one.rank === rank) ?? own.at(-1));
  const told = ofRoot ?? ofFirstRank(lines, own) ?? raised.at(-1) ?? syntaxError(lines) ?? spokenOf(lines);
  if (told === null) return null;
  return rank === null || told.type === null
    ? { type: told.type, text: told.text }
    : { type: told.type, text: `${told.text} (rank ${rank})` };
}

/** Without the table with which torchx ends, but for what it says there of the failure. */
function withoutStatus(lines: readonly string[]): string[] {
  let isOfTable = false;
  return lines.flatMap((line) => {
    isOfTable = STATUS.test(line) || (isOfTable && /^\s+\S/.test(line));
    if (!isOfTable) return [line];
    const told = STATUS_MESSAGE.exec(line)?.[1];
    return told === undefined ? [] : [`error: ${told}`];
  });
}

/** Of labelled tracebacks with which several ranks ended, the first; else the last of all. */
function ofFirstRank(lines: readonly Line[], own: readonly Raised[]): Raised | undefined {
  const last = own.at(-1);
  if (last === undefined || last.rank === null) return last;
  const trainedLast = new Map(lines.flatMap(({ rank, text }, at) => (/\bstep=\d/.test(text) ? [[rank, at]] : [])));
  // Whoever trained on after it has caught it.
  const ends = own.filter(({ rank, at }) => rank !== null && at > (trainedLast.get(rank) ?? -1));
  const ofEach = new Map(ends.map((one) => [one.rank, one]));
  return [...ofEach.values()].sort((a, b) => a.at - b.at)[0] ?? last;
}

/** The exception of the traceback that begins there, among the lines of the same rank. */
function raisedAfter(lines: readonly Line[], at: number): Raised | null {
  const { by, rank } = lines[at]!;
  for (const line of lines.slice(at + 1)) {
    if (line.by !== by) continue;
    const type = (EXCEPTION_LINE.exec(line.text) ?? EXCEPTION_NAME.exec(line.text))?.[1];
    if (type !== undefined) return { type, text: cut(line.text), rank, at };
  }
  return null;
}

/** In the script itself it comes without the heading of a traceback. */
function syntaxError(lines: readonly Line[]): Raised | null {
  const at = lines.findLastIndex(({ text }) => /^ {2}File ".*", line \d+/.test(text));
  return at < 0 ? null : raisedAfter(lines, at);
}

function spokenOf(lines: readonly Line[]): PrintedError | null {
  const said = lines.findLast(({ text }) => /\b(?:error|fatal|cannot|not found|no such file|invalid)\b/i.test(text));
  return said === undefined ? null : { type: null, text: cut(said.text.trim()) };
}

function cut(line: string): string {
  return line.length > QUOTE_LIMIT ? `${line.slice(0, QUOTE_LIMIT)}…` : line;
}
