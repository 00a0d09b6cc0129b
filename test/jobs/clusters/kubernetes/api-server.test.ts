/** What an API server is asked, and what is made of its refusals: a small one that answers as the real one does. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSchema } from '../../../../domain/formats/config.js';
import { KubernetesScheduler } from '../../../../jobs/clusters/kubernetes/kubernetes-scheduler.js';
import { SchedulerBusy } from '../../../../jobs/clusters/scheduler.js';
import { removeFolder } from '../../../support/remove-folder.js';

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

const before = process.env.KUBECONFIG;
const folder = await mkdtemp(join(tmpdir(), 'autoresearch-kube-answers-'));
let asked: string[] = [];
let answer: Answer;
const server = createServer((request, response) => {
  const url = new URL(request.url!, 'http://server');
  asked.push(`${request.method} ${url.pathname}`);
  answer(request, response, url);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'here' },
    clusters: [{ name: 'here', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: { token: 'secret' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace: 'training' } }],
  };
  process.env.KUBECONFIG = join(folder, 'config');
  await writeFile(process.env.KUBECONFIG, JSON.stringify(config));
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  server.close();
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
  await removeFolder(folder);
});

const says =
  (code: number, body: unknown): Answer =>
  (_, response) => {
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const refuses = (code: number, reason: string, message: string) =>
  says(code, { kind: 'Status', status: 'Failure', code, reason, message });

function scheduler(more: Record<string, unknown> = {}, mendedWithinMs = 0) {
  const config = ConfigSchema.parse({
    ...{ pipeline_script: 'train.py', source_dir: folder, base_launch_command: 'python train.py', image: 'x:1' },
    ...more,
  });
  return new KubernetesScheduler({ config }, mendedWithinMs);
}

const job = {
  ...{ name: 'ar-r-n1', run: 'r', nodeId: 'n1', command: 'python train.py', launchCommand: 'python train.py' },
  ...{ script: '', cwd: folder, env: {}, timeLimitS: 60, folder },
};

describe('a pod that cannot start', () => {
  it('is taken away with its Job, by one list and one deletion, and told as never started for good', async () => {
    const held = { name: 'main', state: { waiting: { reason: 'InvalidImageName', message: 'why' } } };
    const pod = {
      metadata: { name: 'p', labels: { 'autoresearch/job': 'x' } },
      spec: { containers: [{ name: 'main' }] },
    };
    let items = [{ ...pod, status: { phase: 'Pending', containerStatuses: [held] } }];
    answer = (request, response, url) => {
      if (request.method === 'GET') expect(url.searchParams.get('labelSelector')).toBe('autoresearch/job in (x)');
      says(200, { items })(request, response, url);
    };
    const one = scheduler();
    const end = { state: 'ended', cause: 'never_started', returnCode: null, said: 'Kubernetes: InvalidImageName, why' };
    expect((await one.states(['training/x'])).get('training/x')).toEqual(end);
    items = [];
    expect((await one.states(['training/x'])).get('training/x')).toEqual(end);
    expect(asked).toEqual([
      'GET /api/v1/namespaces/training/pods',
      'DELETE /apis/batch/v1/namespaces/training/jobs/x',
      'GET /api/v1/namespaces/training/pods',
    ]);
  });

  it('is waited for while its image or secret may come', async () => {
    const held = { name: 'main', state: { waiting: { reason: 'ImagePullBackOff' } } };
    const pod = {
      metadata: { name: 'p', labels: { 'autoresearch/job': 'x' } },
      spec: { containers: [{ name: 'main' }] },
    };
    answer = says(200, { items: [{ ...pod, status: { phase: 'Pending', containerStatuses: [held] } }] });
    const state = (await scheduler({}, 60_000).states(['training/x'])).get('training/x');
    expect(state).toEqual({ state: 'pending', reason: 'Kubernetes: ImagePullBackOff' });
  });
});

describe('an API server', () => {
  it.each([
    [429, 'TooManyRequests', 'too many requests'],
    [503, 'ServiceUnavailable', 'the server is shutting down'],
    [500, 'InternalError', 'etcdserver: leader changed'],
    [403, 'Forbidden', 'jobs.batch "x" is forbidden: exceeded quota: team, requested: count/jobs.batch=1'],
  ])('that says %s %s is asked again later', async (code, reason, message) => {
    answer = refuses(code, reason, message);
    await expect(scheduler().submit(job)).rejects.toThrow(SchedulerBusy);
    await expect(scheduler().states(['training/x'])).rejects.toThrow(message);
  });

  it('that is not there is asked again later', async () => {
    const config = JSON.parse(await readFile(process.env.KUBECONFIG!, 'utf8'));
    config.clusters[0].cluster.server = 'http://127.0.0.1:1';
    config.contexts.push({ ...config.contexts[0], name: 'gone' });
    const own = process.env.KUBECONFIG;
    process.env.KUBECONFIG = join(folder, 'gone');
    await writeFile(process.env.KUBECONFIG, JSON.stringify(config));
    const silent = scheduler({ kube_context: 'gone' }).states(['training/x']);
    await expect(silent).rejects.toThrow(/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/);
    process.env.KUBECONFIG = own;
    await expect(silent).rejects.toThrow(SchedulerBusy);
  });

  it.each([
    [403, 'Forbidden', 'User "me" cannot create resource "jobs"', /kubernetes-role\.yaml/],
    [401, 'Unauthorized', 'Unauthorized', /does not take the credentials/],
    [422, 'Invalid', 'spec.template.spec.containers[0].image: Required value', /refuses it: .*image: Required/],
  ])('that says %s %s refuses the job', async (code, reason, message, text) => {
    answer = refuses(code, reason, message);
    const refused = scheduler().submit(job);
    await expect(refused).rejects.toThrow(text);
    await expect(refused).rejects.not.toBeInstanceOf(SchedulerBusy);
    // Credentials run out, and a person brings new ones: what runs goes on.
    if (code === 401) await expect(scheduler().states(['training/x'])).rejects.toThrow(SchedulerBusy);
  });

  it('that has the Job already was heard of before', async () => {
    answer = refuses(409, 'AlreadyExists', 'jobs.batch "x" already exists');
    expect(await scheduler().submit(job)).toMatch(/^training\/ar-r-n1-[0-9a-f]{12}$/);
    answer = refuses(404, 'NotFound', 'not found');
    await scheduler().cancel('training/x');
    expect(await scheduler().find(job.name, folder)).toBeNull();
    expect(await scheduler().find(job.name, join(folder, 'never'))).toBeNull();
  });

  it('is told to end a Job only when its pod has ended', async () => {
    let body: unknown = null;
    answer = async (request, response, url) => {
      body = await json(request).catch(() => null);
      says(200, {})(request, response, url);
    };
    await scheduler().cancel('training/x');
    expect(body).toEqual({ apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' });
  });

  it('is not asked where the kubeconfig has no such context', async () => {
    await expect(scheduler({ kube_context: 'other' }).states(['a/b'])).rejects.toThrow(
      /no context "other" \(contexts: here\): give --kube-context/,
    );
    expect(asked).toEqual([]);
  });

  it('is asked for a namespace that the manifest is for, and for no other', async () => {
    const manifest = 'apiVersion: batch/v1\nkind: Job\nmetadata: {namespace: team}\n';
    const spec = 'spec: {template: {spec: {containers: [{name: main, image: "x:1"}]}}}\n';
    await writeFile(join(folder, 'job.yaml'), manifest + spec);
    answer = says(201, {});
    const launch = { ...job, launchCommand: 'kubectl apply -f job.yaml' };
    expect(await scheduler().submit(launch)).toMatch(/^team\//);
    await expect(scheduler({ kube_namespace: 'other' }).submit(launch)).rejects.toThrow(
      /for the namespace team, and other/,
    );
  });
});

async function untilPrinted(one: KubernetesScheduler, cursor: string, text: string) {
  for (;;) {
    const printed = await one.logs('training/x', cursor);
    if (printed.stdout !== '') {
      expect(printed.stdout).toBe(text);
      return printed;
    }
    await sleep(20);
  }
}

describe('a log', () => {
  const pod = {
    metadata: { name: 'p', uid: 'u', labels: { 'autoresearch/job': 'x' } },
    spec: { containers: [{ name: 'main' }] },
  };
  const running = {
    ...pod,
    status: { phase: 'Running', containerStatuses: [{ name: 'main', state: { running: {} } }] },
  };
  const at = '2026-11-29T12:00:00.5Z';
  let open: ServerResponse[] = [];
  const follow: Answer = (request, response, url) => {
    if (!url.pathname.endsWith('/log')) return says(200, { items: [running] })(request, response, url);
    response.writeHead(200);
    response.write(`${at} first\n`);
    open.push(response);
  };
  beforeEach(() => {
    open = [];
    answer = follow;
  });

  it('is followed by one request, and begun again behind what was read where that is cut', async () => {
    const one = scheduler();
    const first = await one.logs('training/x', null);
    expect(first.stdout).toBe('first\n');
    open[0]!.write(`${at} second\n2026-11-29T12:00:01Z thi`);
    const second = await untilPrinted(one, first.cursor, 'second\n');
    expect(asked.filter((each) => each.endsWith('/log'))).toHaveLength(1);
    open[0]!.destroy();
    answer = (request, response, url) => {
      if (!url.pathname.endsWith('/log')) return follow(request, response, url);
      expect(url.searchParams.get('sinceTime')).toBe('2026-11-29T12:00:00.500Z');
      response.writeHead(200).end(`${at} first\n${at} second\n2026-11-29T12:00:01Z third\n`);
    };
    await untilPrinted(one, second.cursor, 'third\n');
  });

  it('whose cursor is an older one is read again', async () => {
    const one = scheduler();
    expect((await one.logs('training/x', null)).stdout).toBe('first\n');
    expect((await one.logs('training/x', null)).stdout).toBe('first\n');
    for (const response of open) response.destroy();
  });

  it('that is not there yet is empty', async () => {
    answer = (request, response, url) =>
      url.pathname.endsWith('/log')
        ? refuses(400, 'BadRequest', 'container "main" is waiting to start')(request, response, url)
        : follow(request, response, url);
    expect(await scheduler().logs('training/x', null)).toMatchObject({ stdout: '', stderr: '' });
  });
});
