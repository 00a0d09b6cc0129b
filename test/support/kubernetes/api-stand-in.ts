/**
 * A stand-in for an API server and the one node behind it: what the platform asks of Jobs, pods and logs, answered in
 * the words of the real one; containers are processes of this host and see its files. It checks neither manifests nor
 * rights.
 */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { JobManifest } from '../../../jobs/clusters/kubernetes/job-template.js';
import { ContainerProcess, type ContainerSpec, environmentOf } from './container-process.js';

interface PodEnd {
  reason?: string;
  message?: string;
  conditions?: { type: string; status: string; reason: string; message: string }[];
}

interface Work {
  job: JobManifest;
  created: string;
  process: ContainerProcess;
  /** What befell the pod from outside of its container. */
  end: PodEnd | null;
}

const JOBS = /^\/apis\/batch\/v1\/namespaces\/([^/]+)\/jobs(?:\/([^/]+))?$/;
const PODS = /^\/api\/v1\/namespaces\/([^/]+)\/pods(?:\/([^/]+)\/log)?$/;

export class KubernetesStandIn {
  /** `GET pods` and the like, each time that something was asked. */
  readonly asked: string[] = [];
  /** While it is set, a Job that is made is not said to be. */
  losesAnswers = false;
  private readonly work = new Map<string, Work>();
  /** Of every Job that was ever made; deleted ones too. */
  private readonly names: string[] = [];
  private port = 0;
  private server = this.newServer();
  private readonly before = process.env.KUBECONFIG;

  /** This process's KUBECONFIG, a file that is made, names it. */
  static async start(kubeconfig: string): Promise<KubernetesStandIn> {
    const standIn = new KubernetesStandIn();
    await standIn.up();
    const cluster = { server: `http://127.0.0.1:${standIn.port}`, 'insecure-skip-tls-verify': true };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
      clusters: [{ name: 'here', cluster }],
      users: [{ name: 'me', user: { token: 'secret' } }],
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace: 'training' } }],
    };
    await writeFile(kubeconfig, JSON.stringify(config));
    process.env.KUBECONFIG = kubeconfig;
    return standIn;
  }

  async up(): Promise<void> {
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Nobody listens at its address then; what runs goes on. */
  async down(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.server = this.newServer();
  }

  async stop(): Promise<void> {
    for (const { process } of this.work.values()) process.signal('SIGKILL');
    await this.down();
    if (this.before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = this.before;
  }

  /** As the annotations of all Jobs that were ever made say. */
  get jobNames(): readonly string[] {
    return this.names;
  }

  /** The same of those whose containers run. */
  get runningNames(): readonly string[] {
    const running = [...this.work.values()].filter(({ process }) => process.terminated === null);
    return running.map(({ job }) => job.metadata.annotations!['autoresearch/name']!);
  }

  forget(): void {
    this.work.clear();
  }

  killForMemory(job: string): void {
    this.work.get(job)!.process.killForMemory();
  }

  endPod(job: string, end: PodEnd): void {
    const work = this.work.get(job)!;
    work.end = end;
    work.process.signal('SIGKILL');
  }

  private newServer() {
    return createServer((request, response) => {
      void this.answer(request, response).catch((error: Error) => {
        response.writeHead(500).end(JSON.stringify({ message: error.message }));
      });
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://server');
    const says = (code: number, body: unknown) => {
      response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const [, , jobName] = JOBS.exec(url.pathname) ?? [];
    const [isPod, , podName] = PODS.exec(url.pathname) ?? [];
    const what = isPod === undefined ? 'jobs' : podName === undefined ? 'pods' : 'log';
    this.asked.push(`${request.method} ${what}`);
    const selected = /\((.*)\)/.exec(url.searchParams.get('labelSelector') ?? '')?.[1]?.split(',') ?? [];
    const found = selected.flatMap((name) => this.work.get(name) ?? []);
    if (request.method === 'POST') {
      const answer = this.create((await json(request)) as JobManifest);
      return this.losesAnswers ? undefined : says(...answer);
    }
    if (what === 'pods') return says(200, { items: found.map(podOf) });
    if (what === 'log') return await this.log(podName!, url, response);
    if (jobName === undefined) return says(200, { items: found.map(({ job }) => job) });
    const work = this.work.get(jobName);
    if (work === undefined) return says(404, { reason: 'NotFound', message: `jobs.batch "${jobName}" not found` });
    if (request.method === 'DELETE') void this.delete(jobName, work);
    says(200, work.job);
  }

  private create(job: JobManifest): [number, unknown] {
    const name = job.metadata.name!;
    if (this.work.has(name)) return [409, { reason: 'AlreadyExists', message: `jobs.batch "${name}" already exists` }];
    const spec = job.spec.template.spec.containers[0] as ContainerSpec;
    const { PATH = '', HOME = '' } = process.env;
    const env = environmentOf(
      { PATH, HOME },
      (spec.env ?? []).map(({ name, value = '' }) => ({ name, value })),
    );
    this.work.set(name, {
      job,
      created: new Date().toISOString(),
      process: new ContainerProcess(spec, env),
      end: null,
    });
    this.names.push(job.metadata.annotations!['autoresearch/name']!);
    return [201, job];
  }

  /** The Job is there until its pod has ended. */
  private async delete(name: string, { process }: Work): Promise<void> {
    process.signal('SIGTERM');
    while (process.terminated === null) await new Promise((resolve) => setTimeout(resolve, 50));
    this.work.delete(name);
  }

  private async log(podName: string, url: URL, response: ServerResponse): Promise<void> {
    const work = this.work.get(podName.replace(/-pod$/, ''));
    if (work === undefined) return void response.writeHead(404).end('{}');
    const since = url.searchParams.get('sinceTime');
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const lines = work.process.log.read({
      // The server hands whole seconds to the node.
      sinceMs: since === null ? 0 : Math.floor(Date.parse(since) / 1000) * 1000,
      timestamps: url.searchParams.get('timestamps') === 'true',
      follow: url.searchParams.get('follow') === 'true',
    });
    await pipeline(lines, response).catch(() => {});
  }
}

function podOf({ job, created, process, end }: Work) {
  const { terminated, startedAt } = process;
  const { containers } = job.spec.template.spec;
  const phase = terminated === null ? 'Running' : terminated.exitCode === 0 ? 'Succeeded' : 'Failed';
  const state = terminated === null ? { running: { startedAt } } : { terminated };
  const name = `${job.metadata.name}-pod`;
  return {
    metadata: { name, uid: `uid of ${name} ${created}`, creationTimestamp: created, labels: job.metadata.labels },
    spec: { nodeName: 'node-1', containers: containers.map((each) => ({ name: each.name })) },
    status: {
      ...{ phase, startTime: startedAt, containerStatuses: [{ name: containers[0]!.name, state }] },
      ...(terminated === null ? {} : end),
    },
  };
}
