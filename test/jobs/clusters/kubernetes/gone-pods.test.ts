/** The end of a Job whose pod is gone when it is asked about, by the answers of a server that recorded them. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ConfigSchema } from '../../../../domain/formats/config.js';
import { KubernetesScheduler } from '../../../../jobs/clusters/kubernetes/kubernetes-scheduler.js';
import { recordedAnswers } from '../../../support/kubernetes/recorded-answers.js';
import { removeFolder } from '../../../support/remove-folder.js';

async function schedulerAt(answers: { pods: unknown[]; jobs: unknown[] }) {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-gone-pods-'));
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ items: request.url!.includes('/pods?') ? answers.pods : answers.jobs }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const before = process.env.KUBECONFIG;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    if (before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = before;
    await removeFolder(folder);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.KUBECONFIG = join(folder, 'config');
  const config = {
    clusters: [{ name: 'here', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: { token: 'secret' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me', namespace: 'training' } }],
  };
  await writeFile(process.env.KUBECONFIG, JSON.stringify({ ...config, 'current-context': 'here' }));
  const project = { pipeline_script: 'train.py', source_dir: folder, base_launch_command: 'python train.py' };
  return new KubernetesScheduler({ config: ConfigSchema.parse(project) });
}

const { pods, jobs } = recordedAnswers('drained');
const [job] = jobs as [{ metadata: { name: string } }];
const id = `training/${job.metadata.name}`;
const failing = recordedAnswers('node-failed').pods as { metadata: Record<string, unknown> }[];

it('is that of what took the pod away, where it was seen to', async () => {
  expect(pods).toEqual([]);
  const labels = { 'autoresearch/job': job.metadata.name };
  const deletionTimestamp = new Date().toISOString();
  const seen = failing.map((pod) => ({ ...pod, metadata: { ...pod.metadata, labels, deletionTimestamp } }));
  const answers = { pods: seen as unknown[], jobs };
  const scheduler = await schedulerAt(answers);
  expect((await scheduler.states([id])).get(id)).toMatchObject({ state: 'running' });
  answers.pods = [];
  expect((await scheduler.states([id])).get(id)).toMatchObject({
    ...{ state: 'ended', cause: 'node_failed' },
    said: 'Kubernetes: DeletionByTaintManager, Taint manager: deleting due to NoExecute taint, on node-1',
  });
});

it('is what the Job says, where nobody saw the pod', async () => {
  const scheduler = await schedulerAt({ pods, jobs });
  expect((await scheduler.states([id])).get(id)).toMatchObject({
    ...{ state: 'ended', cause: 'preempted' },
    said: expect.stringContaining('has condition DisruptionTarget'),
  });
});
