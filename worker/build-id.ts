/**
 * Which code a worker runs, as Temporal shows it: the commit that it was built from, or a release's package version.
 */
import { existsSync, readFileSync } from 'node:fs';
import { packageFile, packageVersion } from '../host/package-files.js';

/** What set-up notes when it compiles a checkout (scripts/setup/build-id.mjs). */
const NOTED = packageFile('dist', 'build-id.txt');

export function buildId(noted = NOTED): string {
  const text = existsSync(noted) ? readFileSync(noted, 'utf8').trim() : '';
  return text === '' ? packageVersion() : text;
}
