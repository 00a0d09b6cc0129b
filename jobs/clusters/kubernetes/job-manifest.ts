/** The Job that is created: the user's template, with what makes it one experiment's. Pure. */
import { shellWord } from '../../../domain/command/shell-word.js';
import type { SchedulerJob } from '../scheduler.js';
import { type JobManifest, type JobTemplate, mainOf } from './job-template.js';
import { labelValueOf } from './kube-names.js';

/** On the Job and its pod; `job` is the Job's name, by which both are listed. */
export const LABELS = { job: 'autoresearch/job', run: 'autoresearch/run', node: 'autoresearch/node' } as const;
/** Between the engine's own limit and the cluster's, which counts from the host's first look at the pod: images. */
const DEADLINE_SLACK_S = 900;
/** Behind it, a cancel would not be believed (scheduled-platform.ts). */
const MOST_GRACE_S = 60;
const DAY_S = 86_400;
/** A run that was left alone for so long still finds how its jobs ended. */
const KEPT_DAYS = 7;
/** Of the engine's environment only what is the job's own; the rest is its host's, and a Job can be read by others. */
const HANDED_OVER = /^(?:AUTORESEARCH_\w+|IMAGE|NODE_ID|SOURCE_DIR|SOURCE_BUNDLE|WORKDIR|PYTHONUNBUFFERED)$/;
/** What a template may name besides, where hosts of the cluster see the same files. */
const FILLED_IN = new RegExp(`${HANDED_OVER.source}|^PYTHONPATH$`);

export interface Naming {
  jobName: string;
  namespace: string;
}

export function jobManifest(
  template: JobTemplate,
  job: SchedulerJob,
  { jobName, namespace }: Naming,
  maxHours: number | null,
): JobManifest {
  const filled = filledIn(template.manifest, job.env) as JobManifest;
  const labels = {
    'app.kubernetes.io/managed-by': 'autoresearch',
    [LABELS.job]: jobName,
    [LABELS.run]: labelValueOf(job.run),
    [LABELS.node]: labelValueOf(job.nodeId),
  };
  const annotations = { 'autoresearch/name': job.name };
  const pod = filled.spec.template;
  const { ttlSecondsAfterFinished, ...spec } = filled.spec;
  return {
    ...filled,
    metadata: {
      ...withoutName(filled.metadata),
      name: jobName,
      namespace,
      labels: { ...filled.metadata.labels, ...labels },
      annotations: { ...filled.metadata.annotations, ...annotations },
    },
    spec: {
      ...spec,
      // What ends by no fault of its own is run again by the engine.
      backoffLimit: 0,
      ttlSecondsAfterFinished: Math.max(ttlSecondsAfterFinished ?? 0, KEPT_DAYS * DAY_S + (maxHours ?? 0) * 3600),
      podFailurePolicy: podFailurePolicy(template.main),
      template: {
        ...pod,
        metadata: {
          ...pod.metadata,
          labels: { ...pod.metadata?.labels, ...labels },
          annotations: { ...pod.metadata?.annotations, ...annotations },
        },
        spec: {
          ...pod.spec,
          restartPolicy: 'Never',
          activeDeadlineSeconds: Math.min(
            pod.spec.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY,
            Math.ceil(job.timeLimitS) + DEADLINE_SLACK_S,
          ),
          terminationGracePeriodSeconds: Math.min(pod.spec.terminationGracePeriodSeconds ?? 30, MOST_GRACE_S),
          containers: pod.spec.containers.map((each) =>
            each.name === template.main ? mainContainer(template, each, job) : each,
          ),
        },
      },
    },
  };
}

type Container = ReturnType<typeof mainOf>;

function mainContainer(template: JobTemplate, container: Container, { command, env, launchCommand }: SchedulerJob) {
  const ours = Object.entries(env).filter(([name]) => HANDED_OVER.test(name));
  const names = new Set(ours.map(([name]) => name));
  const variables = [
    ...(container.env ?? []).filter(({ name }) => !names.has(name)),
    ...ours.map(([name, value]) => ({ name, value: value.replaceAll('$(', '$$$$(') })),
  ];
  const isAsItIs = command === (template.command ?? launchCommand) && hasOwnCommand(template, command);
  if (isAsItIs) return { ...container, env: variables };
  const { args: _, ...rest } = container;
  // In a command Kubernetes reads `$(NAME)` as a variable's value, and `$$(` as what a shell is to read.
  return { ...rest, command: ['/bin/sh', '-c', command.replaceAll('$(', '$$$$(')], env: variables };
}

/** The template's container runs that anyway, or what only its image knows. */
function hasOwnCommand(template: JobTemplate, command: string): boolean {
  const { command: words, args } = mainOf(template);
  if (words == null || words.length === 0) return template.command === null;
  return [...words, ...(args ?? [])].map(shellWord).join(' ') === command;
}

/** The Job then says how its pod ended, also when the pod is gone before anybody asked. */
function podFailurePolicy(containerName: string) {
  return {
    rules: [
      { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName, operator: 'NotIn', values: [0] } },
    ],
  };
}

function withoutName<T extends { name?: string | undefined; generateName?: unknown }>(metadata: T) {
  const { name: _, generateName: __, ...rest } = metadata;
  return rest;
}

/** `$IMAGE`, `${NODE_ID}` and the like by their values, in all texts but those that a shell of the container reads. */
function filledIn(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string')
    return value.replaceAll(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain?: string, braced?: string) => {
      const name = plain ?? braced ?? '';
      return FILLED_IN.test(name) ? (env[name] ?? whole) : whole;
    });
  if (Array.isArray(value)) return value.map((each) => filledIn(each, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'command' || key === 'args' ? each : filledIn(each, env)]),
  );
}
