/**
 * Where the package keeps what it fetches for itself (a Temporal command, a Python with SPDL): in a checkout beside the
 * sources; else in the user's data, as a package that npm has put somewhere may be read only.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { packageFile } from './package-files.js';

/** A package that npm has installed lacks what only its making needs. */
export const isCheckout = existsSync(packageFile('tsconfig.json'));

/** AUTORESEARCH_TOOLS names another folder; `scripts/setup.mjs tools` fills it. */
export function toolFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.AUTORESEARCH_TOOLS) return resolve(env.AUTORESEARCH_TOOLS);
  return isCheckout ? packageFile('.tools') : join(userData(env), 'tools');
}

/** Of one user, as the XDG base directories say. */
export function userData(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'autoresearch');
}

export function toolPython(): string {
  return join(toolFolder(), 'venv', 'bin', 'python');
}
