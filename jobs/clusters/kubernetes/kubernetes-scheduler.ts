/**
 * Jobs of Kubernetes. Each is a Job of one pod; one list of the run's pods tells the states of all, and that of the
 * Jobs is asked for only where a pod is missing.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readKubectlCommand } from '../../../domain/command/kubectl-command.js';
import { configuredLimits, type RunConfig } from '../../../domain/formats/config.js';
import { readJsonIfAny, writeJsonAtomic } from '../../../host/atomic-file.js';
import {
  type LaunchPlace,
  type PrintedSince,
  type Scheduler,
  SchedulerBusy,
  type SchedulerJob,
  type SchedulerState,
} from '../scheduler.js';
import { jobManifest, LABELS } from './job-manifest.js';
import { jobTemplate } from './job-template.js';
import { KubeApi, KubeRefusal } from './kube-api.js';
import { kubeNameOf } from './kube-names.js';
import { JobListSchema, newestOf, type Pod, PodListSchema } from './kube-objects.js';
import { PodLogs, type PodPlace } from './pod-logs.js';
import { endToCome, jobState, podState, type Told, tellingContainer } from './pod-state.js';

/** An image may be pushed, a secret made, a registry come back; behind it the job ends as never started. */
const MENDED_WITHIN_MS = 5 * 60_000;
/** Of names in one question: what proxies take as an address is a few kilobytes. */
const MOST_NAMES = 60;

const RecordSchema = z.object({ namespace: z.string(), job: z.string() });

export interface KubernetesContext {
  readonly config: RunConfig;
}

type Ended = Extract<SchedulerState, { state: 'ended' }>;

export class KubernetesScheduler implements Scheduler {
  readonly name = 'kubernetes';
  private opened: Promise<{ api: KubeApi; podLogs: PodLogs }> | null = null;
  /** What the engine ended; the server soon knows nothing of it. */
  private readonly deleted = new Map<string, Ended>();
  private readonly heldSinceMs = new Map<string, number>();
  private readonly places = new Map<string, PodPlace>();
  /** What takes a pod away, while it is there. */
  private readonly disrupted = new Map<string, Ended>();

  constructor(
    private readonly context: KubernetesContext,
    private readonly mendedWithinMs = MENDED_WITHIN_MS,
  ) {}

  async runs(launchCommand: string, place: LaunchPlace): Promise<string> {
    const { command } = await jobTemplate(this.context.config, launchCommand, place);
    return command ?? launchCommand;
  }

  async submit(job: SchedulerJob): Promise<string> {
    const { config } = this.context;
    const { api } = await this.open();
    const template = await jobTemplate(config, job.launchCommand, job);
    const namespace = this.namespaceFor(template.manifest.metadata.namespace ?? '', api);
    const jobName = kubeNameOf(job.name, job.folder);
    const manifest = jobManifest(template, job, { jobName, namespace }, configuredLimits(config).max_hours);
    // Whoever comes after a death in between knows where to ask.
    await writeJsonAtomic(recordIn(job.folder), { namespace, job: jobName });
    try {
      // A word that the server does not know would be left out without one.
      await api.ask({ path: jobsOf(namespace), query: { fieldValidation: 'Strict' }, method: 'POST', body: manifest });
    } catch (error) {
      // Of an answer that was lost; nobody else's Job has this name.
      if (!(error instanceof KubeRefusal) || error.code !== 409) throw explained(error);
    }
    return `${namespace}/${jobName}`;
  }

  async find(_name: string, folder: string): Promise<string | null> {
    const record = RecordSchema.nullable().parse(await readJsonIfAny(recordIn(folder)));
    if (record === null) return null;
    const { api } = await this.open();
    try {
      await api.ask({ path: `${jobsOf(record.namespace)}/${record.job}` });
      return `${record.namespace}/${record.job}`;
    } catch (error) {
      if (isGone(error)) return null;
      throw whileItRuns(error);
    }
  }

  async states(ids: readonly string[]): Promise<ReadonlyMap<string, SchedulerState>> {
    const states = new Map<string, SchedulerState>();
    const namespaces = new Set(ids.map((id) => partsOf(id).namespace));
    for (const namespace of namespaces) {
      const own = ids.filter((id) => partsOf(id).namespace === namespace);
      for (let at = 0; at < own.length; at += MOST_NAMES)
        await this.addStates(namespace, own.slice(at, at + MOST_NAMES), states);
    }
    for (const id of ids) {
      const end = this.deleted.get(id);
      if (end !== undefined && states.get(id) === undefined) states.set(id, end);
    }
    return states;
  }

  async cancel(id: string): Promise<void> {
    await this.delete(id, { state: 'ended', cause: 'cancelled', returnCode: null });
  }

  async logs(id: string, cursor: string | null): Promise<PrintedSince> {
    const { podLogs } = await this.open();
    if (!this.places.has(id)) await this.addStates(partsOf(id).namespace, [id], new Map());
    const place = this.places.get(id);
    if (place !== undefined) return await podLogs.since(id, place, cursor);
    return { stdout: '', stderr: '', cursor: cursor ?? '' };
  }

