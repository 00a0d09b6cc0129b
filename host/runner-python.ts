/** The Python that runs what is ours and needs nothing installed: the job runner and what it helps with. */
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The target's interpreter if one is configured, else the first Python on PATH. */
export function runnerPython(configured: string, searchPath = process.env.PATH ?? ''): string {
  const names = configured === '' ? ['python3', 'python'] : [configured, 'python3', 'python'];
  for (const name of names) {
    const places = isAbsolute(name) ? [name] : searchPath.split(delimiter).map((folder) => join(folder, name));
    const found = places.find(isExecutable);
    if (found !== undefined) return found;
  }
  throw new Error(`no Python to run jobs with: none of ${names.join(', ')} is on PATH; install Python 3.10 or newer`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
