/** Which Job is made of a template, a launch command and a job's environment. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigSchema } from '../../../../domain/formats/config.js';
import { jobManifest } from '../../../../jobs/clusters/kubernetes/job-manifest.js';
import { jobTemplate, readManifest } from '../../../../jobs/clusters/kubernetes/job-template.js';
import { removeFolder } from '../../../support/remove-folder.js';

const folder = await mkdtemp(join(tmpdir(), 'autoresearch-manifest-'));
afterAll(() => removeFolder(folder));

const MANIFEST = `
apiVersion: batch/v1
kind: Job
metadata: {name: mine, namespace: team, labels: {team: vision}}
spec:
  backoffLimit: 6
  ttlSecondsAfterFinished: 9
  template:
    metadata:
      annotations: {kubectl.kubernetes.io/default-container: trainer}
    spec:
      restartPolicy: OnFailure
      terminationGracePeriodSeconds: 300
      volumes: [{name: data, secret: {secretName: data, defaultMode: 0440}}]
      containers:
      - {name: proxy, image: proxy:1}
      - name: trainer
        image: $IMAGE
        workingDir: \${SOURCE_DIR}
        command: [python, train.py]
        args: ["--out", "$OUT/a b"]
        env: [{name: NODE_ID, value: x}, {name: MODE, value: "$NODE_ID-$HOME"}]
        resources: {limits: {nvidia.com/gpu: 1}}
`;
await writeFile(join(folder, 'job.yaml'), MANIFEST);

const place = { cwd: folder, env: { IMAGE: 'reg/built:7' } };
const config = (more: Record<string, unknown> = {}) =>
  ConfigSchema.parse({ pipeline_script: 'train.py', source_dir: folder, base_launch_command: 'x', ...more });

async function made(more: Record<string, unknown>, launchCommand: string, command?: string) {
  const template = await jobTemplate(config(more), launchCommand, place);
  const env = {
    IMAGE: 'reg/built:7',
    NODE_ID: '001_a',
    SOURCE_DIR: '/tree',
    HOME: '/root',
    AWS_KEY: 'k',
    AUTORESEARCH_RUN: 'r',
  };
  const job = {
    ...{ name: 'ar-r-001_a', run: 'r', nodeId: '001_a', launchCommand, script: '', cwd: folder, env },
    ...{ command: command ?? template.command ?? launchCommand, timeLimitS: 600, folder },
  };
  const manifest = jobManifest(template, job, { jobName: 'ar-r-1', namespace: 'team' }, 2);
  const pod = manifest.spec.template;
  const main = pod.spec.containers.find(({ name }) => name === template.main)!;
  return { manifest, pod, main };
}

describe('the Job of an experiment', () => {
  it("is the user's, with one try, and kept for longer than the run", async () => {
    const { manifest, pod, main } = await made({}, 'kubectl apply -f job.yaml');
    expect(manifest.metadata).toMatchObject({
      name: 'ar-r-1',
      namespace: 'team',
      labels: { team: 'vision', 'autoresearch/job': 'ar-r-1', 'autoresearch/run': 'r', 'autoresearch/node': '001_a' },
      annotations: { 'autoresearch/name': 'ar-r-001_a' },
    });
    expect(pod.metadata?.labels).toMatchObject({ 'autoresearch/job': 'ar-r-1' });
    expect(manifest.spec).toMatchObject({ backoffLimit: 0, ttlSecondsAfterFinished: 7 * 86400 + 2 * 3600 });
    expect(pod.spec).toMatchObject({
      restartPolicy: 'Never',
      activeDeadlineSeconds: 1500,
      terminationGracePeriodSeconds: 60,
      // As kubectl reads it.
      volumes: [{ name: 'data', secret: { secretName: 'data', defaultMode: 0o440 } }],
    });
    expect(main).toMatchObject({
      image: 'reg/built:7',
      workingDir: '/tree',
      command: ['python', 'train.py'],
      args: ['--out', '$OUT/a b'],
      resources: { limits: { 'nvidia.com/gpu': 1 } },
    });
    expect(pod.spec.containers[0]).toEqual({ name: 'proxy', image: 'proxy:1' });
  });

  it('has of the environment what is its own, and nothing of the host where the engine runs', async () => {
    const { main } = await made({}, 'job.yaml');
    expect(main.env).toEqual([
      { name: 'MODE', value: '001_a-$HOME' },
      { name: 'IMAGE', value: 'reg/built:7' },
      { name: 'NODE_ID', value: '001_a' },
      { name: 'SOURCE_DIR', value: '/tree' },
      { name: 'AUTORESEARCH_RUN', value: 'r' },
    ]);
  });

  it('runs the launch command in the container of the manifest, or in one of the image', async () => {
    const launch = 'python train.py --workers $(nproc)';
    const shell = ['/bin/sh', '-c', 'python train.py --workers $$(nproc)'];
    const { main } = await made({ job_manifest: join(folder, 'job.yaml') }, launch);
    expect(main).toMatchObject({ name: 'trainer', image: 'reg/built:7', command: shell });
    expect(main).not.toHaveProperty('args');
    const bare = await made({ image: 'other:2' }, launch);
    expect(bare.pod.spec.containers).toMatchObject([{ name: 'main', image: 'other:2', command: shell }]);
    const tagged = await made({ image: 'reg/$IMAGE' }, launch);
    expect(tagged.main.image).toBe('reg/reg/built:7');
    const created = await made({}, 'kubectl create job x --image=reg/train:1 -- python "train it.py"');
    expect(created.main).toMatchObject({ image: 'reg/train:1', command: ['/bin/sh', '-c', "python 'train it.py'"] });
  });

  it('runs another command in place of its own where one is asked for', async () => {
    const { main } = await made({}, 'job.yaml', 'echo dry');
    expect(main.command).toEqual(['/bin/sh', '-c', 'echo dry']);
    expect(main).not.toHaveProperty('args');
  });

  it('needs an image', async () => {
    const noImage = jobTemplate(config(), 'python train.py', { cwd: folder, env: {} });
    await expect(noImage).rejects.toThrow(/no image: give --image, or a --build-command/);
    const built = jobTemplate(config({ build_command: 'make' }), 'python train.py', { cwd: folder, env: {} });
    expect((await built).command).toBe('python train.py');
    await expect(jobTemplate(config(), 'nowhere.yaml', place)).rejects.toThrow(/cannot be read.*nowhere\.yaml/);
  });

  it.each([
    ['kind: Job\nspec: [', /is no YAML/],
    ['apiVersion: v1\nkind: Pod', /holds Pod: it must hold one Job/],
    [`${MANIFEST}\n---\napiVersion: v1\nkind: ConfigMap`, /holds Job, ConfigMap/],
    [MANIFEST.replace('backoffLimit: 6', 'parallelism: 4'), /an experiment is one pod/],
    [MANIFEST.replace('containers:', 'container:'), /is no Job: [\s\S]*containers/],
  ])('is not made of %j', (text, reason) => {
    expect(() => readManifest(text, 'job.yaml')).toThrow(reason);
  });
});
