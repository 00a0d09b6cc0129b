/**
 * Runs a program that helps for moments (git, the target's Python): in a session of its own, so that a Ctrl+C at our
 * terminal does not reach it, and gone with this process when that ends in any way but kill -9.
 */
import type { Options, Result } from 'execa';
import { endsWithThisProcess } from './at-exit.js';
import { killGroup } from './process-group.js';

/** Somebody outside ended the program: that says nothing about what it worked on, and it may be run again. */
export class ProgramInterrupted extends Error {
  override readonly name = 'ProgramInterrupted';
}

/** What a terminal, a service manager and a machine that shuts down send, and how a shell in between tells of it. */
const INTERRUPTIONS: Readonly<Record<string, number>> = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 };

/** For an end that no time limit and no cancellation of ours explains. */
export function isInterruption(exitCode: number | null | undefined, signal: string | null | undefined): boolean {
  return signal ? signal in INTERRUPTIONS : Object.values(INTERRUPTIONS).includes(exitCode ?? 0);
}

/** After execa's own limit, which then stands in the result. */
const GROUP_MS = 100;

/** Loaded with the first program: a hundred files, a good part of what a command takes that runs none. */
async function loadStarter() {
  const { execa } = await import('execa');
  return execa({ detached: true, cleanup: false, reject: false });
}

type Apart<Chosen extends Options> = Result<Chosen & { reject: false }>;

/** Never rejects for how the program ended, but with ProgramInterrupted. Options are execa's. */
export async function runApart<Chosen extends Options>(
  file: string,
  args: readonly string[],
  options: Chosen,
): Promise<Apart<Chosen>> {
  const startApart = await loadStarter();
  const child = startApart(file, args, options);
  const { pid } = child;
  const forget = pid === undefined ? () => undefined : endsWithThisProcess(pid);
  // execa ends the program alone; what that started would hold the pipes, and us, until it ends by itself.
  const late = options.timeout
    ? setTimeout(() => pid !== undefined && killGroup(pid), options.timeout + GROUP_MS)
    : null;
  try {
    const result = (await child) as unknown as Result;
    if (!result.timedOut && isInterruption(result.exitCode, result.signal)) {
      const how = result.signal ?? `exit code ${result.exitCode}`;
      throw new ProgramInterrupted(`${file} ${args.join(' ').slice(0, 200)} was interrupted (${how})`);
    }
    return result as unknown as Apart<Chosen>;
  } finally {
    if (late !== null) clearTimeout(late);
    forget();
  }
}
