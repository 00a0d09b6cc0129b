/** One pod on the stand-in's host: its containers, its status as it is told to the server, and its ends. */
import { type Admin, asked, MERGE } from './admin-client.js';
import { ContainerProcess, type ContainerSpec, environmentOf } from './container-process.js';

interface PodSpec {
  containers: ContainerSpec[];
  initContainers?: ContainerSpec[];
  activeDeadlineSeconds?: number;
  terminationGracePeriodSeconds?: number;
}

export interface PodObject {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    labels: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec: PodSpec;
  status: { phase: string };
}

interface Held {
  reason: string;
  message: string;
}

/** An image of which no registry knows. */
const MISSING = /(?:^|\/)missing/;
const IMAGE = /^[a-z0-9]+(?:[._/:@-][a-z0-9.]+)*$/;

export class PodWorker {
  readonly containers = new Map<string, ContainerProcess>();
  private readonly startTime = new Date().toISOString();
  private held: { container: string } & Held = { container: '', reason: 'ContainerCreating', message: '' };
  private end: { phase: 'Failed'; reason?: string; message?: string; conditions?: unknown[] } | null = null;
  private isDeleting = false;
  private hasBegun = false;
  private isGone = false;
  private telling: Promise<unknown> = Promise.resolve();
  private deadline: NodeJS.Timeout | null = null;

  constructor(
    private readonly admin: Admin,
    readonly pod: PodObject,
    private readonly imageEnv: Record<string, string>,
  ) {}

