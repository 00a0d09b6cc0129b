/**
 * The commands and the manifest that docs/platforms/kubernetes.md prints, copied as they stand there and run on the
 * real API server; those of kubectl where it was built beside it.
 */
import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import {
  kubectlProgram,
  noKubernetesBecause,
  onKubernetes,
  TestKubernetes,
} from '../support/kubernetes/control-plane.js';
import { commandsOf, ReadersHome } from '../support/platforms/printed-commands.js';

const page = await readFile(packageFile('docs', 'platforms', 'kubernetes.md'), 'utf8');
const [apply] = commandsOf(page, 'What it may do');
const [run] = commandsOf(page, 'The Job');
const [list, describePod] = commandsOf(page, 'How jobs end');
const hasKubectl = existsSync(kubectlProgram);

let cluster: TestKubernetes;
let home: ReadersHome;

/** As somebody with the rights that these need. */
async function byAdmin(command: string): Promise<string> {
  const { exitCode, all, stdout } = await home.shell(`KUBECONFIG='${cluster.file('admin.yaml')}' ${command}`);
  expect(exitCode, all).toBe(0);
  return stdout;
}

describe.runIf(noKubernetesBecause === null)(onKubernetes('the guide to Kubernetes'), { timeout: 600_000 }, () => {
  beforeAll(async () => {
    home = await ReadersHome.make();
    // What an image has; its Python is this host's.
    cluster = await TestKubernetes.start({ PATH: home.env.PATH!, HOME: home.root });
    home.env.KUBECONFIG = cluster.file('kubeconfig.yaml');
    if (hasKubectl) await home.link('kubectl', kubectlProgram);
    await cp(packageFile('docs', 'platforms', 'kubernetes-role.yaml'), home.file('kubernetes-role.yaml'));
    const [, manifest = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? [];
    await writeFile(home.file('project', 'job.yaml'), manifest);
    await writeFile(home.file('project', 'build-and-push.sh'), '#!/bin/sh\necho trainer:1\n', { mode: 0o755 });
  }, 240_000);
  afterAll(async () => {
    await cluster?.stop();
    await home?.remove();
  });

  it.runIf(hasKubectl)('gives the role by its file', async () => {
    expect(await byAdmin(apply!)).toMatch(/role\.rbac\.authorization\.k8s\.io\/autoresearch (?:configured|unchanged)/);
  });

  it('begins a run by its command and its manifest', async () => {
    await home.begin(run!, 'runs/first');
    const [job] = await cluster.jobs();
    expect(job!.metadata.annotations['autoresearch/name']).toMatch(/-000_baseline$/);
  });

  it.runIf(hasKubectl)('lists its Jobs, and describes a pod', async () => {
    const { run_id } = JSON.parse(await readFile(home.file('runs', 'first', 'config.json'), 'utf8')) as {
      run_id: string;
    };
    // Of another run: the page says where its name stands.
    expect(await byAdmin(list!.replace('first-6fdf5c34', run_id))).toMatch(/000_baseline/);
    expect(await byAdmin(describePod!)).toMatch(/^Labels: +[\s\S]*autoresearch\/node=000_baseline/m);
  });
});
