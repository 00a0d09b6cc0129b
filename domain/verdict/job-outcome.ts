/** What the end of a job means: from its return code, who ended it and what it printed, to a failure kind or none. */

import { saidIn, withoutColours } from '../evidence/printed-line.js';
import type { FailureKind } from '../run/failure.js';
import type { EndCause } from './end-cause.js';
import { fatalEnd } from './fatal-end.js';
import { lastError, type PrintedError, QUOTE_LIMIT } from './printed-error.js';
import { lessonDetails, type StartLesson, startLesson } from './start-cause.js';

export interface JobEnding {
  /** Null when nobody recorded it. */
  returnCode: number | null;
  cause: EndCause;
  /** Whether it left the queue without having begun. */
  neverRan?: boolean;
  /** What a scheduler says of its end; absent for nothing. */
  schedulerSaid?: string | undefined;
  /** Of its logs, while it ran: then they do not say everything. */
  diskWasFull?: boolean;
  /** Whether the job printed a number, i.e. had begun to train. */
  sawMetric: boolean;
  stdoutTail: string;
  stderrTail: string;
  /** Seconds by which stdout was written to after stderr; null or absent where nobody knows. */
  stdoutOutlastsS?: number | null;
  /** An exception that ended one of the job's processes, as the probe saw it; null or absent for none. */
  uncaught?: { type: string; message: string } | null;
  timeoutS: number;
  stallTimeoutS: number;
}

export interface JobVerdict {
  kind: FailureKind;
  message: string;
  details: Record<string, string | number | boolean | null>;
  /** The Python exception's class, where a traceback names one. */
  exceptionType: string | null;
}

/** Null: it ended well. */
export function classifyJobEnd(ending: JobEnding): JobVerdict | null {
  const { returnCode, cause } = ending;
  const error = lastError(ending.stderrTail) ?? lastError(ending.stdoutTail);
  // Only an end that a full log may have brought about: a job that was ended, or that nobody saw, is not one.
  const isOfFullDisk = ending.diskWasFull === true && (cause === 'exit' || cause === 'stalled');
  const full = isOfFullDisk ? ' (its disk was full meanwhile: make room, and add the experiment again)' : '';
  const said = `${full}${error === null ? '' : `: ${error.text}${wayOutOfReadOnly(error.text)}`}`;
  const verdict = (kind: FailureKind, message: string, details: JobVerdict['details'] = {}): JobVerdict => ({
    kind,
    message: withoutSecretValues(message),
    details: { return_code: returnCode, ...details, ...(isOfFullDisk ? { disk_was_full: true } : {}) },
    exceptionType: error?.type ?? null,
  });
  switch (cause) {
    case 'timeout':
      if (ending.schedulerSaid) return verdict('job_timed_out', schedulersLimit(ending), { timed_out: true });
      return verdict(
        'job_timed_out',
        `the job exceeded its limit of ${ending.timeoutS} s and was ended${unended(ending)}`,
        {
          timed_out: true,
          limit_s: ending.timeoutS,
          ...untilFirst(ending, ending.timeoutS),
        },
      );
    case 'stalled':
      return verdict('job_stalled', `the job printed nothing new for ${ending.stallTimeoutS} s and was ended${full}`, {
        limit_s: ending.stallTimeoutS,
        ...untilFirst(ending, ending.stallTimeoutS),
      });
    case 'cancelled':
      return verdict(
        'cancelled',
        `the job was cancelled${ending.neverRan ? ' before it ran' : ''}${bySchedulersWord(ending)}`,
      );
    case 'lost':
      return verdict(
        'job_lost',
        `nobody saw how the job ended (its runner was killed or the host went down)${bySchedulersWord(ending)}${said}`,
        {
          lost: true,
        },
      );
    case 'preempted':
      return verdict('job_preempted', `the scheduler took the job's place for another one${bySchedulersWord(ending)}`);
    case 'node_failed':
      return verdict('job_node_failed', `the host of the job failed${bySchedulersWord(ending)}`);
    case 'out_of_memory':
      return verdict(
        'job_out_of_memory',
        `the job used more memory than it may, and was killed${bySchedulersWord(ending)}`,
      );
    case 'never_started':
      return verdict('job_never_started', `the scheduler did not start the job${bySchedulersWord(ending)}`);
    case 'exit':
      if (returnCode === 0) return deathBehindCode0(ending, verdict);
      return failedByItself(ending, error, verdict, `${bySchedulersWord(ending)}${said}`);
  }
}

