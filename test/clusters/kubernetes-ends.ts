/**
 * Each end of a Job on the real API server and its controllers, as the engine is told it. AUTORESEARCH_RECORD=1 keeps
 * the server's answers in a fixture, which test/jobs/clusters/kubernetes/recorded-answers.test.ts reads.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ConfigSchema } from '../../domain/formats/config.js';
import { KubernetesScheduler } from '../../jobs/clusters/kubernetes/kubernetes-scheduler.js';
import { SchedulerBusy } from '../../jobs/clusters/scheduler.js';
import { done } from '../support/kubernetes/admin-client.js';
import { NAMESPACE, noKubernetesBecause, onKubernetes, TestKubernetes } from '../support/kubernetes/control-plane.js';
import { eventually, JOB_ENDS, type JobEnd, podsOf, wordsOf } from '../support/kubernetes/job-ends.js';
import { kubernetesScheduler } from '../support/kubernetes/kubernetes-bench.js';
import { RECORDED_ANSWERS } from '../support/kubernetes/recorded-answers.js';
import { Bench } from '../support/platforms/conformance.js';
import { removeFolder } from '../support/remove-folder.js';

let cluster: TestKubernetes;

async function jobFor({ changed, command = 'echo begun; sleep 600', byLaunchCommand }: Partial<JobEnd>) {
  const bench = await Bench.open({});
  onTestFinished(() => removeFolder(bench.root));
  const made = { mendedWithinMs: 0, ...(byLaunchCommand ? { byLaunchCommand } : {}), ...(changed ? { changed } : {}) };
  const scheduler = await kubernetesScheduler(bench.context, made);
  const launchCommand = byLaunchCommand ? 'kubectl apply -f job.yaml' : command;
  const { cwd, env } = await bench.request('n1', launchCommand);
  const folder = bench.context.workdir.job('kubernetes_n1');
  await mkdir(folder, { recursive: true });
  const where = { cwd, env: { ...env, SOURCE_DIR: cwd }, script: '', timeLimitS: 600, folder };
  const runs = await scheduler.runs(launchCommand, where);
  const job = { name: bench.jobName('n1'), run: 'r', nodeId: 'n1', command: runs, launchCommand, ...where };
  return { scheduler, job };
}

/** Of each end, when it was seen last. */
const answers = new Map<string, string>();

/** Without what is read by nobody and of this host alone. */
async function keepAnswers(name: string, jobName: string, cwd: string): Promise<void> {
  const jobs = (await cluster.jobs()).filter(({ metadata }) => metadata.name === jobName);
  const pods = await podsOf(cluster, jobName);
  for (const { metadata } of [...pods, ...jobs]) delete metadata.managedFields;
  answers.set(name, JSON.stringify({ name, pods, jobs }).replaceAll(cwd, '/project'));
}

