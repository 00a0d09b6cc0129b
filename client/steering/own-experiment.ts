/** A person's own experiment as `add` is told it: from a JSON file, from flags, or from a file that flags amend. */
import { readFile } from 'node:fs/promises';
import { jsonOrNull } from '../../domain/formats/json-text.js';
import { OWN_NAME, OWN_NAME_RULE } from '../../domain/formats/spec.js';
import { Refusal } from '../output/refusal.js';

export interface OwnExperimentOptions {
  file?: string | undefined;
  name?: string | undefined;
  description?: string | undefined;
  hypothesis?: string | undefined;
  change?: string[] | undefined;
  launchCommand?: string | undefined;
  patch?: string | undefined;
  goto?: string | undefined;
  priority?: string | undefined;
  tag?: string[] | undefined;
}

export interface OwnExperiment {
  name: string;
  /** Code, as edits or as a unified diff. */
  edits?: unknown;
  patch?: unknown;
  [field: string]: unknown;
}

export async function ownExperiment(options: OwnExperimentOptions): Promise<OwnExperiment> {
  const experiment = { ...(await experimentFile(options.file)), ...(await experimentFlags(options)) };
  const { name } = experiment;
  if (typeof name === 'string' && OWN_NAME.test(name)) return { ...experiment, name };
  const field = options.name === undefined && options.file !== undefined ? `${options.file}: name` : '--name';
  throw new Refusal(field, name, OWN_NAME_RULE);
}

async function experimentFlags(options: OwnExperimentOptions): Promise<Record<string, unknown>> {
  const { name, description, hypothesis, change, launchCommand, patch, goto, priority, tag } = options;
  const number = priority === undefined ? undefined : Number(priority);
  if (number !== undefined && !Number.isFinite(number))
    throw new Refusal('--priority', priority, 'a number; lower runs first');
  const fields = {
    name,
    description,
    hypothesis,
    changes: change,
    launch_command: launchCommand,
    goto,
    priority: number,
    best_practices_tags: tag,
    ...(patch === undefined ? {} : await patchFile(patch)),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

async function experimentFile(path: string | undefined): Promise<Record<string, unknown>> {
  if (path === undefined) return {};
  const json = await jsonFile('--file', path);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new Refusal('--file', path, 'a file with one JSON object: {"name": …, "changes": […], "description": …}');
}

/** Edits as JSON, or a unified diff: what it changes is read by the engine, which knows the commit that it is for. */
async function patchFile(path: string): Promise<{ edits: unknown[] } | { patch: string }> {
  const text = await textFile('--patch', path);
  if (/^@@ .* @@/m.test(text)) return { patch: text };
  const json = jsonOrNull(text);
  if (Array.isArray(json)) return { edits: json };
  const advice = 'a file with a unified diff, or with a JSON array of {"path", "old", "new"} or {"path", "content"}';
  throw new Refusal('--patch', path, advice);
}

async function jsonFile(flag: string, path: string): Promise<unknown> {
  const text = await textFile(flag, path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(flag, path, `a JSON file (${(error as Error).message})`);
  }
}

async function textFile(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Refusal(flag, path, `a readable file (${(error as Error).message})`);
  }
}
