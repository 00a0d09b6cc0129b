/**
 * A real Kubernetes for tests, in a folder of its own: etcd, the API server with its access rules on and the
 * controllers as children of the test, on free ports; nodes are stand-ins (node-stand-in.ts). The server's own
 * audit log counts what it is asked by those who are not its administrator.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { choosePort } from '../../../host/free-ports.js';
import { packageFile } from '../../../host/package-files.js';
import { removeFolder } from '../remove-folder.js';
import { type Admin, asked, done } from './admin-client.js';
import { AUDIT_POLICY, controllerFlags, etcdFlags, type Ports, serverFlags } from './control-plane-flags.js';
import { NodeStandIn } from './node-stand-in.js';

const TOOLS = process.env.AUTORESEARCH_TOOLS || packageFile('.tools');
const program = (name: string) => join(TOOLS, 'kubernetes', name);
const PROGRAMS = ['kube-apiserver', 'kube-controller-manager'];
/** For commands of people alone, so that nothing else is skipped where it was not built. */
export const kubectlProgram = program('kubectl');
const ADMIN_TOKEN = 'admin-of-the-test';
const RUNNER_TOKEN = 'autoresearch-of-the-test';
/** Of the role's example (docs/platforms/kubernetes-role.yaml). */
export const NAMESPACE = 'training';

/** Why no Kubernetes can be started here, or null. */
export const noKubernetesBecause = whyNot();

function whyNot(): string | null {
  const built = PROGRAMS.find((name) => !existsSync(program(name)));
  if (built !== undefined) return `${built} is not built (node scripts/setup.mjs kubernetes)`;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, 'etcd')))
    ? null
    : 'etcd is not installed (node scripts/setup.mjs kubernetes)';
}

export const onKubernetes = (title: string) =>
  noKubernetesBecause === null ? title : `${title} [skipped: ${noKubernetesBecause}]`;

export class TestKubernetes {
  node: NodeStandIn | null = null;
  private readonly children = new Map<string, ChildProcess>();
  private readonly ports: Ports = { etcd: 0, peers: 0, api: 0 };
  private nodes = 0;
  private ca = '';
  private readonly before = process.env.KUBECONFIG;
  private readonly killAll = () => {
    for (const child of this.children.values()) child.kill('SIGKILL');
  };

  private constructor(readonly root: string) {}

  /** Up, with a node that is ready; this process's KUBECONFIG names it, as one who has only the role of the guide. */
  static async start(imageEnv: Record<string, string> = imageEnvironment()): Promise<TestKubernetes> {
    const cluster = new TestKubernetes(await mkdtemp(join(tmpdir(), 'autoresearch-kubernetes-')));
    process.on('exit', cluster.killAll);
    const taken: number[] = [];
    for (const name of ['etcd', 'peers', 'api'] as const) {
      cluster.ports[name] = await choosePort([], async (port) => taken.includes(port));
      taken.push(cluster.ports[name]);
    }
    await cluster.writeFiles();
    cluster.daemon(
      'etcd',
      etcdFlags(cluster.ports, (name) => cluster.file(name)),
    );
    await cluster.startServer();
    await cluster.writeKubeconfig(cluster.file('admin.yaml'), ADMIN_TOKEN);
    await cluster.writeKubeconfig(cluster.file('kubeconfig.yaml'), RUNNER_TOKEN);
    cluster.daemon('kube-controller-manager', controllerFlags(cluster.file('admin.yaml')));
    await cluster.applyRole();
    await cluster.joinNode(imageEnv);
    process.env.KUBECONFIG = cluster.file('kubeconfig.yaml');
    return cluster;
  }

  file(name: string): string {
    return join(this.root, name);
  }

  get admin(): Admin {
    return { url: `https://127.0.0.1:${this.ports.api}`, ca: this.ca, token: ADMIN_TOKEN };
  }

  /** Of one who has the role alone. */
  get runner(): Admin {
    return { ...this.admin, token: RUNNER_TOKEN };
  }

  async startServer(): Promise<void> {
    this.daemon(
      'kube-apiserver',
      serverFlags(this.ports, (name) => this.file(name)),
    );
    const deadline = Date.now() + 120_000;
    for (;;) {
      this.ca = await readFile(this.file(join('certs', 'apiserver.crt')), 'utf8').catch(() => '');
      const answer = this.ca === '' ? null : await asked(this.admin, 'GET', '/readyz').catch(() => null);
      if (answer?.code === 200) return;
      if (Date.now() > deadline)
        throw new Error(`kube-apiserver does not come up: ${await this.lastLog('kube-apiserver')}`);
      await sleep(200);
    }
  }

