/** Tries a launch command for its first step: whether it starts at all is known in seconds, not after a night. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { endsWithThisProcess } from '../../../host/at-exit.js';
import { killGroup } from '../../../host/process-group.js';
import { withoutSecrets } from '../../../jobs/job-environment.js';

export type Tried =
  | { how: 'step'; line: string; afterS: number }
  | { how: 'ended'; afterS: number }
  | { how: 'runs'; afterS: number }
  | { how: 'failed'; exitCode: number | null; lines: string[] };

/** A line of a training loop: a step, batch, iteration or epoch with a number, or a line of ours. */
const STEP = /^\[autoresearch\] step=|\b(?:step|iter(?:ation)?|batch|epoch)\b\D{0,12}\d/i;
const LINES_SHOWN = 15;
/** What was printed is in the pipe when a command has ended; longer holds it only what it left behind. */
const DRAIN_MS = 500;
/** As long as a person waits without a word from it. */
const PATIENCE_MS = 60_000;

interface TrialPlace {
  cwd: string;
  signal: AbortSignal;
  /** More variables that it must not see. */
  secretEnv?: readonly string[];
  patienceMs?: number;
}

/** Runs in `cwd` as a person would run it, and ends with all that it started. */
export async function tryLaunch(
  command: string,
  { cwd, signal, secretEnv = [], patienceMs = PATIENCE_MS }: TrialPlace,
): Promise<Tried> {
  const startedMs = Date.now();
  const afterS = () => (Date.now() - startedMs) / 1000;
  const child = execa('/bin/sh', ['-c', command], {
    cwd,
    stdin: 'ignore',
    all: true,
    reject: false,
    detached: true,
    cleanup: false,
    buffer: false,
    // As a job: it has no use for the keys of this program.
    env: { ...withoutSecrets(process.env, secretEnv), PYTHONUNBUFFERED: '1' },
    extendEnv: false,
  });
  const lines: string[] = [];
  const end = () => child.pid !== undefined && killGroup(child.pid);
  const forget = child.pid === undefined ? () => undefined : endsWithThisProcess(child.pid);
  signal.addEventListener('abort', end, { once: true });
  try {
    const printed = createInterface({ input: child.all });
    const stepped = new Promise<Tried>((resolve) => {
      printed.on('line', (line) => {
        lines.push(line);
        if (lines.length > LINES_SHOWN) lines.shift();
        if (STEP.test(line)) resolve({ how: 'step', line, afterS: afterS() });
      });
      // What it left running may hold its output open: the end of the command itself is waited for.
      child.once('exit', (exitCode) => {
        const end = () =>
          resolve(exitCode === 0 ? { how: 'ended', afterS: afterS() } : { how: 'failed', exitCode, lines });
        printed.once('close', end);
        setTimeout(end, DRAIN_MS);
      });
      child.catch(() => undefined);
    });
    const waited = sleep(patienceMs, undefined, { signal }).then(
      (): Tried => ({ how: 'runs', afterS: afterS() }),
      (): Tried => ({ how: 'runs', afterS: afterS() }),
    );
    return await Promise.race([stepped, waited]);
  } finally {
    signal.removeEventListener('abort', end);
    forget();
    end();
  }
}

export function triedText(tried: Tried): string {
  switch (tried.how) {
    case 'step':
      return `it takes steps, the first after ${tried.afterS.toFixed(1)} s: ${tried.line.trim().slice(0, 120)}`;
    case 'ended':
      return `it ended well after ${tried.afterS.toFixed(1)} s`;
    case 'runs':
      return `it still ran after ${tried.afterS.toFixed(0)} s, without a line that looks like a step; it was ended`;
    case 'failed':
      return [`it failed (exit code ${tried.exitCode ?? 'none'}):`, ...tried.lines.map((line) => `    ${line}`)].join(
        '\n',
      );
  }
}