describe.runIf(noKubernetesBecause === null)(onKubernetes('a Job of Kubernetes'), { timeout: 180_000 }, () => {
  beforeAll(async () => {
    cluster = await TestKubernetes.start();
  }, 240_000);
  afterAll(async () => {
    await cluster?.stop();
    if (process.env.AUTORESEARCH_RECORD) await writeFile(RECORDED_ANSWERS, `${[...answers.values()].join('\n')}\n`);
  });

  it.each(JOB_ENDS)('that is $name', async ({ name, bringAbout, isOfJob, told: { words, ...told }, ...end }) => {
    const { scheduler, job } = await jobFor(end);
    const id = await scheduler.submit(job);
    const jobName = id.split('/')[1]!;
    const state = async () => (await scheduler.states([id])).get(id) ?? null;
    if (bringAbout !== undefined) {
      await eventually(async () => ((await state())?.state === 'running' ? true : null), 'it runs');
      await bringAbout(cluster, jobName);
    }
    let last: unknown;
    const found = await eventually(
      async () => {
        if (isOfJob && (await podsOf(cluster, jobName)).length > 0) return null;
        // Before the engine takes a Job away that cannot start.
        await keepAnswers(name, jobName, job.cwd);
        const now = await state();
        last = now;
        return now?.state === told.state && (words === undefined || words.test(wordsOf(now))) ? now : null;
      },
      () => `${name} (${JSON.stringify(last)})`,
    );
    expect(found).toMatchObject(told);
    if (told.cause !== 'never_started') await keepAnswers(name, jobName, job.cwd);
    await scheduler.cancel(id);
    await scheduler.cancel(id);
  });

  it('is submitted once for a name, also by two who do not know of one another', async () => {
    const { scheduler, job } = await jobFor({});
    const ids = await Promise.all([scheduler.submit(job), scheduler.submit(job)]);
    expect(new Set(ids).size).toBe(1);
    expect(await scheduler.find(job.name, job.folder)).toBe(ids[0]);
    await scheduler.cancel(ids[0]!);
    await eventually(async () => ((await scheduler.find(job.name, job.folder)) === null ? true : null), 'it is gone');
  });

  it('stays when it is cancelled until its container has ended in its own time', async () => {
    const { scheduler, job } = await jobFor({ command: 'trap "sleep 2; exit 0" TERM; sleep 600 & wait' });
    const id = await scheduler.submit(job);
    const state = async () => (await scheduler.states([id])).get(id)?.state;
    await eventually(async () => ((await state()) === 'running' ? true : null), 'it runs');
    await scheduler.cancel(id);
    await eventually(async () => ((await scheduler.find(job.name, job.folder)) === null ? true : null), 'it is gone');
    const { containers } = cluster.node!.worker(id.split('/')[1]!);
    expect(containers.get('main')!.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  });

  it.each([
    ['echo fine', 'trainer:1'],
    ['kubectl create job train --image=trainer:1 -- echo fine', ''],
  ])('is made without a manifest, by names that are none of Kubernetes, of %s', async (launchCommand, image) => {
    const { job } = await jobFor({});
    const { context } = await Bench.open({});
    onTestFinished(() => removeFolder(dirname(context.config.source_dir)));
    const scheduler = new KubernetesScheduler({ config: ConfigSchema.parse({ ...context.config, image }) });
    const command = await scheduler.runs(launchCommand, job);
    const names = { name: `ar-${'My_Run.'.repeat(20)}-n1`, run: 'My_Run.'.repeat(20), nodeId: `_${'b'.repeat(80)}_` };
    const id = await scheduler.submit({ ...job, ...names, command, launchCommand });
    const found = await eventually(async () => {
      const state = (await scheduler.states([id])).get(id);
      return state?.state === 'ended' ? state : null;
    }, 'it ends');
    expect(found).toMatchObject({ cause: 'exit', returnCode: 0 });
    expect((await scheduler.logs(id, null)).stdout).toBe('fine\n');
  });

  it('waits where a quota is used up', async () => {
    const quotas = `/api/v1/namespaces/${NAMESPACE}/resourcequotas`;
    const quota = { metadata: { name: 'none' }, spec: { hard: { 'count/jobs.batch': '0' } } };
    await done(cluster.admin, 'POST', quotas, quota);
    const { scheduler, job } = await jobFor({});
    const said = await eventually(async () => {
      const error: unknown = await scheduler.submit(job).then(
        (id) => scheduler.cancel(id).then(() => null),
        (reason: unknown) => reason,
      );
      return error;
    }, 'the quota holds');
    expect(said).toBeInstanceOf(SchedulerBusy);
    expect((said as Error).message).toMatch(/exceeded quota: none/);
    await done(cluster.admin, 'DELETE', `${quotas}/none`);
    const id = await eventually(() => scheduler.submit(job).catch(() => null), 'the quota is gone');
    await scheduler.cancel(id);
  });

  it('is refused where the manifest has a word that the server does not know', async () => {
    const { scheduler, job } = await jobFor({ changed: (text) => text.replace('workingDir:', 'workDir:') });
    await expect(scheduler.submit(job)).rejects.toThrow(/refuses it: .*unknown field.*workDir/);
  });
});
