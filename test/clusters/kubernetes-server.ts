import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KubeApi } from '../../jobs/clusters/kubernetes/kube-api.js';
import { asked, done } from '../support/kubernetes/admin-client.js';
import { NAMESPACE, noKubernetesBecause, onKubernetes, TestKubernetes } from '../support/kubernetes/control-plane.js';
import { podsOf } from '../support/kubernetes/job-ends.js';
import { jobOf, kubernetesPlatform } from '../support/kubernetes/kubernetes-bench.js';
import { endsBesideOutage } from '../support/kubernetes/outage.js';
import { Bench, describePlatform, endOf, running, until } from '../support/platforms/conformance.js';
import { OUTAGE_LIMIT_MS } from '../support/platforms/outage-time.js';
import { removeFolder } from '../support/remove-folder.js';

let cluster: TestKubernetes;

const open = async () => {
  const bench = await Bench.open({});
  onTestFinished(() => removeFolder(bench.root));
  return { bench, platform: await kubernetesPlatform(bench.context) };
};

describe.runIf(noKubernetesBecause === null)(onKubernetes('the API server of Kubernetes'), { timeout: 180_000 }, () => {
  beforeAll(async () => {
    cluster = await TestKubernetes.start();
  }, 240_000);
  afterAll(() => cluster?.stop());

  describePlatform('kubernetes', {
    make: (context) => kubernetesPlatform(context),
    printsToOne: true,
    jobsNamed: async (name) =>
      (await cluster.jobs()).filter(({ metadata }) => metadata.annotations['autoresearch/name'] === name).length,
    dieAfterSubmit: (context) =>
      kubernetesPlatform(context, { submitted: () => Promise.reject(new Error('this process is killed')) }),
    forget: async () => {
      await done(cluster.admin, 'DELETE', `${cluster.jobsPath}?propagationPolicy=Background`);
      while ((await cluster.jobs()).length > 0) await sleep(100);
    },
    ends: {
      out_of_memory: async (jobId, platform) => {
        await running(platform, jobId);
        cluster.node!.worker(await jobOf(platform, jobId)).killForMemory();
      },
      preempted: async (jobId, platform) => {
        await running(platform, jobId);
        await cluster.node!.worker(await jobOf(platform, jobId)).evict();
      },
      node_failed: async (jobId, platform) => {
        await running(platform, jobId);
        const job = await jobOf(platform, jobId);
        const failed = cluster.node!;
        await failed.fail();
        await cluster.joinNode();
        await until(async () => (await podsOf(cluster, job))[0].metadata.deletionTimestamp ?? null);
        // As somebody does who sees that it does not come back.
        await done(cluster.admin, 'DELETE', `/api/v1/nodes/${failed.name}`);
      },
    },
    patienceMs: 180_000,
  });

  it('needs to allow what the role of the guide does, and nothing else', async () => {
    const requests = await cluster.requests();
    expect(requests.filter(({ code }) => code === 401 || code === 403)).toEqual([]);
    const role = ['create jobs', 'delete jobs', 'get jobs', 'get pods log', 'list jobs', 'list pods'];
    const asks = requests.map(({ what }) => what);
    expect(asks).toContain('delete jobs');
    expect(role).toEqual(expect.arrayContaining(asks));
    // The server does keep to it.
    expect((await asked(cluster.runner, 'GET', `/api/v1/namespaces/${NAMESPACE}/secrets`)).code).toBe(403);
  });

  it('tells its version to whoever has the role', async () => {
    const api = await KubeApi.open('');
    expect(await api.version(20_000)).toMatch(/^v1\.\d+\.\d+ at https:/);
  });

  it(
    'is waited for while it is down, and tells the end then',
    async () => {
      const { bench, platform } = await open();
      const server = { down: () => cluster.stopServer(), up: () => cluster.startServer() };
      await endsBesideOutage(bench, platform, server);
    },
    OUTAGE_LIMIT_MS,
  );

  it('is asked for twenty jobs by one list an interval, beside launches and logs', async () => {
    const { bench, platform } = await open();
    const before = (await cluster.requests()).length;
    const beganAtMs = Date.now();
    const nodes = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const jobs = await Promise.all(
      nodes.map(async (node) => await platform.launch(await bench.request(node, 'echo 1; sleep 6; echo 2'))),
    );
    const ends = await Promise.all(jobs.map(({ jobId }) => endOf(platform, jobId)));
    expect(ends.every(({ returnCode }) => returnCode === 0)).toBe(true);
    const intervals = (Date.now() - beganAtMs) / 1000 / bench.context.config.poll_interval;
    const counts: Record<string, number> = {};
    for (const { what } of (await cluster.requests()).slice(before)) counts[what] = (counts[what] ?? 0) + 1;
    console.log(`20 jobs in ${intervals.toFixed(1)} intervals: ${JSON.stringify(counts)}`);
    const { 'list pods': pods = 0, 'list jobs': jobLists = 0, ...others } = counts;
    expect(others).toEqual({ 'create jobs': 20, 'get pods log': 20 });
    expect(pods).toBeLessThanOrEqual(Math.ceil(intervals) + 1);
    expect(jobLists).toBeLessThanOrEqual(pods);
  });
});
