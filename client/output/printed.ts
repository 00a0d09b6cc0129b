/** What a command hands to the printer: its answer as data, how a person reads it, and the exit code. */
import { EXIT, type ExitCode } from './exit-codes.js';

export interface Printed {
  answer: unknown;
  text(): string;
  exitCode: ExitCode;
}

export function printed<T>(answer: T, text: (answer: T) => string, exitCode: ExitCode = EXIT.ok): Printed {
  return { answer, text: () => text(answer), exitCode };
}
