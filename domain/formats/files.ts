/**
 * The projections in the workdir that other people's scripts read, schema_version 2: their shapes, for writing (types)
 * and for reading back what a person or the Python engine wrote (schemas).
 */
import { z } from 'zod';

export const FILE_STATUSES = ['queued', 'preparing', 'running', 'analyzing', 'completed', 'failed'] as const;
const RUN_STATUSES = ['running', 'interrupted', 'stopped'] as const;

const FailureSchema = z.looseObject({ kind: z.string(), phase: z.string(), message: z.string() });

const ResultSchema = z.looseObject({
  metrics: z.record(z.string(), z.unknown()),
  findings: z.array(z.string()),
});

/** An entry of tree.json, and what a checkpoint carries of an experiment. */
export const NodeSchema = z.looseObject({
  node_id: z.string().min(1),
  name: z.string(),
  parent_id: z.string().nullable(),
  commit: z.string().nullable(),
  spec: z.looseObject({ name: z.string() }),
  status: z.enum(FILE_STATUSES),
  job_id: z.string().nullable(),
  /** Unix seconds. */
  launched_at: z.number().nullable(),
  result: ResultSchema.nullable(),
  children: z.array(z.string()),
  priority: z.number(),
  /** Seconds. */
  duration: z.number().nullable(),
  failure: FailureSchema.nullable(),
});
export type NodeFile = z.output<typeof NodeSchema>;

export const TreeSchema = z.array(NodeSchema);

/** A person may write the least: id, priority and the node's id. */
const WorkSpecSchema = z.looseObject({
  id: z.string().min(1),
  priority: z.number(),
  kind: z.literal('experiment'),
  payload: z.looseObject({ node: z.looseObject({ node_id: z.string().min(1) }) }),
});
export type WorkSpec = z.output<typeof WorkSpecSchema>;

const WorkSpecsSchema = z.array(WorkSpecSchema).superRefine((specs, { addIssue }) => {
  specs.forEach(({ id }, index) => {
    if (specs.findIndex((other) => other.id === id) === index) return;
    addIssue({ code: 'custom', path: [index, 'id'], message: 'stands there twice; leave one of the two' });
  });
});

export const CheckpointSchema = z.looseObject({
  schema_version: z.literal(2).default(2),
  status: z.enum(RUN_STATUSES),
  timestamp: z.string().default(''),
  queued: WorkSpecsSchema,
  running: WorkSpecsSchema,
  /** Ours: `queued` as the engine wrote it, id and priority; what differs from it was edited by a person. */
  queue_as_written: z.record(z.string(), z.number()).optional(),
});
export type CheckpointFile = z.output<typeof CheckpointSchema>;

export const StateFileSchema = z.looseObject({
  schema_version: z.literal(2),
  iteration: z.number(),
  status: z.enum(RUN_STATUSES),
  baseline_job: z.string().nullable(),
  current_best: z.string().nullable(),
  best_metric: z.number().nullable(),
  plateau_count: z.number(),
  best_practices_tried: z.array(z.string()),
  cached_image: z.string().nullable(),
  anchor_commit: z.string().nullable(),
  history: z.array(
    z.looseObject({
      iteration: z.number(),
      run_id: z.string(),
      name: z.string(),
      job_id: z.string().nullable(),
      commit: z.string().nullable(),
      completed_at: z.string(),
      structured: ResultSchema.extend({ failure: FailureSchema.optional() }),
    }),
  ),
});
export type StateFile = z.output<typeof StateFileSchema>;

export const EngineStateFileSchema = z.looseObject({
  status: z.enum(RUN_STATUSES),
  timestamp: z.string(),
  total_nodes: z.number(),
  queued: z.number(),
  running: z.number(),
  completed: z.number(),
  failed: z.number(),
  failed_by_kind: z.record(z.string(), z.number()),
});
export type EngineStateFile = z.output<typeof EngineStateFileSchema>;

export const QueueSchema = z.array(
  z.looseObject({
    priority: z.number(),
    node_id: z.string(),
    /** '' when it repairs nothing. */
    retry_of: z.string(),
    retry_attempt: z.union([z.number(), z.string()]),
  }),
);
export type QueueFile = z.output<typeof QueueSchema>;

export const ActiveSchema = z.array(
  z.looseObject({ node_id: z.string(), job_id: z.string(), launched_at_iso: z.string() }),
);
export type ActiveFile = z.output<typeof ActiveSchema>;