function failedByItself(
  ending: JobEnding,
  error: PrintedError | null,
  verdict: (kind: FailureKind, message: string, details?: JobVerdict['details']) => JobVerdict,
  said: string,
): JobVerdict {
  const lesson = ending.sawMetric ? null : startLesson(`${ending.stdoutTail}\n${ending.stderrTail}`);
  const details = lesson === null ? {} : lessonDetails(withoutSecrets(lesson));
  const how = `the job ${describe(ending.returnCode)}`;
  if (ending.sawMetric) return verdict('job_runtime_failed', `${how} after it had begun to train${said}`);
  return isStartupError(error, ending)
    ? verdict('job_startup_failed', `${how} before its first metric${said}`, details)
    : verdict('job_failed', `${how}${said}`, details);
}

/** Of a job that was ended before it told a number. */
function untilFirst({ sawMetric: trained, stdoutTail, stderrTail }: JobEnding, limitS: number): JobVerdict['details'] {
  if (trained) return {};
  const proof = lastLines(`${stdoutTail}\n${stderrTail}`).split('\n').at(-1) ?? '';
  return lessonDetails(withoutSecrets({ cause: 'timeout', subject: `${limitS} s`, proof }));
}

function withoutSecrets({ cause, subject, proof }: StartLesson): StartLesson {
  return { cause, subject: withoutSecretValues(subject), proof: withoutSecretValues(proof) };
}

/** Of the launch command or the queue: ours, which is longer, says nothing of it. */
function schedulersLimit(ending: JobEnding): string {
  return `the scheduler ended the job at its own time limit${bySchedulersWord(ending)}: ask for more time in the launch command, or let the job do less work`;
}

function bySchedulersWord({ schedulerSaid = '' }: JobEnding): string {
  return schedulerSaid === '' ? '' : ` (${schedulerSaid})`;
}

/**
 * A training that is done may be kept alive by a thread or a child: the last line that is the script's own lets one
 * see.
 */
function unended({ stdoutTail, stderrTail }: JobEnding): string {
  const own = lastLines(`${stderrTail}\n${stdoutTail}`)
    .split('\n')
    .findLast((line) => line !== '' && !line.includes('[autoresearch]'));
  const printed = own === undefined ? '' : `; it printed last: ${own.trim().slice(0, QUOTE_LIMIT)}`;
  return `${printed}. A job should do less work than that, and end by itself when it is done: a thread or a child process may keep it alive (--job-timeout is the limit)`;
}

/** A wrapper, a pipe or a handler of the job's own may turn a death into a success. */
function deathBehindCode0(
  ending: JobEnding,
  verdict: (kind: FailureKind, message: string, details?: JobVerdict['details']) => JobVerdict,
): JobVerdict | null {
  const { stdoutTail, stderrTail, stdoutOutlastsS = null, uncaught = null, sawMetric } = ending;
  const died =
    fatalEnd({ stdout: stdoutTail, stderr: stderrTail, stdoutOutlastsS }) ??
    (uncaught && { type: uncaught.type, text: `${uncaught.type}: ${uncaught.message}`.slice(0, QUOTE_LIMIT) });
  if (died === null) return null;
  const kind = sawMetric ? 'job_runtime_failed' : 'job_failed';
  const when = sawMetric ? 'after it had begun to train' : 'before its first metric';
  const message = `the job's exit code was 0, but it died ${when}: ${died.text}${wayOutOfReadOnly(died.text)}`;
  return { ...verdict(kind, message, { died_with_code_0: true }), exceptionType: died.type };
}

/**
 * A place of the user's is read-only for a job where no overlay can be laid over it: what the job prints tells only
 * half.
 */
