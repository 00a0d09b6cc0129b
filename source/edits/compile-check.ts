/** Asks the target's own Python whether edited files compile, and which top-level definitions they lost. */
import { z } from 'zod';
import { packageFile } from '../../host/package-files.js';
import { runApart } from '../../host/short-program.js';

export interface PythonSource {
  path: string;
  /** Null for a new file. */
  before: string | null;
  after: string;
}

const ReportSchema = z.array(
  z.object({
    path: z.string(),
    problem: z.object({ line: z.number().nullable(), message: z.string() }).nullable(),
    dropped: z.array(z.string()),
    dropped_but_used: z.array(z.string()),
  }),
);
export type PythonReport = z.infer<typeof ReportSchema>[number];

/** Compiling is a matter of milliseconds; a slow network file system may take its time to start the interpreter. */
const TIMEOUT_MS = 60_000;

/** One process for all files. Throws when the interpreter itself cannot do it: that is not the edit's fault. */
export async function checkPython(python: string, sources: readonly PythonSource[]): Promise<PythonReport[]> {
  if (sources.length === 0) return [];
  const result = await runApart(python, ['-I', packageFile('source', 'edits', 'python', 'check_sources.py')], {
    input: JSON.stringify(
      sources.map((source) => ({
        ...source,
        after: unmarked(source.after),
        before: source.before && unmarked(source.before),
      })),
    ),
    timeout: TIMEOUT_MS,
  });
  if (result.exitCode !== 0) {
    throw new Error(
      `${python} could not check the edited files: ${(result.stderr || result.shortMessage || '').slice(-500)}`,
    );
  }
  return ReportSchema.parse(JSON.parse(result.stdout));
}

/** Python accepts the byte order mark in a file, and not in a string. */
function unmarked(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}
