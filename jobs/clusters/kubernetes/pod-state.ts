/** What a pod, or a Job without one, says of an experiment's job, as the states that the engine knows. Pure. */
import type { EndCause } from '../../../domain/verdict/end-cause.js';
import type { SchedulerState } from '../scheduler.js';
import type { Condition, ContainerStatus, Job, Pod } from './kube-objects.js';

type Terminated = NonNullable<ContainerStatus['state']['terminated']>;

export interface Told {
  state: SchedulerState;
  /** It cannot start: `now`, or if nobody mends what it waits for. */
  stuck?: 'now' | 'unless mended';
}

/** The kubelet tries these again, and somebody may bring what is missing. */
const MAY_BE_MENDED = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);
const NEVER = new Set(['ErrImageNeverPull', 'InvalidImageName']);
/** The container's program is not there, or may not be run. */
const CANNOT_RUN = new Set(['ContainerCannotRun', 'StartError']);
/** The host took the pod back before anything ran: its scheduler had counted wrong. */
const NOT_ADMITTED =
  /^(?:OutOf\w+|UnexpectedAdmissionError|NodeAffinity|NodePorts|AdmissionError|PodOSSelectorNodeLabelDoesNotMatch)$/;
const HOST_GONE = /^(?:NodeLost|NodeShutdown|Shutdown|Terminated|DeletionByTaintManager|DeletionByPodGC)$/;
/** An eviction for what the pod itself took beyond its limit would come again. */
const OWN_FAULT = /exceeded its local ephemeral storage|exceeds the (?:total )?limit|usage of EmptyDir/i;
/** Behind the time that a pod has to end by itself, its host is no longer waited for. */
const HOST_SILENT_MS = 60_000;

/** The container that does the work: which one the pod says, else the first. */
export function mainContainer({ metadata, spec }: Pod): string {
  const named = metadata.annotations['kubectl.kubernetes.io/default-container'];
  return spec.containers.find(({ name }) => name === named)?.name ?? spec.containers[0]!.name;
}

/** The container whose log tells most: one that ended in front of the main one has kept it from running. */
export function tellingContainer(pod: Pod): string {
  return failedInit(pod)?.name ?? mainContainer(pod);
}

export function podState(pod: Pod, nowMs: number): Told {
  const { phase } = pod.status;
  const main = pod.status.containerStatuses.find(({ name }) => name === mainContainer(pod));
  const done = main?.state.terminated;
  const disruption = conditionOf(pod, 'DisruptionTarget');
  if (done !== undefined && isTold(done)) return { state: endOfContainer(pod, done, disruption) };
  if (phase === 'Failed' || phase === 'Succeeded') return { state: endOfPod(pod, done, disruption) };
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp != null && nowMs > deletionTimestamp + HOST_SILENT_MS)
    return { state: ended('node_failed', said(pod, 'NodeLost', disruption?.message || 'the host does not answer')) };
  const runs = main?.state.running;
  if (runs !== undefined)
    return { state: { state: 'running', ...(runs.startedAt == null ? {} : { startedAtMs: runs.startedAt }) } };
  return waiting(pod, main);
}

/** Of a Job of which there is no pod (any more). */
export function jobState({ metadata, spec, status }: Job): SchedulerState {
  const is = (type: string) => status.conditions.find((each) => each.type === type && each.status === 'True');
  const failed = is('Failed');
  const times = {
    ...(status.startTime == null ? {} : { startedAtMs: status.startTime }),
    ...(status.completionTime == null ? {} : { endedAtMs: status.completionTime }),
  };
  if (is('Complete') !== undefined) return { state: 'ended', cause: 'exit', returnCode: 0, ...times };
  if (failed !== undefined) return { ...endOfJob(failed), ...times };
  if (spec.suspend === true) return pending('the Job is suspended: a queue of the cluster holds it');
  return pending(`no pod yet: kubectl describe job ${metadata.name} -n ${metadata.namespace} tells why`);
}

/** How a pod that is being taken away will have ended, should nobody see it again: its Job does not say by whom. */
export function endToCome(pod: Pod): Extract<SchedulerState, { state: 'ended' }> | null {
  const disruption = conditionOf(pod, 'DisruptionTarget');
  const cause = disruption === undefined ? null : causeOfPod(pod, disruption);
  return cause === null ? null : ended(cause, wordsOfPod(pod, disruption));
}

function endOfJob({ reason, message }: Condition): Extract<SchedulerState, { state: 'ended' }> {
  const words = `Kubernetes: ${reason}, ${message}`;
  if (reason === 'DeadlineExceeded') return ended('timeout', words);
  if (/condition DisruptionTarget/.test(message)) return ended('preempted', words);
  const code = Number(/failed with exit code (\d+)/.exec(message)?.[1] ?? Number.NaN);
  return Number.isNaN(code) ? ended('lost', words) : ended('exit', words, code);
}

