/** config.json of a workdir as a client reads and writes it. Keys that we do not know are kept. */
import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { ConfigSchema, type RunConfig } from '../../domain/formats/config.js';
import { readTextIfAny, writeJsonAtomic } from '../../host/atomic-file.js';
import { valueAt } from '../../workdir/checked-file.js';
import { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';

/** Null when the workdir has no config.json. A Refusal names the file and the field that does not fit. */
export async function readConfig(workdir: Workdir): Promise<RunConfig | null> {
  const text = await readTextIfAny(workdir.config);
  if (text === null) return null;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const advice = `must be JSON (${(error as Error).message}); mend the file, or give another workdir`;
    throw new Refusal(workdir.config, text.slice(0, 40), advice);
  }
  return parseConfig(json, workdir.config);
}

/** `where` stands before the key in an error: the file that the object came from. */
export function parseConfig(json: unknown, where: string): RunConfig {
  const parsed = ConfigSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = [where, ...(issue.path.length > 0 ? [issue.path.join('.')] : [])].join(': ');
  throw new Refusal(field, valueAt(json, issue.path), issue.message);
}

export async function writeConfig(workdir: Workdir, config: RunConfig): Promise<void> {
  await writeJsonAtomic(workdir.config, config);
}

/** Short, readable, and never made twice: `<name of the workdir>-<8 hex digits>`. */
export function newRunId(workdir: Workdir): string {
  const name = basename(workdir.root)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${name || 'run'}-${randomBytes(4).toString('hex')}`;
}

/** A workdir that holds a run that was started; every command but `run` and `start` needs one. */
export async function existingRun(path: string): Promise<{ workdir: Workdir; config: RunConfig }> {
  const workdir = new Workdir(resolve(path));
  const config = await readConfig(workdir);
  if (config === null) {
    throw new Refusal(
      'workdir',
      path,
      'there is no run here (no config.json); give the workdir of a run, or start one with `autoresearch run`',
    );
  }
  return { workdir, config };
}

/** The value at a path of keys, at most two deep. */
export function configValueAt(config: RunConfig, [first, second]: ConfigPath): unknown {
  const value = (config as Record<string, unknown>)[first];
  return second === undefined ? value : (value as Record<string, unknown>)[second];
}

export function withValueAt(config: RunConfig, [first, second]: ConfigPath, value: unknown): RunConfig {
  const before = (config as Record<string, unknown>)[first];
  return { ...config, [first]: second === undefined ? value : { ...(before as object), [second]: value } };
}

export type ConfigPath = readonly [first: string, second?: string];
