/** What is on record of a job and its scheduler: that it may be there, under which id, how it ended by its word. */
import { join } from 'node:path';
import { z } from 'zod';
import { END_CAUSES } from '../../domain/verdict/end-cause.js';
import { readJsonIfAny, writeJsonAtomic } from '../../host/atomic-file.js';

const SubmissionSchema = z.object({
  /** By which the scheduler finds it. */
  name: z.string().min(1),
  /** Null while nobody knows whether the scheduler has it. */
  schedulerId: z.string().min(1).nullable(),
  /** Unix milliseconds. */
  submittedAtMs: z.number(),
  /** Seconds; a stall limit of 0 is none. Absent in records of earlier versions. */
  timeoutS: z.number().optional(),
  stallTimeoutS: z.number().optional(),
  /** The tree's source directory, which the job's host may not see. Absent in records of earlier versions. */
  sourceDir: z.string().optional(),
});

export type Submission = z.output<typeof SubmissionSchema>;

const EndSchema = z.object({
  cause: z.enum(END_CAUSES),
  returnCode: z.number().int().nullable(),
  startedAtMs: z.number(),
  endedAtMs: z.number(),
  said: z.string().optional(),
});
export type RecordedEnd = z.output<typeof EndSchema>;

const PrintedSchema = z.object({
  cursor: z.string(),
  /** Bytes of the two logs that the cursor stands for. */
  stdoutBytes: z.number().int(),
  stderrBytes: z.number().int(),
  /** Of the probe's lines, which were taken out of both; absent in records of earlier versions. */
  probeBytes: z.number().int().default(0),
  /** The beginning of a line of the probe at the end of each, which is in no file yet. */
  stdoutRest: z.string().default(''),
  stderrRest: z.string().default(''),
  /** Whether the file ends within a line. */
  stdoutIsOpen: z.boolean().default(false),
  stderrIsOpen: z.boolean().default(false),
});

export type Printed = z.output<typeof PrintedSchema>;

/** One small file of a job's folder: read whole or not at all, written whole. */
export class RecordFile<Schema extends z.ZodType> {
  constructor(
    private readonly name: string,
    private readonly schema: Schema,
  ) {}

  /** Null when there is none. Throws on a file that is not one of ours, with the field's name. */
  async read(jobDir: string): Promise<z.output<Schema> | null> {
    const path = join(jobDir, this.name);
    const value = await readJsonIfAny(path);
    if (value === null) return null;
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new Error(`${path} is not as autoresearch writes it: ${z.prettifyError(parsed.error)}`);
  }

  async write(jobDir: string, value: z.output<Schema>): Promise<void> {
    await writeJsonAtomic(join(jobDir, this.name), value);
  }
}

export const submissionFile = new RecordFile('submission.json', SubmissionSchema);
/** Of a job whose own runner told less, or nothing. */
export const endFile = new RecordFile('scheduler_end.json', EndSchema);
export const printedFile = new RecordFile('printed.json', PrintedSchema);
