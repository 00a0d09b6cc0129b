/**
 * Agents and platforms that are files of the user's: told apart from names, and kept by their absolute path. Imports
 * nothing heavy: help shows flags.
 */
import { resolve } from 'node:path';

export function isModulePath(name: string): boolean {
  return /[\\/]/.test(name) || /\.(?:[cm]?js|json)$/.test(name);
}

/** As config.json holds it: a file by its absolute path, so that a worker finds it from wherever it was started. */
export function moduleInConfig(given: string, folder: string): string {
  return isModulePath(given) ? resolve(folder, given) : given;
}
