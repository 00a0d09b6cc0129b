/** The PATH of tests. */
import { execFileSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

/**
 * A shim of a version manager costs more than most of what the tests run: they find the interpreter behind it first.
 */
export function pathWithPython(): string {
  const path = process.env.PATH ?? '';
  try {
    const question = ['-I', '-c', 'import sys; print(sys.executable)'];
    return [dirname(execFileSync('python3', question, { encoding: 'utf8' }).trim()), path].join(delimiter);
  } catch {
    return path;
  }
}
