/** The platform of Kubernetes through the conformance suite, over a stand-in for its API server and its node. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KubernetesStandIn } from '../../../support/kubernetes/api-stand-in.js';
import { jobOf, kubernetesPlatform } from '../../../support/kubernetes/kubernetes-bench.js';
import { endsBesideOutage } from '../../../support/kubernetes/outage.js';
import { Bench, describePlatform, endOf, running } from '../../../support/platforms/conformance.js';
import { removeFolder } from '../../../support/remove-folder.js';

const folder = await mkdtemp(join(tmpdir(), 'autoresearch-kubernetes-'));
let cluster: KubernetesStandIn;
beforeAll(async () => {
  cluster = await KubernetesStandIn.start(join(folder, 'kubeconfig'));
});
afterAll(async () => {
  await cluster.stop();
  await removeFolder(folder);
});

describePlatform('kubernetes', {
  make: (context) => kubernetesPlatform(context),
  printsToOne: true,
  jobsNamed: async (name) => cluster.jobNames.filter((each) => each === name).length,
  dieAfterSubmit: (context) =>
    kubernetesPlatform(context, { submitted: () => Promise.reject(new Error('this process is killed')) }),
  forget: async () => cluster.forget(),
  ends: {
    out_of_memory: async (jobId, platform) => {
      await running(platform, jobId);
      cluster.killForMemory(await jobOf(platform, jobId));
    },
    preempted: async (jobId, platform) => {
      await running(platform, jobId);
      const end = { reason: 'Evicted', message: 'The node was low on resource: memory.' };
      cluster.endPod(await jobOf(platform, jobId), end);
    },
    node_failed: async (jobId, platform) => {
      await running(platform, jobId);
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByPodGC',
        message: 'no such node',
      };
      cluster.endPod(await jobOf(platform, jobId), { conditions: [condition] });
    },
  },
  patienceMs: 180_000,
});

describe('jobs of Kubernetes', { timeout: 180_000 }, () => {
  const open = async () => {
    const bench = await Bench.open({});
    onTestFinished(() => removeFolder(bench.root));
    return { bench, platform: await kubernetesPlatform(bench.context) };
  };

  it('are waited for while the server is down, and their ends told then', async () => {
    const { bench, platform } = await open();
    const server = { down: () => cluster.down(), up: () => cluster.up() };
    await endsBesideOutage(bench, platform, server);
  });

  it('are asked about by one list an interval, twenty or one, beside one request for each launch and log', async () => {
    const { bench, platform } = await open();
    const before = cluster.asked.length;
    const beganAtMs = Date.now();
    const nodes = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const jobs = await Promise.all(
      nodes.map(async (node) => await platform.launch(await bench.request(node, 'echo 1; sleep 6; echo 2'))),
    );
    const ends = await Promise.all(jobs.map(({ jobId }) => endOf(platform, jobId)));
    expect(ends.every(({ returnCode }) => returnCode === 0)).toBe(true);
    const intervals = (Date.now() - beganAtMs) / 1000 / bench.context.config.poll_interval;
    const counts: Record<string, number> = {};
    for (const request of cluster.asked.slice(before)) counts[request] = (counts[request] ?? 0) + 1;
    expect(counts).toEqual({ 'POST jobs': 20, 'GET log': 20, 'GET pods': expect.any(Number) });
    expect(counts['GET pods']).toBeLessThanOrEqual(Math.ceil(intervals) + 1);
  });
});
