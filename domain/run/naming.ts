/**
 * What nodes and people's requests may be called, and the names by which the Temporal server knows a run: workflow ids
 * and the task queue. Made from the run and the node id alone, so that starting twice attaches to what runs already.
 */

/** It names folders, trees and refs. Those of an adopted run may begin with "_". */
export const NODE_ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
/** It names a file in engine/requests. */
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const REQUEST_RULE = '1 to 64 letters, digits, - or _';

export function isNodeId(text: unknown): text is string {
  return typeof text === 'string' && NODE_ID.test(text);
}

export function isRequestId(text: unknown): text is string {
  return typeof text === 'string' && REQUEST_ID.test(text);
}

export function engineWorkflowId(run: string): string {
  return `autoresearch/${run}`;
}

export function experimentWorkflowId(run: string, nodeId: string): string {
  return `autoresearch/${run}/${nodeId}`;
}

/** One queue a run: a worker serves its own workdir, and never sees the tasks of another. */
export function taskQueueFor(run: string): string {
  return `autoresearch/${run}`;
}
