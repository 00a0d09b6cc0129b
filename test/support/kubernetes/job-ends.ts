/** What can become of a Job, how it is brought about on a test's cluster, and what the engine is to be told. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SchedulerState } from '../../../jobs/clusters/scheduler.js';
import { done } from './admin-client.js';
import { NAMESPACE, type TestKubernetes } from './control-plane.js';

export interface JobEnd {
  /** Its answers are recorded under this name. */
  name: string;
  /** Of the manifest's text. */
  changed?: (manifest: string) => string;
  /** Absent: it goes on for long. */
  command?: string;
  /** The manifest's own command runs. */
  byLaunchCommand?: boolean;
  /** Once it runs. */
  bringAbout?: (cluster: TestKubernetes, jobName: string) => Promise<void>;
  /** The Job is wanted that is left when its pod is gone. */
  isOfJob?: boolean;
  told: Omit<Partial<Extract<SchedulerState, { state: 'ended' }>>, 'said' | 'state'> & {
    state: SchedulerState['state'];
    words?: RegExp;
  };
}

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const IMAGE = 'image: trainer:1';
const replaced = (from: string, to: string) => (text: string) => text.replace(from, to);
const inPod = (line: string) => replaced('      containers:', `      ${line}\n      containers:`);

export async function podsOf(cluster: TestKubernetes, jobName: string) {
  return (await done(cluster.admin, 'GET', `${PODS}?labelSelector=autoresearch/job=${jobName}`)).items;
}

async function podPath(cluster: TestKubernetes, jobName: string): Promise<{ name: string; path: string }> {
  const { name } = (await podsOf(cluster, jobName))[0].metadata;
  return { name, path: `${PODS}/${name}` };
}

export const JOB_ENDS: readonly JobEnd[] = [
  { name: 'succeeded', command: 'echo fine', told: { state: 'ended', cause: 'exit', returnCode: 0 } },
  { name: 'failed', command: 'exit 3', told: { state: 'ended', cause: 'exit', returnCode: 3 } },
  { name: 'running', told: { state: 'running' } },
  {
    name: 'no-image',
    changed: replaced(IMAGE, 'image: missing/trainer:1'),
    told: { state: 'ended', cause: 'never_started', words: /(?:ErrImagePull|ImagePullBackOff), .*missing\/trainer:1/ },
  },
  {
    name: 'bad-image-name',
    changed: replaced(IMAGE, 'image: Trainer::1'),
    told: { state: 'ended', cause: 'never_started', words: /InvalidImageName/ },
  },
  {
    name: 'no-secret',
    changed: replaced(
      '{name: JOB_SECONDS, value: "0.5"}',
      '{name: K, valueFrom: {secretKeyRef: {name: none, key: k}}}',
    ),
    told: { state: 'ended', cause: 'never_started', words: /CreateContainerConfigError, secret "none" not found/ },
  },
  {
    name: 'out-of-memory',
    bringAbout: async (cluster, job) => cluster.node!.worker(job).killForMemory(),
    told: { state: 'ended', cause: 'out_of_memory', words: /OOMKilled/ },
  },
  {
    name: 'evicted',
    bringAbout: async (cluster, job) => await cluster.node!.worker(job).evict(),
    told: { state: 'ended', cause: 'preempted', words: /Evicted, The node was low on resource/ },
  },
  {
    name: 'drained',
    bringAbout: async (cluster, job) => {
      const { name, path } = await podPath(cluster, job);
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NAMESPACE } };
      await done(cluster.admin, 'POST', `${path}/eviction`, eviction);
    },
    isOfJob: true,
    told: { state: 'ended', cause: 'preempted', words: /DisruptionTarget/ },
  },
  {
    name: 'pod-deleted',
    bringAbout: async (cluster, job) => {
      await done(cluster.admin, 'DELETE', (await podPath(cluster, job)).path);
    },
    isOfJob: true,
    told: { state: 'ended', cause: 'exit', returnCode: 143 },
  },
  {
    name: 'over-deadline',
    changed: inPod('activeDeadlineSeconds: 1'),
    told: { state: 'ended', cause: 'timeout', words: /DeadlineExceeded/ },
  },
  {
    name: 'no-program',
    changed: replaced(IMAGE, `${IMAGE}\n          command: [no-such-program]`),
    byLaunchCommand: true,
    told: { state: 'ended', cause: 'never_started', words: /StartError.*no-such-program/ },
  },
  {
    name: 'init-failed',
    changed: inPod('initContainers: [{name: fetch, image: "fetch:1", command: [sh, -c, "echo no data; exit 5"]}]'),
    told: { state: 'ended', cause: 'exit', returnCode: 5, words: /init container fetch ended with exit code 5/ },
  },
  {
    name: 'unschedulable',
    changed: inPod('nodeSelector: {gpu: "no"}'),
    told: { state: 'pending', words: /Unschedulable, .*node affinity\/selector/ },
  },
  {
    name: 'suspended',
    changed: replaced('\nspec:', '\nspec:\n  suspend: true'),
    told: { state: 'pending', words: /suspended/ },
  },
  {
    name: 'node-failed',
    changed: inPod('terminationGracePeriodSeconds: 1'),
    bringAbout: async (cluster) => {
      await cluster.node!.fail();
      await cluster.joinNode();
    },
    told: { state: 'ended', cause: 'node_failed', words: /DeletionByTaintManager|NodeLost/ },
  },
];

/** As a test compares it. */
export function wordsOf(state: SchedulerState): string {
  return (state.state === 'pending' ? state.reason : state.state === 'ended' ? state.said : '') ?? '';
}

export async function eventually<T>(look: () => Promise<T | null>, what: string | (() => string)): Promise<T> {
  const deadline = Date.now() + 150_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`${typeof what === 'string' ? what : what()}: not yet`);
    await sleep(100);
  }
}
