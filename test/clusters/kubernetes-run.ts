/**
 * A whole run on a stand-in for a cluster of Kubernetes: its engine is killed between a submission and its answer, and
 * interrupted while a job runs.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesStandIn } from '../support/kubernetes/api-stand-in.js';
import { disturbedToItsEnd, kubernetesRun } from '../support/kubernetes/whole-run.js';
import { removeFolder } from '../support/remove-folder.js';

const folder = await mkdtemp(join(tmpdir(), 'autoresearch-kubernetes-'));
let cluster: KubernetesStandIn;

describe('a run on Kubernetes', () => {
  beforeAll(async () => {
    cluster = await KubernetesStandIn.start(join(folder, 'kubeconfig'));
  });
  afterAll(async () => {
    await cluster.stop();
    await removeFolder(folder);
  });

  it('has one job for each experiment, whatever befalls the engine', async () => {
    await using run = await kubernetesRun();
    const names = await disturbedToItsEnd(run, cluster, async () => cluster.jobNames.length);
    // Nobody ended what was running.
    expect(cluster.asked).not.toContain('DELETE jobs');
    expect([...cluster.jobNames].sort()).toEqual(names);
  }, 300_000);
});
