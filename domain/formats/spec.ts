/** spec.json and the experiments of a plan reply: one shape, snake_case as on disk. */
import { z } from 'zod';
import { WORK_EFFECTS } from '../proposals/moves.js';
import { MoveCallSchema } from './move-call.js';

/** A name becomes part of a directory and of a git ref. */
export const EXPERIMENT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** What a person may call an experiment: kept as they wrote it, but for capitals. */
export const OWN_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
export const OWN_NAME_RULE = 'at most 64 letters, digits, - and _, of which the first is a letter or digit';

/** "Decode: 8 Workers!" -> "decode_8_workers"; '' when nothing usable is left. */
export function experimentName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '_')
    .replace(/^[^a-z0-9]+|_+$/g, '')
    .slice(0, 64);
}

export const SpecSchema = z.looseObject({
  name: z.string().transform(experimentName).pipe(z.string().regex(EXPERIMENT_NAME, 'a name needs a letter or digit')),
  changes: z
    .array(z.string())
    .nullish()
    .transform((v) => v ?? []),
  change_summary: z
    .string()
    .nullish()
    .transform((v) => v ?? ''),
  description: z
    .string()
    .nullish()
    .transform((v) => v ?? ''),
  hypothesis: z
    .string()
    .nullish()
    .transform((v) => v ?? ''),
  /** '' or null: the base launch command. */
  launch_command: z
    .string()
    .nullish()
    .transform((v) => v ?? ''),
  /** Commit to stack on; null = the run's base commit. */
  goto: z
    .string()
    .nullish()
    .transform((v) => v || null),
  best_practices_tags: z
    .array(z.string())
    .nullish()
    .transform((v) => v ?? []),
  /** Ours: changes that code makes by itself; with `changes` besides, an agent makes those on top. */
  moves: z.array(MoveCallSchema).optional(),
  /** Ours: what it does to the work of a job, where that is not the same work. */
  work: z.enum(WORK_EFFECTS).optional(),
  priority: z
    .number()
    .nullish()
    .transform((v) => v ?? null),
});

export type Spec = z.output<typeof SpecSchema>;
