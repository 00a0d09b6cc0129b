/** What pods and Jobs, as the API describes them, are told as, beside what recorded-answers.test.ts has. */
import { describe, expect, it } from 'vitest';
import { JobSchema, PodSchema } from '../../../../jobs/clusters/kubernetes/kube-objects.js';
import { jobState, podState, tellingContainer } from '../../../../jobs/clusters/kubernetes/pod-state.js';

const NOW = Date.parse('2026-11-29T13:00:00Z');
const began = '2026-11-29T12:00:00Z';
const finishedAt = '2026-11-29T12:30:00Z';
const times = { startedAtMs: Date.parse(began), endedAtMs: Date.parse(finishedAt) };

interface Shape {
  status?: Record<string, unknown>;
  state?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

function pod({ status = {}, state, metadata = {} }: Shape) {
  const statuses =
    state === undefined
      ? {}
      : {
          containerStatuses: [
            { name: 'proxy', state: {} },
            { name: 'main', state },
          ],
        };
  return PodSchema.parse({
    metadata: { name: 'p', annotations: { 'kubectl.kubernetes.io/default-container': 'main' }, ...metadata },
    spec: { nodeName: 'gpu-7', containers: [{ name: 'proxy' }, { name: 'main' }] },
    status: { phase: 'Running', ...statuses, ...status },
  });
}

const terminated = (exitCode: number, reason: string, message?: string) => ({
  state: { terminated: { exitCode, reason, message, startedAt: began, finishedAt } },
});
const disrupted = (reason: string) => ({
  phase: 'Failed',
  conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message: 'its words' }],
});
const failed = (reason: string, message: string) => ({ phase: 'Failed', reason, message });
const ended = { state: 'ended' };

describe('a pod', () => {
  it.each<[string, Shape, Record<string, unknown>]>([
    ['runs', { state: { running: { startedAt: began } } }, { state: 'running', startedAtMs: times.startedAtMs }],
    ['ended well', terminated(0, 'Completed'), { ...ended, cause: 'exit', returnCode: 0, said: undefined, ...times }],
    ['failed', terminated(3, 'Error'), { ...ended, cause: 'exit', returnCode: 3, said: undefined, ...times }],
    [
      'was evicted for its own disk',
      {
        ...terminated(137, 'Error'),
        status: failed('Evicted', 'Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.'),
      },
      { ...ended, cause: 'exit', returnCode: 137, said: expect.stringContaining('exceeds the total limit') },
    ],
    [
      'was preempted by the scheduler',
      { ...terminated(143, 'Error'), status: disrupted('PreemptionByScheduler') },
      { ...ended, cause: 'preempted', said: 'Kubernetes: PreemptionByScheduler, its words, on gpu-7' },
    ],
    [
      'came to its own end while its host was emptied',
      { ...terminated(0, 'Completed'), status: { ...disrupted('EvictionByEvictionAPI'), phase: 'Succeeded' } },
      { ...ended, cause: 'exit', returnCode: 0 },
    ],
    ['lost its host', { status: disrupted('DeletionByPodGC') }, { ...ended, cause: 'node_failed' }],
    ['lost its host by a taint', { status: disrupted('DeletionByTaintManager') }, { ...ended, cause: 'node_failed' }],
    [
      'was not taken by its host',
      { status: failed('OutOfcpu', 'Node had not enough resource') },
      { ...ended, cause: 'node_failed' },
    ],
    [
      'has a host that does not answer',
      { state: { running: { startedAt: began } }, metadata: { deletionTimestamp: '2026-11-29T12:58:30Z' } },
      { ...ended, cause: 'node_failed', said: 'Kubernetes: NodeLost, the host does not answer, on gpu-7' },
    ],
    [
      'is being ended',
      { state: { running: { startedAt: began } }, metadata: { deletionTimestamp: '2026-11-29T12:59:30Z' } },
      { state: 'running' },
    ],
    [
      'was forgotten by its host',
      { ...terminated(137, 'ContainerStatusUnknown'), status: { phase: 'Failed' } },
      { ...ended, cause: 'node_failed' },
    ],
    [
      'is made',
      { state: { waiting: { reason: 'ContainerCreating' } }, status: { phase: 'Pending' } },
      { state: 'pending' },
    ],
  ])('that %s', (_, shape, state) => {
    const told = podState(pod(shape), NOW);
    expect(told.state).toMatchObject(state);
    expect(told.stuck).toBeUndefined();
  });

  it.each([
    ['InvalidImageName', 'now'],
    ['ErrImageNeverPull', 'now'],
    ['ErrImagePull', 'unless mended'],
    ['ImagePullBackOff', 'unless mended'],
    ['CreateContainerConfigError', 'unless mended'],
  ])('that waits for %s cannot start %s', (reason, stuck) => {
    const state = { waiting: { reason, message: 'why' } };
    expect(podState(pod({ state, status: { phase: 'Pending' } }), NOW)).toEqual({
      state: { state: 'pending', reason: `Kubernetes: ${reason}, why, on gpu-7` },
      stuck,
    });
  });

  it('whose init container failed ends by its code, and that one tells why', () => {
    const init = { name: 'fetch', ...terminated(5, 'Error') };
    const one = pod({
      state: { waiting: { reason: 'PodInitializing' } },
      status: { phase: 'Failed', initContainerStatuses: [init] },
    });
    expect(podState(one, NOW).state).toMatchObject({
      ...{ cause: 'exit', returnCode: 5 },
      said: 'the init container fetch ended with exit code 5; Kubernetes: Error, on gpu-7',
    });
    expect(tellingContainer(one)).toBe('fetch');
    expect(tellingContainer(pod({}))).toBe('main');
  });
});

describe('a Job without a pod', () => {
  const job = (type: string, reason = '', message = '', spec = {}) =>
    JobSchema.parse({
      metadata: { name: 'j', namespace: 'team' },
      spec,
      status: { conditions: type === '' ? [] : [{ type, status: 'True', reason, message }] },
    });

  it.each([
    [job('Complete'), { cause: 'exit', returnCode: 0 }],
    [job('Failed', 'DeadlineExceeded', 'Job was active longer'), { cause: 'timeout' }],
    [job('Failed', 'BackoffLimitExceeded', 'Job has reached the limit'), { cause: 'lost', returnCode: null }],
  ])('tells how it ended (%#)', (one, end) => {
    expect(jobState(one)).toMatchObject({ state: 'ended', ...end });
  });

  it('waits', () => {
    expect(jobState(job('', '', '', { suspend: true }))).toMatchObject({
      state: 'pending',
      reason: expect.stringContaining('suspended'),
    });
    expect(jobState(job(''))).toEqual({
      state: 'pending',
      reason: 'no pod yet: kubectl describe job j -n team tells why',
    });
  });
});
