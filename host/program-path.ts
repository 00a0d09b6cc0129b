/**
 * Programs that a person names: by a name, which PATH explains, or by a path, which counts from where it was said.
 * Imports nothing heavy: help shows flags.
 */
import { homedir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';

/** A path absolute, its `~/` and variables read as a shell reads them; a bare name as it is. */
export function programFrom(folder: string, named: string): string {
  const path = named
    .replace(/^~(?=\/)/, homedir())
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string, plain: string) => process.env[braced ?? plain] ?? '');
  return !path.includes('/') || isAbsolute(path) ? path : resolve(folder, path);
}
