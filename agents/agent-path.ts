/**
 * Agents that are modules of the user's: told apart from names, and kept by their absolute path. Imports nothing heavy:
 * help shows flags.
 */
import { resolve } from 'node:path';

export function isModulePath(agent: string): boolean {
  return /[\\/]/.test(agent) || /\.[cm]?js$/.test(agent);
}

/** As config.json holds it: a module by its absolute path, so that a worker finds it from wherever it was started. */
export function agentInConfig(given: string, folder: string): string {
  return isModulePath(given) ? resolve(folder, given) : given;
}
