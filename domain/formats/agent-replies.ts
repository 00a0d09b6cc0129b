/** What a coding agent answers, after its text was found to be JSON or code (see agents/reply-text). */
import { z } from 'zod';
import { NUMERIC_METRICS, type NumericMetric, ofOtherMetrics } from '../evidence/metrics.js';
import { SpecSchema } from './spec.js';

const number = z
  .number()
  .nullish()
  .transform((v) => (v === undefined || v === null || !Number.isFinite(v) ? null : v));

export const AnalysisReplySchema = z.looseObject({
  metrics: z.looseObject({
    ...(Object.fromEntries(NUMERIC_METRICS.map((name) => [name, number])) as Record<NumericMetric, typeof number>),
    ...ofOtherMetrics({
      text: z
        .string()
        .nullish()
        .transform((v) => v ?? null),
      flag: z
        .boolean()
        .nullish()
        .transform((v) => v ?? null),
    }),
  }),
  findings: z.array(z.string()).default([]),
});
export type AnalysisReply = z.output<typeof AnalysisReplySchema>;

export const PlanReplySchema = z.looseObject({
  action: z.enum(['launch', 'stop', 'manual']).default('launch'),
  reasoning: z
    .string()
    .nullish()
    .transform((v) => v ?? ''),
  experiments: z
    .array(SpecSchema)
    .nullish()
    .transform((v) => v ?? []),
  /** Ours: best practices that cannot apply to this pipeline. */
  not_applicable: z
    .array(z.string())
    .nullish()
    .transform((v) => v ?? []),
  /** Ours: what might help and could not be tried, a sentence each with the reason. */
  unreached: z
    .array(z.string())
    .nullish()
    .transform((v) => v ?? []),
});
export type PlanReply = z.output<typeof PlanReplySchema>;

/** One edit of one file; paths are relative to the source directory. */
export const FileEditSchema = z.union([
  z.strictObject({ path: z.string().min(1), old: z.string().min(1), new: z.string() }),
  z.strictObject({ path: z.string().min(1), content: z.string() }),
]);
export type FileEdit = z.output<typeof FileEditSchema>;

/** A rewrite: edits of any files; a whole `python` block becomes one edit of the pipeline script. */
export const RewriteReplySchema = z.looseObject({
  edits: z.array(FileEditSchema),
  summary: z
    .string()
    .nullish()
    .transform((v) => v ?? ''),
});
export type RewriteReply = z.output<typeof RewriteReplySchema>;
