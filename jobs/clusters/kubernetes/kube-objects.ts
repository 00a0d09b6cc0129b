/** What is read of the server's answers, and nothing else of them. */
import { z } from 'zod';
import { LABELS } from './job-manifest.js';

const time = z.string().transform((text) => Date.parse(text));

const ConditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
});
export type Condition = z.output<typeof ConditionSchema>;

const words = { reason: z.string().default(''), message: z.string().default('') };
const ContainerStatusSchema = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z.object(words).optional(),
      running: z.object({ startedAt: time.nullish() }).optional(),
      terminated: z
        .object({
          ...words,
          exitCode: z.number(),
          signal: z.number().optional(),
          startedAt: time.nullish(),
          finishedAt: time.nullish(),
        })
        .optional(),
    })
    .default({}),
});
export type ContainerStatus = z.output<typeof ContainerStatusSchema>;

const MetaSchema = z.object({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  creationTimestamp: time.nullish(),
  /** When the time to end by itself is over; absent while nobody deletes it. */
  deletionTimestamp: time.nullish(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});

export const PodSchema = z.object({
  metadata: MetaSchema,
  spec: z.object({
    nodeName: z.string().default(''),
    containers: z.array(z.object({ name: z.string() })).min(1),
  }),
  status: z
    .object({
      phase: z.string().default('Pending'),
      ...words,
      conditions: z.array(ConditionSchema).default([]),
      initContainerStatuses: z.array(ContainerStatusSchema).default([]),
      containerStatuses: z.array(ContainerStatusSchema).default([]),
    })
    .prefault({}),
});
export type Pod = z.output<typeof PodSchema>;

export const JobSchema = z.object({
  metadata: MetaSchema,
  spec: z.object({ suspend: z.boolean().nullish() }).prefault({}),
  status: z
    .object({
      conditions: z.array(ConditionSchema).default([]),
      completionTime: time.nullish(),
      startTime: time.nullish(),
    })
    .prefault({}),
});
export type Job = z.output<typeof JobSchema>;

export const PodListSchema = z.object({ items: z.array(PodSchema) });
export const JobListSchema = z.object({ items: z.array(JobSchema) });

/** By the names of their Jobs. A Job whose pod was taken away while it was put aside has a second one. */
export function newestOf(pods: readonly Pod[]): Map<string, Pod> {
  const newest = new Map<string, Pod>();
  for (const pod of pods) {
    const job = pod.metadata.labels[LABELS.job] ?? '';
    const before = newest.get(job);
    if (before === undefined || (before.metadata.creationTimestamp ?? 0) <= (pod.metadata.creationTimestamp ?? 0))
      newest.set(job, pod);
  }
  return newest;
}