function wayOutOfReadOnly(text: string): string {
  if (!/Read-only file system/i.test(text)) return '';
  return ' (jobs do not write to your files: give it a path with $NODE_ID in it, or start again with --copy GLOB; docs/your-files.md)';
}

/** Behind nothing but what loggers and launchers put in front: time, level, name, rank. */
const TRAINING_LINE =
  /^(?:.*(?:[:\]|>-]|\b(?:INFO|DEBUG|WARN(?:ING)?|ERROR|NOTICE)\b.*)\s*)?\[autoresearch\] (?:.* )?(?:ttfb_s|step_time_ms|step|throughput_samples_per_s)=\S/;

/** A line that shows that the job trained: numbers of its steps, not what it knew before it began. */
export function sawMetric(output: string): boolean {
  return output.split(/[\r\n]/).some((line) => TRAINING_LINE.test(saidIn(line)));
}

const LINES_SHOWN = 8;
const LINES_LENGTH = 1200;

/** The end of what was printed, for a message. */
export function lastLines(output: string): string {
  const lines = output.split(/\r\n|[\r\n]/).map((line) => withoutColours(line).trimEnd());
  const shown = lines.filter((line) => line !== '').slice(-LINES_SHOWN);
  return shown.join('\n').slice(-LINES_LENGTH);
}

function describe(returnCode: number | null): string {
  if (returnCode === null) return 'ended with an unknown exit code';
  if (returnCode === 141)
    return 'ended with exit code 141: a later command of its pipe stopped reading before it was done';
  if (returnCode === 137 || returnCode === -9) return 'was killed (signal 9; perhaps it ran out of memory)';
  return returnCode < 0 ? `was ended by signal ${-returnCode}` : `ended with exit code ${returnCode}`;
}

/** What a change of the code or of its flags typically breaks before the first step. */
const STARTUP_TYPES = new Set([
  'ImportError',
  'ModuleNotFoundError',
  'SyntaxError',
  'IndentationError',
  'TabError',
  'PicklingError',
  'UnpicklingError',
  'NameError',
  'UnboundLocalError',
  'AttributeError',
  'TypeError',
  'ValueError',
  'KeyError',
  'AssertionError',
  'NotImplementedError',
  'FileNotFoundError',
  'ArgumentError',
  'ConfigError',
  'ConfigurationError',
  'ValidationError',
  'JSONDecodeError',
  'PipelineFailure',
  'EOFError',
  'BrokenProcessPool',
]);

const STARTUP_TEXT =
  /can't pickle|cannot pickle|pickl|No module named|unrecognized arguments|the following arguments are required|invalid choice|invalid (?:int|float) value|expected (?:one|at least one) argument|bootstrapping phase|failed to initiali[sz]e|initiali[sz]ation failed|start method|command not found|No such file or directory|Address already in use|subprocess.*(?:failed|exited|died)/i;

function isStartupError(error: PrintedError | null, ending: JobEnding): boolean {
  if (error?.type != null && STARTUP_TYPES.has(error.type)) return true;
  // argparse, and the shell for a command that is not there or not executable.
  if (ending.returnCode === 2 && /^usage: /m.test(ending.stderrTail)) return true;
  if (ending.returnCode === 126 || ending.returnCode === 127) return true;
  return error !== null && STARTUP_TEXT.test(error.text);
}

/** Messages travel and are shown: what looks like a credential is not quoted. */
export function withoutSecretValues(text: string): string {
  return text
    .replace(/\b(?:sk|pk|ghp|gho|ghs|github_pat|xox[abprs]|hf|AKIA)[-_]?[A-Za-z0-9_-]{12,}/g, '***')
    .replace(
      /\b((?:[A-Za-z0-9_]*(?:token|secret|password|passwd|api[-_]?key|access[-_]?key))["']?\s*[=:]\s*["']?)[^\s"',;&]+/gi,
      '$1***',
    )
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, '$1 ***')
    .replace(/(\/\/[^/\s:@]+:)[^@\s/]+@/g, '$1***@');
}