  /** Nobody listens at its address then. */
  async stopServer(): Promise<void> {
    await ended(this.children.get('kube-apiserver'));
  }

  /** The one that there was is gone; what ran there is not heard of. */
  async joinNode(imageEnv: Record<string, string> = imageEnvironment()): Promise<NodeStandIn> {
    const [key, cert] = await Promise.all(
      ['key', 'crt'].map((end) => readFile(this.file(join('certs', `apiserver.${end}`)), 'utf8')),
    );
    this.node = await NodeStandIn.join(this.admin, `node-${++this.nodes}`, { key: key!, cert: cert! }, imageEnv);
    const deadline = Date.now() + 60_000;
    // The controllers take away the marks of a node that nobody had heard of.
    while (((await done(this.admin, 'GET', `/api/v1/nodes/${this.node.name}`)).spec.taints ?? []).length > 0) {
      if (Date.now() > deadline)
        throw new Error(`the node is not ready: ${await this.lastLog('kube-controller-manager')}`);
      await sleep(200);
    }
    return this.node;
  }

  readonly jobsPath = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;

  async jobs(): Promise<JobObject[]> {
    return (await done(this.admin, 'GET', this.jobsPath)).items;
  }

  /** What it was asked by the holder of the role so far, and what it answered. */
  async requests(): Promise<{ what: string; code: number }[]> {
    const lines = (await readFile(this.file('audit.log'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
    // A long answer is told twice: when it begins and when it ends.
    const byId = new Map(lines.map((line) => JSON.parse(line) as AuditEvent).map((event) => [event.auditID, event]));
    return [...byId.values()].map(({ verb, objectRef, responseStatus }) => ({
      what: [verb, objectRef?.resource, objectRef?.subresource].filter(Boolean).join(' '),
      code: responseStatus?.code ?? 0,
    }));
  }

  async stop(): Promise<void> {
    await this.node?.fail();
    for (const name of ['kube-controller-manager', 'kube-apiserver', 'etcd']) await ended(this.children.get(name));
    process.off('exit', this.killAll);
    if (this.before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = this.before;
    await removeFolder(this.root);
  }

  private async writeFiles(): Promise<void> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(this.file('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const tokens = [`${ADMIN_TOKEN},admin,1,system:masters`, `${RUNNER_TOKEN},autoresearch,2`];
    await writeFile(this.file('tokens.csv'), `${tokens.join('\n')}\n`);
    await writeFile(this.file('audit.yaml'), JSON.stringify(AUDIT_POLICY));
  }

  /** Path of a kubeconfig of the role's holder, by which the server is reached at this address. */
  async kubeconfigFor(url: string): Promise<string> {
    const path = this.file('kubeconfig-by-proxy.yaml');
    await this.writeKubeconfig(path, RUNNER_TOKEN, url);
    return path;
  }

  private async writeKubeconfig(path: string, token: string, server = this.admin.url): Promise<void> {
    const trust = server.startsWith('https:')
      ? { 'certificate-authority-data': Buffer.from(this.ca).toString('base64') }
      : { 'insecure-skip-tls-verify': true };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'test' },
      clusters: [{ name: 'test', cluster: { server, ...trust } }],
      users: [{ name: 'user', user: { token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'user', namespace: NAMESPACE } }],
    };
    await writeFile(path, JSON.stringify(config));
  }

  private async applyRole(): Promise<void> {
    await done(this.admin, 'POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
    const text = await readFile(packageFile('docs', 'platforms', 'kubernetes-role.yaml'), 'utf8');
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as { kind: string };
      const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/${object.kind.toLowerCase()}s`;
      await done(this.admin, 'POST', path, object);
    }
  }

  private daemon(name: string, args: readonly string[]): void {
    const log = openSync(this.file(`${name}.log`), 'a');
    const path = name === 'etcd' ? name : program(name);
    const child = spawn(path, args, { stdio: ['ignore', log, log], cwd: this.root });
    // Whoever waits for it tells that it is not there.
    child.on('error', () => {});
    this.children.set(name, child);
  }

  private async lastLog(name: string): Promise<string> {
    return (await readFile(this.file(`${name}.log`), 'utf8').catch(() => '')).slice(-3000);
  }
}

interface JobObject {
  metadata: { name: string; annotations: Record<string, string>; managedFields?: unknown };
  status?: { active?: number };
}

interface AuditEvent {
  auditID: string;
  verb: string;
  objectRef?: { resource?: string; subresource?: string };
  responseStatus?: { code: number };
}

/** As an image has it: programs, and a home. */
function imageEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: tmpdir() };
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
