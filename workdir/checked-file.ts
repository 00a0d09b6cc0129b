/** Files that a person or another engine may have written, checked against a schema. */
import { basename } from 'node:path';
import type { z } from 'zod';
import { readTextIfAny } from '../host/atomic-file.js';

/** What does not fit, for a reader who can mend it: the file and the field, the value, and what would be right. */
export class InvalidFile extends Error {
  override readonly name = 'InvalidFile';

  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly advice: string,
  ) {
    super(`${field}: ${advice}`);
  }
}

/** Null when there is no such file. Throws InvalidFile. */
export async function readChecked<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | null> {
  const text = await readTextIfAny(path);
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const advice = `must be JSON (${(error as Error).message}); mend ${basename(path)}, or put back the one before`;
    throw new InvalidFile(path, text.slice(0, 40), advice);
  }
  return checked(json, schema, path);
}

/** `where` stands before the field in an error. */
export function checked<T extends z.ZodType>(json: unknown, schema: T, where: string): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = issue.path.length > 0 ? `${where}: ${issue.path.join('.')}` : where;
  throw new InvalidFile(field, valueAt(json, issue.path), issue.message);
}

export function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
