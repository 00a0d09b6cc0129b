/**
 * Whether what a job printed ends with its death, whatever its exit code says: a pipe, `|| true` or a script's last
 * `echo` swallow the code of what died.
 *
 * Only the end counts. A traceback that was logged in the middle, with training or other words of the job after it, is
 * no failure; nor is what Python says of threads, destructors and exit handlers on its way out.
 */
import { spoken, withoutColours } from '../evidence/printed-line.js';

export interface FatalEnd {
  /** The exception's class, where a traceback names one. */
  type: string | null;
  text: string;
}

export interface PrintedEnds {
  stdout: string;
  stderr: string;
  /** Seconds by which stdout was written to after stderr; null where nobody knows. */
  stdoutOutlastsS: number | null;
}

/** What a process prints at its exit, it prints at once. */
const AT_ONCE_S = 0.25;
const TEXT_LIMIT = 400;

/** Null: it does not look so. */
export function fatalEnd({ stdout, stderr, stdoutOutlastsS }: PrintedEnds): FatalEnd | null {
  const ofStdout = endOf(stdout);
  if (ofStdout !== null) return ofStdout;
  const ofStderr = endOf(stderr);
  if (ofStderr === null || ofStderr.isHard) return ofStderr;
  // The two streams have no common order. Whoever goes on to print on stdout has caught what stderr shows last.
  const wentOn = stdoutOutlastsS === null ? endsWithItsOwnWords(stdout) : stdoutOutlastsS > AT_ONCE_S;
  return wentOn ? null : ofStderr;
}

/** What nothing survives. */
const HARD = [
  /\bSegmentation fault\b/,
  /^Fatal Python error\b/,
  /^(?:\S*(?:ba|da|z)?sh: )?.*\bline \d+:\s+\d+ (?:Killed|Aborted|Bus error|Illegal instruction|Segmentation fault)\b/,
  /^(?:Killed|Aborted|Bus error|Illegal instruction)(?: \(core dumped\))?$/,
  /\bcore dumped\b/,
  /^terminate called (?:after throwing|without an active exception|recursively)/,
  /\bWatchdog caught collective operation timeout\b/,
  /\b(?:slurmstepd|srun): error: .*\b(?:Killed|oom|OUT_OF_MEMORY|Exited with exit code [1-9]|task \d+: )/i,
  /\bout-?of-?memory (?:handler|killer)|\boom[-_]kill/i,
];
/** Failures that a job reports in a line, and may survive where it goes on. */
const SOFT = [
  /\bCUDA (?:error|out of memory)\b/i,
  /\bCUDA_ERROR_[A-Z]/,
  /\bNCCL (?:error|WARN .*(?:failed|abort))/i,
  /^(?:FATAL|CRITICAL)\b/,
  /^Fatal error\b/,
  /\b(?:FATAL|CRITICAL)\b\s*[:|\]-]/,
  /^F\d{4} \d\d:\d\d:\d\d/,
];
/** How many lines a hard end may be followed by: the script's and the launcher's own. */
const LINES_AFTER_HARD = 4;

const TRACEBACK = /Traceback \(most recent call last\)/;
/** Within a traceback: the first line that is not indented. */
const EXCEPTION = /^(?:[A-Za-z_]\w*\.)*([A-Z]\w*)(?::.*)?$/;
/** What follows the first line of an exception's message, or belongs to a launcher's summary. */
const CONTINUED =
  /^(?:CUDA kernel errors|For debugging consider|Compile with|Search for|Device-side assert|Last error:|nccl\w+:|Exception raised from|frame #\d+|If reserved |See documentation|Including non-PyTorch|Of the allocated|Failures:|Root Cause|<NO_OTHER_FAILURES>|\[\d+\]:$)|\bFAILED$/;
/** What Python says when something failed that nobody waits for. */
const HARMLESS =
  /^(?:Exception ignored in|Exception in thread|Error in atexit|Error in sys\.excepthook|Task exception was never retrieved|future: <|Exception in callback)/;
/** Of any job, at its end: of a warning, a wrapper's last word, a launcher's frame. */
const EMPTY_WORDS =
  /warn(?:ing)?\b|resource_tracker|^\W*$|^(?:all )?(?:done|finished|completed|complete|ok|end|exit(?:ed|ing)?|bye|job ended)\b.{0,40}$|^(?:exit|return) ?code\b|^\d+$/i;

type Found = FatalEnd & { isHard: boolean };

function endOf(output: string): Found | null {
  const lines = cleaned(output);
  const hardAt = lines.findLastIndex((line) => HARD.some((pattern) => pattern.test(line)));
  if (hardAt >= 0) {
    const after = lines.slice(hardAt + 1);
    const text = lines[hardAt]!;
    if (after.length <= LINES_AFTER_HARD && !after.some(isTraining))
      return { type: null, text: cut(text), isHard: true };
  }
  const died = lastTraceback(lines) ?? lastSoft(lines);
  if (died === null) return null;
  return lines.slice(died.end).some(isOwnWord) ? null : { type: died.type, text: cut(died.text), isHard: false };
}

interface Block {
  type: string | null;
  text: string;
  /** The first line after it. */
  end: number;
}

function lastTraceback(lines: readonly string[]): Block | null {
  for (let at = lines.length - 1; at >= 0; at--) {
    if (!TRACEBACK.test(lines[at]!)) continue;
    if (HARMLESS.test(lines[at - 1] ?? '') || HARMLESS.test(lines[at - 2] ?? '')) return null;
    for (let i = at + 1; i < lines.length; i++) {
      const type = EXCEPTION.exec(lines[i]!)?.[1];
      if (type === undefined) continue;
      if (type === 'KeyboardInterrupt' || /^SystemExit: ?0?$/.test(lines[i]!)) return null;
      // The message of an exception may have more lines, which are indented or end with the output.
      return { type, text: lines[i]!, end: i + 1 };
    }
    return null;
  }
  return null;
}

function lastSoft(lines: readonly string[]): Block | null {
  const at = lines.findLastIndex((line) => SOFT.some((pattern) => pattern.test(line)));
  return at < 0 ? null : { type: null, text: lines[at]!, end: at + 1 };
}

/** Without colours, ranks, frames of `rich`, and empty lines. Indented lines stay so. */
function cleaned(output: string): string[] {
  return output.split(/\r\n|[\r\n]/).flatMap((line) => {
    const text = spoken(withoutColours(line))
      .text.replace(/^\s*[│╭╰├][─\s]*/, '')
      .trimEnd();
    return text.trim() === '' ? [] : [text];
  });
}

function isTraining(line: string): boolean {
  return line.includes('[autoresearch]') && /\bstep=/.test(line);
}

/**
 * Whether the job itself goes on to say something: the timer's last words at exit are none, as are those of a wrapper.
 */
function isOwnWord(line: string): boolean {
  if (line.includes('[autoresearch]')) return false;
  return !/^\s/.test(line) && !EMPTY_WORDS.test(line) && !CONTINUED.test(line);
}

/** Whether its last line is one of the job's own, not of our timing. */
function endsWithItsOwnWords(output: string): boolean {
  const last = cleaned(output).at(-1);
  return last !== undefined && isOwnWord(last);
}

function cut(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > TEXT_LIMIT ? `${trimmed.slice(0, TEXT_LIMIT)}…` : trimmed;
}
