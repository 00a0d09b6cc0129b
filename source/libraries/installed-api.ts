/** What the SPDL that a Python has installed offers: modules, signatures and first sentences, read from its files. */
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { jsonOrNull } from '../../domain/formats/json-text.js';
import { packageFile } from '../../host/package-files.js';
import { runApart } from '../../host/short-program.js';

const MethodSchema = z.object({ name: z.string(), signature: z.string(), says: z.string() });
const FactSchema = MethodSchema.extend({
  module: z.string(),
  kind: z.enum(['class', 'function', 'value']),
  methods: z.array(MethodSchema),
});
const ApiSchema = z.object({
  /** Null without SPDL. */
  version: z.string().nullable(),
  /** They change with the installation. */
  files: z.array(z.string()),
  facts: z.array(FactSchema),
});
export type ApiFact = z.infer<typeof FactSchema>;
export type InstalledApi = z.infer<typeof ApiSchema>;

const NOTHING: InstalledApi = { version: null, files: [], facts: [] };
/** It takes half a second; a cold network file system takes its time, and a prompt does not wait longer for it. */
const READING_MS = 60_000;

const known = new Map<string, { stamp: string; api: InstalledApi }>();

/** Without any facts where the interpreter cannot tell. Read again when the installation has changed. */
export async function installedApi(python: string): Promise<InstalledApi> {
  const before = known.get(python);
  if (before !== undefined && before.stamp === (await stampOf(before.api))) return before.api;
  const script = packageFile('source', 'libraries', 'python', 'list_api.py');
  const result = await runApart(python, ['-I', script], {
    timeout: READING_MS,
    killSignal: 'SIGKILL',
    stdin: 'ignore',
  });
  const parsed = ApiSchema.safeParse(result.exitCode === 0 ? jsonOrNull(result.stdout) : null);
  const api = parsed.success ? parsed.data : NOTHING;
  known.set(python, { stamp: await stampOf(api), api });
  return api;
}

async function stampOf({ version, files }: InstalledApi): Promise<string> {
  const times = await Promise.all(files.map(async (file) => (await stat(file).catch(() => null))?.mtimeMs));
  return JSON.stringify([version, times]);
}
