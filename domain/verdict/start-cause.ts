/**
 * Why a job did not start, as planners learn from it: the cause, what it is about, and the lines that prove it. Values
 * stand in the failure's details, so that history, prompt and rules read the same.
 */
import { saidIn, withoutColours } from '../evidence/printed-line.js';
import type { Failure } from '../run/failure.js';

interface CauseFacts {
  /** What is the matter, with the subject put in for `%`. */
  says: string;
  /** What to do instead. */
  instead: string;
}

export const START_CAUSES = {
  pickling: {
    says: 'What a subprocess gets must pickle, and % does not.',
    instead:
      'Use functions and callable classes of a module, with plain values as attributes, and make handles lazily.',
  },
  cuda_in_subprocess: {
    says: 'CUDA was used in a forked subprocess (%).',
    instead: 'Keep stages that touch the GPU in the main process, or start processes by forkserver or spawn.',
  },
  wrong_tree: {
    says: 'The job imported files from outside its tree (%).',
    instead: 'Leave import paths as they are.',
  },
  out_of_memory: {
    says: 'It ran out of memory (%).',
    instead: 'Smaller batches, buffers, caches and arenas, or fewer processes, need less.',
  },
  port_in_use: {
    says: 'An address that it wanted was in use (%).',
    instead: 'Let the port be chosen freely; no change of the pipeline is to blame.',
  },
  shape: {
    says: 'Arrays had shapes that do not fit (%).',
    instead: 'The change altered what a batch looks like: keep the form that the model expects.',
  },
  missing_name: {
    says: 'The code named something that is not there: %.',
    instead: 'Use names of the installed version only, and define what a change refers to.',
  },
  timeout: {
    says: 'Nothing came before the time limit (%).',
    instead: 'A stage or a process waits for something that never comes: look at locks, starved pools and queues.',
  },
} as const satisfies Record<string, CauseFacts>;
export type StartCause = keyof typeof START_CAUSES;

export interface StartLesson {
  cause: StartCause;
  /** What it is about: an object, a name, a message. */
  subject: string;
  /** The line that proves it. */
  proof: string;
}

/** The first that matches a line decides, in this order; `$1` is the subject, else the whole line. */
const SIGNS: readonly [StartCause, RegExp][] = [
  ['cuda_in_subprocess', /(Cannot re-initialize CUDA in forked subprocess)/i],
  ['cuda_in_subprocess', /(CUDA error: initialization error)/i],
  ['pickling', /Can't (?:pickle|get) local object '([^']+)'/],
  ['pickling', /Can't pickle (<.+?>)(?::|$)/],
  ['pickling', /cannot pickle '([^']+)' object/i],
  ['pickling', /(PicklingError: .+)/],
  ['port_in_use', /(Address already in use|EADDRINUSE)/],
  ['out_of_memory', /(CUDA out of memory|Cannot allocate memory|std::bad_alloc|\bMemoryError\b|Bus error)/],
  ['out_of_memory', /(No space left on device.*\/dev\/shm|\/dev\/shm.*No space left on device)/],
  ['missing_name', /^NameError: name '([^']+)' is not defined/],
  ['missing_name', /^UnboundLocalError: .*'([^']+)'/],
  ['missing_name', /^ImportError: cannot import name '([^']+)'/],
  ['missing_name', /^ModuleNotFoundError: No module named '([^']+)'/],
  ['missing_name', /^AttributeError: (.+ has no attribute '[^']+')/],
  ['missing_name', /^TypeError: (.+ got an unexpected keyword argument '[^']+')/],
  ['shape', /(shapes? \([^)]*\) and \([^)]*\) not aligned|mat1 and mat2 shapes cannot be multiplied.*)/],
  ['shape', /(all input arrays must have the same shape|could not broadcast .*|operands could not be broadcast .*)/],
  ['shape', /(size mismatch.*|The size of tensor a .* must match.*|stack expects each tensor to be equal size.*)/],
  ['shape', /(setting an array element with a sequence.*inhomogeneous.*|cannot reshape array of size .*)/],
];

const LENGTH = 200;

/** What the end of a job's output shows; null where it shows none of them. */
export function startLesson(output: string): StartLesson | null {
  const lines = output.split(/\r\n|[\r\n]/).map((line) => saidIn(withoutColours(line)).trim());
  for (const [cause, sign] of SIGNS) {
    for (const line of lines.toReversed()) {
      const found = sign.exec(line);
      if (found) return { cause, subject: cut(found[1] ?? line), proof: cut(line) };
    }
  }
  return null;
}

function cut(text: string): string {
  return text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text;
}

export type LessonDetails = Record<'start_cause' | 'start_subject' | 'start_proof', string>;

export function lessonDetails({ cause, subject, proof }: StartLesson): LessonDetails {
  return { start_cause: cause, start_subject: subject, start_proof: proof };
}

/** What a failure taught; null where it is none of a start. */
export function lessonOf({ kind, details }: Pick<Failure, 'kind' | 'details'>): StartLesson | null {
  const { start_cause: cause, start_subject: subject, start_proof: proof } = details;
  if (typeof cause === 'string' && Object.hasOwn(START_CAUSES, cause))
    return { cause: cause as StartCause, subject: String(subject), proof: String(proof) };
  return kind === 'wrong_source' ? { cause: 'wrong_tree', subject: 'see its failure', proof: '' } : null;
}

/** In two sentences, for the next prompt and for a refusal. */
export function lessonText({ cause, subject }: StartLesson): string {
  const { says, instead } = START_CAUSES[cause];
  return `${says.replace('%', () => subject)} ${instead}`;
}

/** Would come again with the same change, whoever makes it. */
const COMES_AGAIN: readonly StartCause[] = ['pickling', 'cuda_in_subprocess', 'wrong_tree', 'shape', 'missing_name'];

export function comesAgain({ cause }: StartLesson): boolean {
  return COMES_AGAIN.includes(cause);
}
