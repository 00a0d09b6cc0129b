/** Errors that a person can mend: which field, which value, and what would be right. Printed as one line. */
import { shellWord } from '../../domain/command/shell-word.js';
import { EXIT, type ExitCode } from './exit-codes.js';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  /**
   * `field` is a flag, an argument or a key of a file as the person knows it; `value` is what was given (undefined when
   * nothing was); `advice` says in words what would be right.
   */
  constructor(
    readonly field: string,
    readonly value: unknown,
    readonly advice: string,
    readonly exitCode: ExitCode = EXIT.refused,
  ) {
    super(`${field}: ${valueText(value)}: ${advice}`);
  }
}

export function notRunning(workdir: string, more = ''): NotServed {
  const advice = `no engine works on it${more}; start it with \`autoresearch run ${shellWord(workdir)}\` (or \`start\`, in the background)`;
  return new NotServed('workdir', workdir, advice, EXIT.notRunning);
}

/** No engine works on the run, so that a message to it has changed nothing. */
export class NotServed extends Refusal {}

const VALUE_LIMIT = 200;

function valueText(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > VALUE_LIMIT ? `${text.slice(0, VALUE_LIMIT)}…` : text;
}
