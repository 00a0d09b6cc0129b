/** What takes long, or is paid for, is not begun in a run that its people have left. */
import { condition, patched } from '@temporalio/workflow';
import type { EngineState } from '../domain/run/engine-state.js';

type Stood = Pick<EngineState, 'status'>;

/**
 * Whether the next step must wait. Asked before `untilGoingOn`, as one more `await` would change the order of what
 * histories tell.
 */
export function isLeft(state: Stood): boolean {
  return state.status === 'interrupted' && patched('begins-no-step-while-interrupted');
}

/** Resolves when a run that was interrupted is gone on with, or drained. */
export async function untilGoingOn(state: Stood): Promise<void> {
  await condition(() => state.status !== 'interrupted');
}
