/**
 * Runs a program that helps for moments (git, the target's Python): in a session of its own, so that a Ctrl+C at our
 * terminal does not reach it, and gone with this process when that ends in any way but kill -9.
 */
import { execa, type Options, type Result } from 'execa';
import { killGroup } from './process-group.js';

/** Somebody outside ended the program: that says nothing about what it worked on, and it may be run again. */
export class ProgramInterrupted extends Error {
  override readonly name = 'ProgramInterrupted';
}

/** What a terminal, a service manager and a machine that shuts down send; a time limit of ours sends others, or says so. */
const INTERRUPTIONS: readonly (string | undefined)[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How a shell between us and the program tells of SIGINT. */
const SHELL_INTERRUPTED = 130;

const startApart = execa({ detached: true, cleanup: false, reject: false });

type Apart<Chosen extends Options> = Result<Chosen & { reject: false }>;

/** Never rejects for how the program ended, but with ProgramInterrupted. Options are execa's. */
export async function runApart<Chosen extends Options>(
  file: string,
  args: readonly string[],
  options: Chosen,
): Promise<Apart<Chosen>> {
  const child = startApart(file, args, options);
  const { pid } = child;
  if (pid !== undefined) living.add(pid);
  listenForExit();
  try {
    const result = (await child) as unknown as Result;
    const wasEnded = INTERRUPTIONS.includes(result.signal) || result.exitCode === SHELL_INTERRUPTED;
    if (wasEnded && !result.timedOut) {
      throw new ProgramInterrupted(
        `${file} ${args.join(' ').slice(0, 200)} was interrupted (${result.signal ?? 'exit code 130'})`,
      );
    }
    return result as unknown as Apart<Chosen>;
  } finally {
    if (pid !== undefined) living.delete(pid);
  }
}

const living = new Set<number>();
let isListening = false;

function listenForExit(): void {
  if (isListening) return;
  isListening = true;
  process.on('exit', () => {
    for (const pid of living) killGroup(pid);
  });
}
