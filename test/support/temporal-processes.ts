/** Starts functions of temporal-starters.ts in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { packageFile } from '../../host/package-files.js';

export interface Child<T> {
  process: ChildProcess;
  /** What the function returned; the process then waits for its end, until its stdin is closed or it is killed. */
  result: Promise<T>;
}

export function startInChild<T>(name: string, ...args: unknown[]): Child<T> {
  const script = packageFile('test', 'support', 'temporal-child.mjs');
  const module = packageFile('test', 'support', 'temporal-starters.ts');
  const child = spawn(process.execPath, [script, module, name, JSON.stringify(args), 'stay'], {
    cwd: packageFile(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = once(createInterface(child.stdout), 'line').then(([text]) => JSON.parse(String(text)) as T);
  const end = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)));
  end.catch(() => undefined);
  const result = Promise.race([line, end]);
  result.catch(() => undefined);
  return { process: child, result };
}

export async function endChild({ process: child }: Child<unknown>, signal: NodeJS.Signals): Promise<void> {
  const end = once(child, 'exit');
  child.kill(signal);
  await end;
}
