/** The program's version: that of its package. */
import { readFileSync } from 'node:fs';
import { packageFile } from '../host/package-files.js';

export function version(): string {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
  return version;
}
