/** Errors that say nothing about the work at hand: whoever makes a typed failure of what went wrong lets these through. */
import { saysDiskIsFull } from './disk-room.js';
import { ProgramInterrupted } from './short-program.js';

/** Somebody ended a helper of ours, or the disk is full: the same is tried again (activities/guard/guarded). */
export function isPassing(error: unknown): boolean {
  return error instanceof ProgramInterrupted || saysDiskIsFull(error);
}
