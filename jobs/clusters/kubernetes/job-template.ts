/** What a run's Job is made from: a manifest of the user's, or a command and an image. Reads files, asks nobody. */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type KubectlCommand, readKubectlCommand } from '../../../domain/command/kubectl-command.js';
import { shellWord } from '../../../domain/command/shell-word.js';
import type { RunConfig } from '../../../domain/formats/config.js';
import type { LaunchPlace } from '../scheduler.js';

const ContainerSchema = z.looseObject({
  name: z.string(),
  image: z.string().optional(),
  command: z.array(z.string()).nullish(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.looseObject({ name: z.string() })).nullish(),
});
const MetaSchema = z.looseObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
const PodSpecSchema = z.looseObject({
  containers: z.array(ContainerSchema).min(1),
  activeDeadlineSeconds: z.number().nullish(),
  terminationGracePeriodSeconds: z.number().nullish(),
});
export const JobManifestSchema = z.looseObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: MetaSchema.default({}),
  spec: z.looseObject({
    parallelism: z.number().nullish(),
    completions: z.number().nullish(),
    ttlSecondsAfterFinished: z.number().nullish(),
    template: z.looseObject({ metadata: MetaSchema.nullish(), spec: PodSpecSchema }),
  }),
});
export type JobManifest = z.output<typeof JobManifestSchema>;

export interface JobTemplate {
  manifest: JobManifest;
  /** The container that does the work. */
  main: string;
  /** What it runs, as a shell command; null where only its image knows. */
  command: string | null;
}

export type TemplateConfig = Pick<
  RunConfig,
  'base_launch_command' | 'build_command' | 'image' | 'job_manifest' | 'kube_context' | 'kube_namespace' | 'source_dir'
>;

/** By which a pod says which container `kubectl logs` is to show. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';
const GUIDE = 'docs/platforms/kubernetes.md';

/** Throws an Error with the reason where no Job can be made. */
export async function jobTemplate(
  config: TemplateConfig,
  launchCommand: string,
  place: LaunchPlace,
): Promise<JobTemplate> {
  const asked = readKubectlCommand(launchCommand);
  if (asked !== null && 'manifest' in asked) {
    if (config.job_manifest !== '')
      throw new Error('--job-manifest and a manifest in the launch command: leave one of them out');
    const template = templateOf(await manifestIn(fileOf(asked, place), 'the manifest'));
    const image = imageOf(config, place);
    // Where nothing is said of it, the manifest's own image counts: `$IMAGE` in it is that of the build.
    if (config.image !== '') mainOf(template).image = image;
    return template;
  }
  const command = asked === null ? launchCommand : asked.command.map(shellWord).join(' ');
  const image = asked === null || config.image !== '' ? imageOf(config, place) : asked.image;
  const template = templateOf(
    config.job_manifest === '' ? bareManifest() : await manifestIn(inTree(config, place.cwd), '--job-manifest'),
  );
  const main = mainOf(template);
  if (image !== '' && (main.image === undefined || config.image !== '')) main.image = image;
  if (!main.image)
    throw new Error(`no image: give --image, or a --build-command that prints one as its last word (${GUIDE})`);
  if (command !== '') delete main.args;
  return { ...template, command: command === '' ? template.command : command };
}

export function mainOf({ manifest, main }: Pick<JobTemplate, 'manifest' | 'main'>) {
  return manifest.spec.template.spec.containers.find(({ name }) => name === main)!;
}

/** The image of the build stands in for a bare `--image`; before there is a build, its variable does. */
function imageOf({ image, build_command }: TemplateConfig, { env }: LaunchPlace): string {
  const built = env.IMAGE || (build_command === '' ? '' : '$IMAGE');
  return image === '' ? built : image.replaceAll(/\$(?:IMAGE\b|\{IMAGE\})/g, () => built);
}

function fileOf({ folders, manifest }: KubectlCommand & { manifest: string }, { cwd }: LaunchPlace): string {
  return resolve(cwd, ...folders, manifest);
}

/** A manifest in the source is the one of the experiment's own tree. */
function inTree({ job_manifest, source_dir }: TemplateConfig, cwd: string): string {
  const inside = relative(source_dir, job_manifest);
  return inside.startsWith('..') || isAbsolute(inside) ? job_manifest : join(cwd, inside);
}

function bareManifest(): JobManifest {
  return JobManifestSchema.parse({
    apiVersion: 'batch/v1',
    kind: 'Job',
    spec: { template: { spec: { containers: [{ name: 'main' }] } } },
  });
}

/** `what`: what names it, for errors. */
async function manifestIn(path: string, what: string): Promise<JobManifest> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new Error(`${what} cannot be read: ${error.message}`);
  });
  return readManifest(text, path);
}

/** `path` is named in errors. */
export function readManifest(text: string, path: string): JobManifest {
  // As kubectl reads it: `0644` is a number to the base of eight, `yes` is true.
  const documents = parseAllDocuments(text, { version: '1.1' });
  const broken = [...documents].flatMap(({ errors }) => errors)[0];
  if (broken !== undefined) throw new Error(`${path} is no YAML: ${broken.message}`);
  const values = [...documents].map((document) => document.toJS() as unknown).filter((value) => value !== null);
  const kinds = values.map((value) => String((value as { kind?: unknown }).kind));
  if (values.length !== 1 || kinds[0] !== 'Job')
    throw new Error(
      `${path} holds ${kinds.join(', ') || 'nothing'}: it must hold one Job (batch/v1); create what it needs beside before the run (${GUIDE})`,
    );
  const parsed = JobManifestSchema.safeParse(values[0]);
  if (!parsed.success) throw new Error(`${path} is no Job: ${z.prettifyError(parsed.error)}`);
  const { parallelism, completions } = parsed.data.spec;
  if ((parallelism ?? 1) !== 1 || (completions ?? 1) !== 1)
    throw new Error(
      `${path}: an experiment is one pod, and parallelism and completions ask for more: leave them out (${GUIDE})`,
    );
  return parsed.data;
}

function templateOf(manifest: JobManifest): JobTemplate {
  const { metadata, spec } = manifest.spec.template;
  const named = metadata?.annotations?.[DEFAULT_CONTAINER];
  const main = spec.containers.find(({ name }) => name === named) ?? (named === undefined ? spec.containers[0] : null);
  if (main == null) throw new Error(`${DEFAULT_CONTAINER} names ${named}, and the manifest has no such container`);
  const words = main.command ?? [];
  const command = words.length === 0 ? null : [...words, ...(main.args ?? [])].map(shellWord).join(' ');
  return { manifest, main: main.name, command };
}
