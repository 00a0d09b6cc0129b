/** What a check of `doctor` answers, and how it asks a command. */
import { readableText } from '../../domain/evidence/readable-text.js';
import { runApart } from '../../host/short-program.js';

export interface Check {
  name: string;
  /** `note`: fine as it is, and worth knowing. */
  state: 'ok' | 'note' | 'problem';
  /** What was found. */
  found: string;
  /** What to do; '' when there is nothing to do. */
  advice: string;
}

export type Finding = Omit<Check, 'name'>;

export const ok = (found: string): Finding => ({ state: 'ok', found, advice: '' });
export const note = (found: string, advice = ''): Finding => ({ state: 'note', found, advice });
export const problem = (found: string, advice: string): Finding => ({ state: 'problem', found, advice });

/** First line of what a command prints; null when it cannot be run or fails. */
export async function output(command: string, args: string[]): Promise<string | null> {
  const lines = await outputLines(command, args);
  return lines && (lines[0] ?? '');
}

/** Without empty ones; null when the command cannot be run or fails. */
export async function outputLines(command: string, args: string[]): Promise<string[] | null> {
  const { failed, stdout } = await runApart(command, args, { timeout: COMMAND_TIMEOUT_MS, stdin: 'ignore' });
  return failed
    ? null
    : readableText(stdout)
        .split('\n')
        .flatMap((line) => line.trim() || []);
}

/** `import spdl` from a cold disk takes seconds; a command that asks a question would wait for ever. */
export const COMMAND_TIMEOUT_MS = 20_000;
