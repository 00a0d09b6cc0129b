/**
 * Holds edited Python files against the libraries that their Python has installed: an import, an attribute or a keyword
 * that is not there is found before anything is built. What cannot be told is let through.
 */
import { z } from 'zod';
import { jsonOrNull } from '../../domain/formats/json-text.js';
import { packageFile } from '../../host/package-files.js';
import { runApart } from '../../host/short-program.js';

export interface CheckedSource {
  path: string;
  /** Null for a new file; what was wrong there before is not the edit's. */
  before: string | null;
  after: string;
}

/** The other files of the tree, which may add names to a library, or stand in its place. */
export interface Surroundings {
  files: ReadonlySet<string>;
  read(path: string): Promise<string | null>;
}

const ProblemSchema = z.object({
  path: z.string(),
  line: z.number(),
  kind: z.enum(['module', 'name', 'attribute', 'keyword']),
  of: z.string(),
  name: z.string(),
  nearest: z.array(z.string()),
  asked: z.array(z.string()),
  is_sure: z.boolean(),
  is_conditional: z.boolean(),
});
export type WrongName = z.infer<typeof ProblemSchema>;

/** The libraries that are read; the pattern spares every other edit a process. */
const LIBRARIES = ['spdl', 'torch'] as const;
/** Reading torch's files takes a second; a cold network file system takes its time. */
const READING_MS = 60_000;
/** An import of torch takes seconds, and a minute there; without an answer nothing is refused. */
const IMPORTING_MS = 90_000;
/** So many files of a tree are looked through for what they add to a library. */
const LOOKED_THROUGH = 500;

/** In the order of the files; [] also where the interpreter cannot be asked. */
export async function wrongNames(
  python: string,
  sources: readonly CheckedSource[],
  surroundings: Surroundings,
): Promise<WrongName[]> {
  const roots = LIBRARIES.filter((name) => !isInTree(name, surroundings.files));
  const asked = sources.filter(({ after }) => roots.some((name) => after.includes(name)));
  if (asked.length === 0) return [];
  const found = await answer(python, 'check_names.py', { roots, sources: asked }, z.array(ProblemSchema), READING_MS);
  const certain = await confirmed(python, found ?? []);
  return await notMadeElsewhere(certain, surroundings);
}

/** As an agent reads it. */
export function wrongNameText({ path, line, kind, of, name, nearest }: WrongName): string {
  const what = kind === 'keyword' ? `${of} takes no keyword ${name}` : `${of} has no ${name}`;
  const near = nearest.length === 0 ? '' : `; the nearest names are ${nearest.join(', ')}`;
  return `${path}, line ${line}: ${what} in the version that is installed${near}`;
}

/** Files of the user's may bear a library's name, and are imported in its place. */
function isInTree(library: string, files: ReadonlySet<string>): boolean {
  const places = new RegExp(`(?:^|/)${library}(?:\\.py|/__init__\\.py)$`);
  return [...files].some((file) => places.test(file));
}

/** Of what reading could not decide, the library itself is asked. */
async function confirmed(python: string, problems: readonly WrongName[]): Promise<WrongName[]> {
  const open = problems.filter(({ is_sure }) => !is_sure);
  if (open.length === 0) return [...problems];
  const near = await answer(python, 'probe_names.py', open, z.array(z.array(z.string()).nullable()), IMPORTING_MS);
  return problems.flatMap((problem) => {
    if (problem.is_sure) return [problem];
    const nearest = near?.[open.indexOf(problem)] ?? null;
    return nearest === null ? [] : [{ ...problem, nearest }];
  });
}

async function notMadeElsewhere(problems: WrongName[], { files, read }: Surroundings): Promise<WrongName[]> {
  if (problems.length === 0) return [];
  const paths = [...files].filter((path) => path.endsWith('.py')).slice(0, LOOKED_THROUGH);
  const texts = await Promise.all(paths.map(async (path) => (await read(path)) ?? ''));
  return problems.filter((problem) => !texts.some((text) => isMadeIn(text, problem)));
}

function isMadeIn(text: string, { kind, of, name }: WrongName): boolean {
  if (kind === 'keyword') return false;
  if (kind === 'module') return text.includes(`${of}.${name}`);
  return new RegExp(`\\.${name}\\s*=[^=]|(?:setattr|patch)\\(.*['".]${name}['"]`).test(text);
}

/** Null where the interpreter gives no answer: that is not the edit's fault. */
async function answer<T>(
  python: string,
  script: string,
  input: unknown,
  schema: z.ZodType<T>,
  timeout: number,
): Promise<T | null> {
  const file = packageFile('source', 'libraries', 'python', script);
  const result = await runApart(python, ['-I', file], { input: JSON.stringify(input), timeout, killSignal: 'SIGKILL' });
  const parsed = schema.safeParse(result.exitCode === 0 ? jsonOrNull(result.stdout) : null);
  return parsed.success ? parsed.data : null;
}
