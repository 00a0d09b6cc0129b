/**
 * A whole run on the real API server of Kubernetes, with the role of the guide alone: its engine is killed between a
 * submission and its answer, and interrupted while a job runs.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noKubernetesBecause, onKubernetes, TestKubernetes } from '../support/kubernetes/control-plane.js';
import { LossyProxy } from '../support/kubernetes/lossy-proxy.js';
import { disturbedToItsEnd, kubernetesRun } from '../support/kubernetes/whole-run.js';

let cluster: TestKubernetes;
let proxy: LossyProxy;

describe.runIf(noKubernetesBecause === null)(onKubernetes('a run on the API server of Kubernetes'), () => {
  beforeAll(async () => {
    cluster = await TestKubernetes.start();
    proxy = await LossyProxy.before(cluster.admin);
  }, 240_000);
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  it('has one job for each experiment, whatever befalls the engine', async () => {
    await using run = await kubernetesRun({ KUBECONFIG: await cluster.kubeconfigFor(proxy.url) });
    const names = await disturbedToItsEnd(run, proxy, async () => (await cluster.jobs()).length);
    // Nobody ended what was running, and nothing was refused.
    expect(proxy.asked.filter((each) => each.startsWith('DELETE'))).toEqual([]);
    expect((await cluster.requests()).filter(({ code }) => code >= 400 && code !== 404 && code !== 409)).toEqual([]);
    const jobs = (await cluster.jobs()).map(({ metadata }) => metadata.annotations['autoresearch/name']);
    expect(jobs.sort()).toEqual(names);
  }, 300_000);
});
