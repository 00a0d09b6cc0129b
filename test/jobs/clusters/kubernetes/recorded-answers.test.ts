/**
 * What the platform makes of the answers of a real API server and its controllers, as test/clusters/kubernetes-ends.ts
 * recorded them. What a pod's host says in them is the words of that test's stand-in for a node.
 */
import { expect, it } from 'vitest';
import { JobSchema, PodSchema } from '../../../../jobs/clusters/kubernetes/kube-objects.js';
import { jobState, podState } from '../../../../jobs/clusters/kubernetes/pod-state.js';
import { allRecordedAnswers } from '../../../support/kubernetes/recorded-answers.js';

const recorded = allRecordedAnswers().map(({ name, pods, jobs }) => ({
  name,
  pods: pods.map((each) => PodSchema.parse(each)),
  jobs: jobs.map((each) => JobSchema.parse(each)),
}));

/** Long after all of them: a silent host is given up. */
const NOW = Date.parse('2100-01-01T00:00:00Z');
const ended = (cause: string, said?: RegExp, returnCode: number | null = null) => ({
  state: expect.objectContaining({
    ...{ state: 'ended', cause, returnCode },
    ...(said === undefined ? {} : { said: expect.stringMatching(said) }),
  }),
});
const pending = (reason: RegExp) => ({ state: { state: 'pending', reason: expect.stringMatching(reason) } });

const TOLD: Record<string, object> = {
  succeeded: ended('exit', undefined, 0),
  failed: ended('exit', undefined, 3),
  running: { state: { state: 'running', startedAtMs: expect.any(Number) } },
  'no-image': { ...pending(/: ErrImagePull, .*missing\/trainer:1": not found, on node-1$/), stuck: 'unless mended' },
  'bad-image-name': { ...pending(/: InvalidImageName, couldn't parse image name "Trainer::1"/), stuck: 'now' },
  'no-secret': { ...pending(/: CreateContainerConfigError, secret "none" not found/), stuck: 'unless mended' },
  'out-of-memory': ended('out_of_memory', /^Kubernetes: OOMKilled, on node-1$/),
  evicted: ended('preempted', /: Evicted, The node was low on resource: memory/),
  drained: ended('preempted', /: PodFailurePolicy, Pod \S+ has condition DisruptionTarget matching FailJob/),
  'pod-deleted': ended('exit', /: PodFailurePolicy, Container main for pod \S+ failed with exit code 143/, 143),
  'over-deadline': ended('timeout', /: DeadlineExceeded, Pod was active on the node longer/),
  'no-program': ended('never_started', /: StartError, /),
  'init-failed': ended('exit', /^the init container fetch ended with exit code 5; Kubernetes: Error/, 5),
  unschedulable: pending(/: Unschedulable, 0\/1 nodes are available: .*didn't match Pod's node affinity/),
  suspended: pending(/^the Job is suspended/),
  'node-failed': ended('node_failed', /: NodeLost, Taint manager: deleting due to NoExecute taint, on node-1$/),
};

it.each(recorded)('a Job that is $name', ({ name, pods: [pod], jobs: [job] }) => {
  expect(pod === undefined ? { state: jobState(job!) } : podState(pod, NOW)).toEqual(TOLD[name]);
});

it('are all there', () => {
  expect(recorded.map(({ name }) => name)).toEqual(Object.keys(TOLD));
});