/** A kubelet that does not know it any more writes a code of its own. */
function isTold({ reason }: Terminated): boolean {
  return reason !== 'ContainerStatusUnknown';
}

function endOfContainer(pod: Pod, done: Terminated, disruption: Condition | undefined): SchedulerState {
  const { exitCode, reason, message } = done;
  const times = timesOf(done);
  if (reason === 'OOMKilled') return { ...ended('out_of_memory', said(pod, reason, message)), ...times };
  if (CANNOT_RUN.has(reason)) return ended('never_started', said(pod, reason, message));
  // What came to its own end did so also on a host that was being emptied.
  if (exitCode === 0) return { ...ended('exit', undefined, 0), ...times };
  const cause = causeOfPod(pod, disruption);
  if (cause !== null) return { ...ended(cause, wordsOfPod(pod, disruption)), ...times };
  const ofPod = pod.status.message === '' ? undefined : wordsOfPod(pod, disruption);
  return { ...ended('exit', message === '' ? ofPod : said(pod, reason, message), exitCode), ...times };
}

function endOfPod(pod: Pod, done: Terminated | undefined, disruption: Condition | undefined): SchedulerState {
  const init = failedInit(pod);
  const cause = causeOfPod(pod, disruption);
  if (cause !== null) return ended(cause, wordsOfPod(pod, disruption));
  if (init !== undefined) {
    const { exitCode, reason, message } = init.state.terminated!;
    const words = `the init container ${init.name} ended with exit code ${exitCode}; ${said(pod, reason, message)}`;
    return reason === 'OOMKilled' ? ended('out_of_memory', words) : ended('exit', words, exitCode);
  }
  const words = said(pod, pod.status.reason || done?.reason || pod.status.phase, pod.status.message || done?.message);
  if (pod.status.phase === 'Succeeded') return ended('exit', undefined, 0);
  return ended(done === undefined ? 'lost' : 'node_failed', words);
}

function causeOfPod({ status: { reason, message } }: Pod, disruption: Condition | undefined): EndCause | null {
  if (reason === 'DeadlineExceeded') return 'timeout';
  if (reason === 'Evicted' && OWN_FAULT.test(message)) return null;
  if (HOST_GONE.test(reason) || NOT_ADMITTED.test(reason)) return 'node_failed';
  if (disruption !== undefined) return HOST_GONE.test(disruption.reason) ? 'node_failed' : 'preempted';
  return reason === 'Evicted' || reason === 'Preempting' ? 'preempted' : null;
}

function wordsOfPod(pod: Pod, disruption: Condition | undefined): string {
  const { reason, message } = pod.status;
  return said(pod, reason || disruption?.reason || '', message || disruption?.message);
}

function waiting(pod: Pod, main: ContainerStatus | undefined): Told {
  const init = pod.status.initContainerStatuses.find(({ state }) => state.terminated === undefined);
  const scheduled = conditionOf(pod, 'PodScheduled', 'False');
  if (scheduled !== undefined) return { state: pending(said(pod, scheduled.reason, scheduled.message)) };
  const held = [init, main].find((each) => each?.state.waiting !== undefined)?.state.waiting;
  if (held !== undefined && (NEVER.has(held.reason) || MAY_BE_MENDED.has(held.reason)))
    return {
      state: pending(said(pod, held.reason, held.message)),
      stuck: NEVER.has(held.reason) ? 'now' : 'unless mended',
    };
  if (init?.state.running !== undefined) return { state: pending(`the init container ${init.name} runs`) };
  return { state: pending(held === undefined ? undefined : said(pod, held.reason, held.message)) };
}

function failedInit({ status }: Pod): ContainerStatus | undefined {
  return status.initContainerStatuses.find(({ state }) => (state.terminated?.exitCode ?? 0) !== 0);
}

function conditionOf({ status }: Pod, type: string, is = 'True'): Condition | undefined {
  return status.conditions.find((each) => each.type === type && each.status === is);
}

function pending(reason: string | undefined): SchedulerState {
  return { state: 'pending', ...(reason === undefined ? {} : { reason }) };
}

function ended(cause: EndCause, words: string | undefined, returnCode: number | null = null) {
  return { state: 'ended', cause, returnCode, said: words } satisfies SchedulerState;
}

/** In Unix milliseconds. */
function timesOf({ startedAt, finishedAt }: Terminated) {
  return {
    ...(startedAt == null ? {} : { startedAtMs: startedAt }),
    ...(finishedAt == null ? {} : { endedAtMs: finishedAt }),
  };
}

function said({ spec }: Pod, reason: string, message = ''): string {
  const where = spec.nodeName === '' ? '' : `, on ${spec.nodeName}`;
  return `Kubernetes: ${[reason, message.trim().slice(0, 500)].filter(Boolean).join(', ')}${where}`;
}
