/** Where a command's answer and its errors go. Answers: text or JSON on stdout. Errors: one line or JSON on stderr. */
import { readableText } from '../../domain/evidence/readable-text.js';
import { BadSetting } from '../../host/bad-setting.js';
import { withDocPaths } from './doc-paths.js';
import { errorText } from './error-text.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Printed } from './printed.js';
import { Refusal } from './refusal.js';

export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether a person watches stdout. */
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Of the terminal; absent where nobody says. */
  readonly rows?: number | undefined;
  /** Calls `act` whenever the terminal gets another size; returns what ends that. */
  onResize?(act: () => void): () => void;
}

export const processOutput: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  get isTerminal() {
    return process.stdout.isTTY === true;
  },
  get columns() {
    return process.stdout.columns || 100;
  },
  get rows() {
    return process.stdout.rows || undefined;
  },
  onResize(act) {
    process.stdout.on('resize', act);
    return () => void process.stdout.off('resize', act);
  },
};

export function printAnswer(output: Output, json: boolean, { answer, text }: Printed): void {
  const said = json ? JSON.stringify(answer, null, 2) : text();
  if (said !== '') output.out(said.endsWith('\n') ? said : `${said}\n`);
}

export function printError(output: Output, json: boolean, error: unknown): ExitCode {
  const exitCode =
    error instanceof Refusal ? error.exitCode : error instanceof BadSetting ? EXIT.refused : EXIT.runFailed;
  const message = withDocPaths(oneLine(readableText(errorText(error))));
  if (json) {
    const place =
      error instanceof Refusal
        ? { field: error.field, value: error.value ?? null, advice: withDocPaths(error.advice) }
        : {};
    output.err(`${JSON.stringify({ error: { message, ...place, exit_code: exitCode } })}\n`);
  } else {
    output.err(`error: ${message}\n`);
  }
  return exitCode;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' | ');
}
