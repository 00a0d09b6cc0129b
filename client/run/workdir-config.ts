/** The run of a workdir as a client finds it, and its configuration's keys. */
import { randomBytes } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { RunConfig } from '../../domain/formats/config.js';
import { readConfig } from '../../workdir/config-file.js';
import { Workdir } from '../../workdir/paths.js';
import { Refusal } from '../output/refusal.js';
import { refusingFiles } from '../output/refused-file.js';

/** Null when the workdir has no config.json. A Refusal names the file and the field that does not fit. */
export async function configIfAny(workdir: Workdir): Promise<RunConfig | null> {
  return await refusingFiles(() => readConfig(workdir));
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
  const config = await configIfAny(workdir);
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
