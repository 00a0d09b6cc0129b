/**
 * Runs a build command in its own process group: output to a file, a time limit, and nothing left alive when it ends
 * early.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { stripVTControlCharacters } from 'node:util';
import { endsWithThisProcess } from '../../host/at-exit.js';
import { endGroup } from '../../host/process-group.js';
import { recordedProcess, recordProcess } from '../../host/recorded-process.js';
import { isInterruption, ProgramInterrupted } from '../../host/short-program.js';

export interface BuildRequest {
  command: string;
  cwd: string;
  env: Record<string, string>;
  timeoutS: number;
  /** Takes the whole output, both streams as they come. */
  logFile: string;
  /** Records the process, so that a build whose worker was killed can be found. */
  pidFile: string;
  signal: AbortSignal;
}

export interface BuildEnd {
  /** Null when a signal ended it. */
  exitCode: number | null;
  timedOut: boolean;
  /** The last line of standard output that is not empty, without colours; '' when there is none. */
  lastLine: string;
}

/** More than any image's name, with room for a last line after it. */
const TAIL_CHARACTERS = 64 * 1024;
/** Time for output that is still in the pipe after the shell has ended. */
const DRAIN_MS = 2000;
/** Time to clean up after SIGTERM (container builders remove what is half made). */
const GRACE_MS = 5000;

/** Throws the signal's reason when it aborts, and ProgramInterrupted when somebody outside ended the build. */
export async function runBuild(request: BuildRequest): Promise<BuildEnd> {
  await endEarlierBuild(request.pidFile);
  request.signal.throwIfAborted();
  const log = createWriteStream(request.logFile, { mode: 0o600 });
  // What cannot be written is thrown below, where the log is finished.
  log.on('error', () => undefined);
  log.write(`$ ${request.command}\n`);
  const child = spawn('bash', ['-c', request.command], {
    cwd: request.cwd,
    env: request.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let tail = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log.write(chunk);
    tail = (tail + chunk.toString('utf8')).slice(-TAIL_CHARACTERS);
  });
  child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
  let timedOut = false;
  const { pid } = child;
  const forget = pid === undefined ? () => undefined : endsWithThisProcess(pid);
  const stop = () => void (pid !== undefined && endGroup(pid, GRACE_MS));
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, request.timeoutS * 1000);
  request.signal.addEventListener('abort', stop, { once: true });
  try {
    const [exitCode] = await Promise.all([endOf(child), pid !== undefined && recordProcess(request.pidFile, pid)]);
    request.signal.throwIfAborted();
    if (!timedOut && isInterruption(exitCode, child.signalCode)) {
      const how = child.signalCode ?? `exit code ${exitCode}`;
      throw new ProgramInterrupted(`the build was interrupted (${how}): ${request.command}`);
    }
    return { exitCode, timedOut, lastLine: lastLineOf(tail) };
  } finally {
    clearTimeout(timer);
    forget();
    request.signal.removeEventListener('abort', stop);
    log.end();
    await finished(log);
  }
}

/** Ends with the shell: a daemon that the build left running may hold the pipes open for ever. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      const drained = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve(code);
      }, DRAIN_MS);
      child.once('close', () => {
        clearTimeout(drained);
        resolve(code);
      });
    });
  });
}

/** A worker that was killed leaves its build alive; two in one tree would spoil each other. */
async function endEarlierBuild(pidFile: string): Promise<void> {
  const pid = await recordedProcess(pidFile);
  if (pid !== null) await endGroup(pid, GRACE_MS);
}

function lastLineOf(output: string): string {
  const lines = stripVTControlCharacters(output)
    .split(/[\r\n]+/)
    .map((line) => line.trim());
  return lines.filter(Boolean).at(-1) ?? '';
}
