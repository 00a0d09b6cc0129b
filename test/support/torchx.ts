/** The real torchx for tests: `torchx` on PATH, or the program that AUTORESEARCH_TORCHX_PROGRAM names. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const named = process.env.AUTORESEARCH_TORCHX_PROGRAM ?? '';

/** Absolute path, or null. */
export const torchxProgram: string | null =
  named !== '' ? named : (places().find((path) => isExecutable(path)) ?? null);

/** For the title of tests that are skipped where there is no torchx: it tells why. */
export const onTorchx = (title: string) =>
  torchxProgram !== null
    ? title
    : `${title} [skipped: no torchx on PATH; pip install torchx==0.7.0, or name one by AUTORESEARCH_TORCHX_PROGRAM]`;

function places(): string[] {
  return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'torchx'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
