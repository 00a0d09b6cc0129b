// How set-up talks, starts other programs and fails.
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const inProject = (...parts) => join(projectRoot, ...parts);

/** What set-up fetches; AUTORESEARCH_TOOLS names another folder, as `autoresearch setup` does. */
export const inTools = (...parts) => resolve(process.env.AUTORESEARCH_TOOLS || inProject('.tools'), ...parts);

/** Exit code 2: something is missing that only the user can bring; 1: a step that should have worked did not. */
export class SetupFailure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function say(text) {
  process.stdout.write(`setup: ${text}\n`);
}

const running = new Set();

/** For an interrupted set-up: nothing may go on installing when its lock is given up. */
export function stopRunning() {
  for (const child of running) child.kill('SIGTERM');
}

/** Runs a program in the project's root and gives its output back; a failure shows what it printed. */
export async function run(command, args, { env = {}, failure = command } = {}) {
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
    });
  }
  const ending = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  running.delete(child);
  if (ending !== undefined) throw new SetupFailure(`${failure} (${ending})\n${output.trimEnd()}`);
  return output;
}
