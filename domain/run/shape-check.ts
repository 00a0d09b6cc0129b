/**
 * Checks of plain JSON where no schema library may be loaded (workflow code): a problem in words that names the field.
 */

/** What is wrong with the value at `path`, or null. */
export type Check = (value: unknown, path: string) => string | null;

/** One check for each field of a type. */
export type Shape<T> = { [Field in keyof T]-?: Check };

const SHOWN_LENGTH = 60;
/** The last moment that a date can name, in ms; no amount of ours comes near it. */
const MOST = 8.64e15;

function must(be: string, fits: (value: unknown) => boolean): Check {
  return (value, path) => {
    if (fits(value)) return null;
    if (value === undefined) return `${path} is missing: it must be ${be}`;
    return `${path} must be ${be}, not ${JSON.stringify(value)?.slice(0, SHOWN_LENGTH)}`;
  };
}

export const text = must('a text', (value) => typeof value === 'string');
/** Looked up in records: a name that every object has (`constructor`) would find what nobody put there. */
export const idText = must('an id', (value) => typeof value === 'string' && !(value in Object.prototype));
export const flag = must('true or false', (value) => typeof value === 'boolean');
export const number = must('a number', (value) => typeof value === 'number' && Math.abs(value) <= MOST);
export const count = must('a whole number of at least 0', (value) => Number.isInteger(value) && Number(value) >= 0);
const object = must('an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const list = must('a list', Array.isArray);

export function oneOf(values: readonly (string | number)[]): Check {
  return must(`one of ${values.join(', ')}`, (value) => values.includes(value as string));
}

export function optional(check: Check): Check {
  return (value, path) => (value === undefined ? null : check(value, path));
}

export function nullable(check: Check): Check {
  return (value, path) => (value === null ? null : check(value, path));
}

export function listOf(check: Check): Check {
  return (value, path) => list(value, path) ?? firstOf(Object.entries(value as unknown[]), check, path);
}

export function recordOf(check: Check): Check {
  return (value, path) => object(value, path) ?? firstOf(Object.entries(value as object), check, path);
}

/** Fields beyond those of the shape are let through. */
export function shaped(shape: Record<string, Check>): Check {
  return (value, path) => {
    const problem = object(value, path);
    if (problem !== null) return problem;
    for (const [field, check] of Object.entries(shape)) {
      const inField = check((value as Record<string, unknown>)[field], `${path}.${field}`);
      if (inField !== null) return inField;
    }
    return null;
  };
}

/** An object whose field `by` says which shape it has. */
export function variant(by: string, shapes: Record<string, Record<string, Check>>): Check {
  const kind = shaped({ [by]: oneOf(Object.keys(shapes)) });
  return (value, path) =>
    kind(value, path) ?? shaped(shapes[(value as Record<string, string>)[by] ?? ''] ?? {})(value, path);
}

function firstOf(entries: [string, unknown][], check: Check, path: string): string | null {
  for (const [key, value] of entries) {
    const problem = check(value, `${path}.${key}`);
    if (problem !== null) return problem;
  }
  return null;
}
