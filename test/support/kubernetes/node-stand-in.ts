/**
 * A node for a test's API server: it heartbeats, takes each pod that has no node, runs their containers as
 * processes of this host, and tells their logs by the address that a kubelet has. A container sees this host's files.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, asked, done, MERGE } from './admin-client.js';
import { type PodObject, PodWorker } from './pod-worker.js';

const LOOK_MS = 150;
const HEARTBEAT_MS = 1000;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

export class NodeStandIn {
  private readonly pods = new Map<string, PodWorker>();
  private isUp = true;
  private work: Promise<unknown>[] = [];

  private constructor(
    private readonly admin: Admin,
    readonly name: string,
    private readonly imageEnv: Record<string, string>,
    private readonly server: Server,
  ) {}

  /** `imageEnv` is what the image of each container has in its environment. */
  static async join(
    admin: Admin,
    name: string,
    tls: { key: string; cert: string },
    imageEnv: Record<string, string>,
  ): Promise<NodeStandIn> {
    const server = createServer(tls).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const node = new NodeStandIn(admin, name, imageEnv, server);
    server.on('request', (request, response) => void node.answer(new URL(request.url!, 'https://node'), response));
    const path = `/api/v1/nodes/${name}`;
    await asked(admin, 'POST', '/api/v1/nodes', { metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
    const size = { cpu: '64', memory: '64Gi', pods: '200', 'ephemeral-storage': '100Gi' };
    const port = (server.address() as AddressInfo).port;
    await done(
      admin,
      'PATCH',
      `${path}/status`,
      {
        status: {
          capacity: size,
          allocatable: size,
          addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
          daemonEndpoints: { kubeletEndpoint: { Port: port } },
        },
      },
      MERGE,
    );
    node.work = [node.heartbeats(), node.looks()];
    return node;
  }

  worker(jobName: string): PodWorker {
    const found = [...this.pods.values()].find(({ pod }) => pod.metadata.labels['autoresearch/job'] === jobName);
    if (found === undefined) throw new Error(`no pod of ${jobName} is on ${this.name}`);
    return found;
  }

  /** It is not heard of any more, and answers nobody. */
  async fail(): Promise<void> {
    this.isUp = false;
    await Promise.allSettled(this.work);
    for (const pod of this.pods.values()) pod.drop();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async heartbeats(): Promise<void> {
    while (this.isUp) {
      const renewTime = new Date().toISOString().replace('Z', '000Z');
      const spec = { holderIdentity: this.name, leaseDurationSeconds: 5, renewTime };
      const lease = { metadata: { name: this.name, namespace: 'kube-node-lease' }, spec };
      const times = { lastHeartbeatTime: new Date().toISOString() };
      const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', ...times };
      await Promise.all([
        asked(this.admin, 'PATCH', `${LEASES}/${this.name}`, { spec }, 'application/merge-patch+json').then(
          ({ code }) => (code === 404 ? asked(this.admin, 'POST', LEASES, lease) : null),
        ),
        asked(this.admin, 'PATCH', `/api/v1/nodes/${this.name}/status`, { status: { conditions: [ready] } }, MERGE),
      ]).catch(() => {});
      await sleep(HEARTBEAT_MS);
    }
  }

  /** It is its own scheduler, with room for all. */
  private async schedule(): Promise<void> {
    const answer = await asked(this.admin, 'GET', '/api/v1/pods?fieldSelector=spec.nodeName=,status.phase=Pending');
    for (const { metadata, spec, status } of answer.body?.items ?? []) {
      const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
      if (Object.keys(spec.nodeSelector ?? {}).length === 0) {
        const target = { apiVersion: 'v1', kind: 'Node', name: this.name };
        await asked(this.admin, 'POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata, target });
      } else if (status.conditions === undefined) {
        // As kube-scheduler writes it.
        const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
        const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
        await asked(this.admin, 'PATCH', `${path}/status`, { status: { conditions } }, MERGE);
      }
    }
  }

  private async looks(): Promise<void> {
    const path = `/api/v1/pods?resourceVersion=0&fieldSelector=spec.nodeName=${this.name}`;
    while (this.isUp) {
      await this.schedule().catch(() => {});
      const answer = await asked(this.admin, 'GET', path).catch(() => null);
      for (const pod of (answer?.body?.items ?? []) as PodObject[]) {
        if (!this.pods.has(pod.metadata.uid) && pod.status.phase === 'Pending')
          this.pods.set(pod.metadata.uid, new PodWorker(this.admin, pod, this.imageEnv));
        void this.pods
          .get(pod.metadata.uid)
          ?.sync(pod)
          .catch(() => {});
      }
      await sleep(LOOK_MS);
    }
  }

  /** `/containerLogs/<namespace>/<pod>/<container>` */
  private async answer(url: URL, response: import('node:http').ServerResponse): Promise<void> {
    const [, what, namespace, name, container] = url.pathname.split('/');
    const pod = [...this.pods.values()].find(
      ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
    );
    const log = pod?.containers.get(container ?? '')?.log;
    if (what !== 'containerLogs' || log === undefined) {
      response.writeHead(404).end('not here');
      return;
    }
    const query = (key: string) => url.searchParams.get(key) ?? '';
    const since = query('sinceTime') === '' ? 0 : Date.parse(query('sinceTime'));
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const lines = log.read({
      sinceMs: since,
      timestamps: query('timestamps') === 'true',
      follow: query('follow') === 'true',
    });
    await pipeline(lines, response).catch(() => {});
  }
}
