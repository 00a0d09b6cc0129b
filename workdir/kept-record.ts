/**
 * Records that this program keeps for itself as JSON, and reads with care: a person or a failing disk may have changed
 * them.
 */
import type { z } from 'zod';
import { readJsonIfAny } from '../host/atomic-file.js';

/** Null where there is none. `wayOut` ends the message of what does not fit the schema, and says what to do. */
export async function readKeptRecord<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  wayOut: string,
): Promise<z.output<Schema> | null> {
  const json = await readJsonIfAny(path);
  if (json === null) return null;
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') || 'the file';
  throw new Error(`${path}: ${where} is not as it was written (${issue?.message}). ${wayOut}`);
}