  /** At each look at the pods of the host. */
  async sync(pod: PodObject): Promise<void> {
    if (pod.metadata.deletionTimestamp !== undefined) return await this.delete();
    if (this.hasBegun) return;
    const held = await this.holds(pod.spec);
    if (held !== null) {
      if (held.reason !== this.held.reason) {
        this.held = held;
        await this.tell();
      }
      return;
    }
    this.hasBegun = true;
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds !== undefined)
      this.deadline = setTimeout(() => void this.overDeadline(), activeDeadlineSeconds * 1000);
    void this.begin(pod.spec);
  }

  /** As a kubelet that is short of memory. */
  async evict(): Promise<void> {
    const message = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 60Mi.';
    const disruption = { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message };
    await this.endAs({ phase: 'Failed', reason: 'Evicted', message, conditions: [disruption] });
  }

  killForMemory(): void {
    this.containers.get(this.pod.spec.containers[0]!.name)!.killForMemory();
  }

  /** The host is gone, with all that ran on it. */
  drop(): void {
    this.isGone = true;
    if (this.deadline !== null) clearTimeout(this.deadline);
    for (const container of this.containers.values()) container.signal('SIGKILL');
  }

  private async begin({ initContainers = [], containers }: PodSpec): Promise<void> {
    for (const container of initContainers) {
      this.held = { container: containers[0]!.name, reason: 'PodInitializing', message: '' };
      await new Promise<void>((resolve) => void this.start(container, resolve));
      if (this.containers.get(container.name)!.terminated!.exitCode !== 0) {
        this.end = { phase: 'Failed' };
        return await this.tell();
      }
    }
    for (const container of containers) await this.start(container, () => void this.tell());
  }

  private async start(spec: ContainerSpec, onEnd: () => void): Promise<void> {
    const variables = await Promise.all(
      (spec.env ?? []).map(async ({ name, value = '', valueFrom }) => ({
        name,
        value: valueFrom?.secretKeyRef === undefined ? value : await this.secret(valueFrom.secretKeyRef),
      })),
    );
    const container = new ContainerProcess(spec, environmentOf(this.imageEnv, variables), onEnd);
    this.containers.set(spec.name, container);
    await this.tell();
  }

  private async secret({ name, key }: { name: string; key: string }): Promise<string> {
    const { body } = await asked(
      this.admin,
      'GET',
      `/api/v1/namespaces/${this.pod.metadata.namespace}/secrets/${name}`,
    );
    return Buffer.from(body.data[key], 'base64').toString();
  }

  private async holds({ containers, initContainers = [] }: PodSpec): Promise<(Held & { container: string }) | null> {
    for (const { name: container, image, env = [] } of [...initContainers, ...containers]) {
      if (!IMAGE.test(image))
        return { container, reason: 'InvalidImageName', message: `couldn't parse image name "${image}"` };
      if (MISSING.test(image)) {
        const reason = this.held.reason === 'ErrImagePull' ? 'ImagePullBackOff' : 'ErrImagePull';
        return { container, reason, message: `Back-off pulling image "${image}": not found` };
      }
      for (const { valueFrom } of env) {
        const name = valueFrom?.secretKeyRef?.name as string | undefined;
        if (name === undefined) continue;
        const path = `/api/v1/namespaces/${this.pod.metadata.namespace}/secrets/${name}`;
        if ((await asked(this.admin, 'GET', path)).code === 404)
          return { container, reason: 'CreateContainerConfigError', message: `secret "${name}" not found` };
      }
    }
    return null;
  }

  private async overDeadline(): Promise<void> {
    const message = 'Pod was active on the node longer than the specified deadline';
    await this.endAs({ phase: 'Failed', reason: 'DeadlineExceeded', message });
  }

  private async endAs(end: NonNullable<PodWorker['end']>): Promise<void> {
    this.end = end;
    this.hasBegun = true;
    await this.stop();
    await this.tell();
  }

  private async stop(): Promise<void> {
    const running = [...this.containers.values()].filter(({ terminated }) => terminated === null);
    for (const container of running) container.signal('SIGTERM');
    const deadline = Date.now() + (this.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    while (running.some(({ terminated }) => terminated === null)) {
      if (Date.now() > deadline) for (const container of running) container.signal('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  private async delete(): Promise<void> {
    if (this.isDeleting) return;
    this.isDeleting = true;
    this.hasBegun = true;
    await this.stop();
    if (this.containers.size === 0) this.end ??= { phase: 'Failed' };
    await this.tell();
    await this.insist('DELETE', this.path(), { gracePeriodSeconds: 0 });
  }

  private path(): string {
    return `/api/v1/namespaces/${this.pod.metadata.namespace}/pods/${this.pod.metadata.name}`;
  }

  /** One at a time, each with what is so then. */
  private tell(): Promise<void> {
    const telling = this.telling.then(() => this.tellNow()).catch(() => {});
    this.telling = telling;
    return telling;
  }

  private async tellNow(): Promise<void> {
    if (this.isGone) return;
    const { containers, initContainers = [] } = this.pod.spec;
    const states = containers.map(({ name }) => this.containers.get(name)?.terminated ?? null);
    const isOver = states.every((state) => state !== null);
    const isGood = states.every((state) => state?.exitCode === 0);
    const phase = this.end?.phase ?? (isOver ? (isGood ? 'Succeeded' : 'Failed') : this.isUp() ? 'Running' : 'Pending');
    if (phase !== 'Running' && phase !== 'Pending' && this.deadline !== null) clearTimeout(this.deadline);
    const ready = { type: 'Ready', status: phase === 'Running' ? 'True' : 'False' };
    const status = {
      phase,
      ...(this.end?.reason === undefined ? {} : { reason: this.end.reason, message: this.end.message }),
      startTime: this.startTime,
      conditions: [ready, ...(this.end?.conditions ?? [])],
      containerStatuses: containers.map((each) => this.statusOf(each)),
      ...(initContainers.length === 0
        ? {}
        : { initContainerStatuses: initContainers.map((each) => this.statusOf(each)) }),
    };
    await this.insist('PATCH', `${this.path()}/status`, { status }, MERGE);
  }

  /** A server that is down for a while is told when it is back. */
  private async insist(method: string, path: string, body: unknown, type?: string): Promise<void> {
    while (!this.isGone) {
      const answer = await asked(this.admin, method, path, body, type).catch(() => null);
      if (answer !== null && answer.code < 500 && answer.code !== 429) return;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }

  private isUp(): boolean {
    return this.pod.spec.containers.some(({ name }) => this.containers.has(name));
  }

  private statusOf({ name, image }: ContainerSpec) {
    const container = this.containers.get(name);
    const { reason, message } = this.held.container === name ? this.held : { reason: 'PodInitializing', message: '' };
    const waiting = { reason, ...(message === '' ? {} : { message }) };
    const state =
      container === undefined
        ? { waiting, running: null, terminated: null }
        : container.terminated === null
          ? { running: { startedAt: container.startedAt }, waiting: null, terminated: null }
          : { terminated: container.terminated, waiting: null, running: null };
    return { name, image, imageID: '', ready: container?.terminated === null, restartCount: 0, state };
  }
}
