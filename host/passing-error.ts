/**
 * Errors that say nothing about the work at hand: whoever makes a typed failure of what went wrong lets these through.
 */
import { saysDiskIsFull } from './disk-room.js';
import { ProgramInterrupted } from './short-program.js';

/** As git says that it could not write, without a reason: a disk that is full, or failed for a moment. */
const NOT_WRITTEN = /\b(?:unable|failed) to write (?:\w+ )*(?:file|object|index|tree)\b[^:]*$/im;

/** Somebody ended a helper of ours, or the disk is full: the same is tried again (activities/guard/guarded). */
export function isPassing(error: unknown): boolean {
  const isUnwritten = error instanceof Error && NOT_WRITTEN.test(error.message);
  return error instanceof ProgramInterrupted || isUnwritten || saysDiskIsFull(error);
}
