/** A platform of Kubernetes whose containers see this host's files: what several tests of it ask. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigSchema } from '../../../domain/formats/config.js';
import { packageFile } from '../../../host/package-files.js';
import { KubernetesScheduler } from '../../../jobs/clusters/kubernetes/kubernetes-scheduler.js';
import { ScheduledPlatform } from '../../../jobs/clusters/scheduled-platform.js';
import { submissionFile } from '../../../jobs/clusters/submission.js';
import type { Platform } from '../../../jobs/platforms/platform.js';
import type { RunContext } from '../../../workdir/run-context.js';

const times = { lookEveryMs: 100, recordLagMs: 500, acceptedLagMs: 5000 };
const contexts = new WeakMap<Platform, RunContext>();

export const MANIFEST = packageFile('test', 'fixtures', 'platforms', 'kubernetes-job.yaml');

interface Made {
  /** What becomes of the manifest's text. */
  changed?: (manifest: string) => string;
  /** The launch command names the manifest, which is in the tree then, and no flag does. */
  byLaunchCommand?: boolean;
  mendedWithinMs?: number;
  /** After each submission, before anybody hears of it. */
  submitted?: () => Promise<void>;
}

export async function kubernetesScheduler(
  context: RunContext,
  { changed, byLaunchCommand = false, mendedWithinMs, submitted = async () => {} }: Made = {},
): Promise<KubernetesScheduler> {
  const { source_dir } = context.config;
  const own = join(source_dir, 'job.yaml');
  if (changed !== undefined) await writeFile(own, changed(await readFile(MANIFEST, 'utf8')));
  const job_manifest = byLaunchCommand ? '' : changed === undefined ? MANIFEST : own;
  const config = ConfigSchema.parse({ ...context.config, job_manifest });
  const scheduler = new KubernetesScheduler({ config }, mendedWithinMs);
  const submit = scheduler.submit.bind(scheduler);
  scheduler.submit = async (job) => {
    const id = await submit({ ...job, env: { ...job.env, SOURCE_DIR: source_dir } });
    await submitted();
    return id;
  };
  return scheduler;
}

export async function kubernetesPlatform(context: RunContext, made: Made = {}): Promise<Platform> {
  const platform = new ScheduledPlatform(await kubernetesScheduler(context, made), context, times);
  contexts.set(platform, context);
  return platform;
}

/** The Job's name. */
export async function jobOf(platform: Platform, jobId: string): Promise<string> {
  const submission = await submissionFile.read(contexts.get(platform)!.workdir.job(jobId));
  return submission!.schedulerId!.split('/')[1]!;
}