  private async addStates(namespace: string, ids: readonly string[], states: Map<string, SchedulerState>) {
    const { api } = await this.open();
    const query = { labelSelector: `${LABELS.job} in (${ids.map((id) => partsOf(id).job).join(',')})` };
    const ask = (path: string) =>
      api.ask({ path, query }).catch((error: unknown) => Promise.reject(whileItRuns(error)));
    const askedAtMs = Date.now();
    const pods = newestOf(PodListSchema.parse(await ask(`/api/v1/namespaces/${namespace}/pods`)).items);
    for (const [job, pod] of pods) {
      const id = `${namespace}/${job}`;
      const told = podState(pod, Date.now());
      const toCome = endToCome(pod);
      if (toCome !== null) this.disrupted.set(id, toCome);
      const earlier = this.places.get(id);
      if (earlier !== undefined && earlier.uid !== pod.metadata.uid) {
        states.set(id, await this.begunAnew(id));
        continue;
      }
      // One that has not begun may be taken back and given another pod.
      if (told.state.state !== 'pending') this.places.set(id, placeOf(namespace, pod, told.state, askedAtMs));
      states.set(id, await this.withoutTheStuck(id, told));
    }
    if (ids.every((id) => states.has(id) || this.deleted.has(id))) return;
    for (const job of JobListSchema.parse(await ask(jobsOf(namespace))).items) {
      const id = `${namespace}/${job.metadata.name}`;
      if (states.has(id)) continue;
      const state = jobState(job);
      const isPreempted = state.state === 'ended' && state.cause === 'preempted';
      states.set(id, isPreempted ? { ...state, ...this.disrupted.get(id) } : state);
    }
  }

  /** One that cannot start is taken away: it would hold its place, and might begin when nobody looks any more. */
  private async withoutTheStuck(id: string, { state, stuck }: Told): Promise<SchedulerState> {
    const before = this.deleted.get(id);
    if (before !== undefined) return before.cause === 'cancelled' ? state : before;
    if (stuck === undefined) this.heldSinceMs.delete(id);
    if (stuck === undefined || state.state !== 'pending') return state;
    const since = this.heldSinceMs.get(id) ?? Date.now();
    this.heldSinceMs.set(id, since);
    if (stuck === 'unless mended' && Date.now() - since < this.mendedWithinMs) return state;
    const end: Ended = { state: 'ended', cause: 'never_started', returnCode: null, said: state.reason };
    await this.delete(id, end);
    return end;
  }

  /** A queue of the cluster put it aside after it had begun: two trainings would stand in one log. */
  private async begunAnew(id: string): Promise<Ended> {
    const said = 'Kubernetes: the Job was suspended after it had begun, and has a second pod';
    const end: Ended = { state: 'ended', cause: 'preempted', returnCode: null, said };
    await this.delete(id, end);
    return this.deleted.get(id) ?? end;
  }

  /** In the foreground: the Job stays until its pods have ended, each in its own time. */
  private async delete(id: string, end: Ended): Promise<void> {
    const { namespace, job } = partsOf(id);
    const { api } = await this.open();
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' };
    try {
      await api.ask({ path: `${jobsOf(namespace)}/${job}`, method: 'DELETE', body });
    } catch (error) {
      if (!isGone(error)) throw whileItRuns(error);
    }
    if (!this.deleted.has(id)) this.deleted.set(id, end);
  }

  /** A flag counts before the launch command, and both before the manifest and the kubeconfig. */
  private namespaceFor(ofManifest: string, api: KubeApi): string {
    const { kube_namespace, base_launch_command } = this.context.config;
    const asked = kube_namespace || readKubectlCommand(base_launch_command)?.namespace || '';
    if (asked !== '' && ofManifest !== '' && asked !== ofManifest)
      throw new Error(`the manifest is for the namespace ${ofManifest}, and ${asked} is asked for`);
    return asked || ofManifest || api.namespace || 'default';
  }

  private open() {
    this.opened ??= this.openNow().catch((error: unknown) => {
      this.opened = null;
      throw error;
    });
    return this.opened;
  }

  private async openNow() {
    const { kube_context, base_launch_command } = this.context.config;
    const api = await KubeApi.open(kube_context || (readKubectlCommand(base_launch_command)?.context ?? ''));
    return { api, podLogs: new PodLogs(api) };
  }
}

const recordIn = (folder: string) => join(folder, 'kubernetes.json');
const jobsOf = (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`;
const isGone = (error: unknown) => error instanceof KubeRefusal && error.code === 404;

/** With what a person can do about it. */
function explained(error: unknown): unknown {
  if (!(error instanceof KubeRefusal)) return error;
  if (error.code === 401) return new Error(`Kubernetes does not take the credentials: ${error.message}`);
  if (error.code === 403)
    return new Error(`${error.message} (docs/platforms/kubernetes-role.yaml is the role that is needed)`);
  return new Error(`Kubernetes refuses it: ${error.message}`);
}

/** Credentials run out while a job runs: it goes on, and is asked about again when somebody has brought new ones. */
function whileItRuns(error: unknown): unknown {
  const isOfCredentials = error instanceof KubeRefusal && error.code === 401;
  return isOfCredentials ? new SchedulerBusy((explained(error) as Error).message) : explained(error);
}

/** `namespace/job` */
function partsOf(id: string): { namespace: string; job: string } {
  const [namespace, job, ...more] = id.split('/');
  if (namespace && job && more.length === 0) return { namespace, job };
  throw new RangeError(`${JSON.stringify(id)} is no id of a Job (namespace/name)`);
}

function placeOf(namespace: string, pod: Pod, state: SchedulerState, askedAtMs: number): PodPlace {
  return {
    namespace,
    name: pod.metadata.name,
    uid: pod.metadata.uid,
    container: tellingContainer(pod),
    endedAtMs: state.state === 'ended' ? (state.endedAtMs ?? Date.now()) : null,
    askedAtMs,
  };
}
