/**
 * What nodes, jobs, commits and people's requests may be called, and the names by which the Temporal server knows a
 * run: workflow ids and the task queue. Made from the run and the node id alone, so that starting twice attaches to
 * what runs already.
 */

/** A node id names folders, trees and refs. Those of an adopted run may begin with "_". */
export const NODE_ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
/** A request id names a file in engine/requests. */
const REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const REQUEST_RULE = '1 to 64 letters, digits, - or _';

export function isNodeId(text: unknown): text is string {
  return typeof text === 'string' && NODE_ID.test(text);
}

export function isRequestId(text: unknown): text is string {
  return typeof text === 'string' && REQUEST_ID.test(text);
}

/** A commit's hash: in hexadecimal digits, but of a private store or another system not always. */
export const COMMIT = /^[A-Za-z0-9_-]{1,128}$/;

const LOCAL_JOB = 'local_';
/** The name of a folder in local_jobs; ids of other platforms may hold slashes. */
const JOB_FOLDER = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

export function localJobId(nodeId: string): string {
  return `${LOCAL_JOB}${nodeId}`;
}

/** Also of the Python original, which puts the time where ours have a node id. */
export function isLocalJobId(jobId: string): boolean {
  return jobId.startsWith(LOCAL_JOB) && isNodeId(jobId.slice(LOCAL_JOB.length));
}

/** Whether a job of any platform may have a folder in local_jobs. */
export function isJobFolder(jobId: string): boolean {
  return JOB_FOLDER.test(jobId);
}

export function engineWorkflowId(run: string): string {
  return `autoresearch/${run}`;
}

export function experimentWorkflowId(run: string, nodeId: string): string {
  return `autoresearch/${run}/${nodeId}`;
}

/** `call` names one request of one question; no node id holds a slash. */
export function agentCallWorkflowId(run: string, call: string): string {
  return `${agentCallsPrefix(run)}${call}`;
}

export function agentCallsPrefix(run: string): string {
  return `autoresearch/${run}/calls/`;
}

export const QUEUE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
export const QUEUE_RULE = '1 to 64 letters, digits, "_", "-" or "."';

/** Where calls of agents wait for a worker of any host that has the key: shared by the runs that name it. */
export function agentQueueFor(name: string): string {
  return `autoresearch-agents/${name}`;
}

/** One queue a run: a worker serves its own workdir, and never sees the tasks of another. */
export function taskQueueFor(run: string): string {
  return `autoresearch/${run}`;
}
