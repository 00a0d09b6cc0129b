/**
 * Names by which the Temporal server knows a run: workflow ids and the task queue. Made from the run and the node id
 * alone, so that starting twice attaches to what runs already.
 */

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
