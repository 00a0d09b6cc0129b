/** The table of words against the real shell. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CASES } from './shell-word-cases.js';

it('bash reads the table alike', () => {
  const folder = mkdtempSync(join(tmpdir(), 'autoresearch-words-'));
  try {
    for (const { says, text, commands } of CASES.filter(({ bash }) => bash)) {
      const script = `exec 9>seen; show() { printf '%s\\0' show "$@" >&9; printf '\\n\\0' >&9; }\n${text}\n`;
      execFileSync('/bin/bash', ['-c', script], { cwd: folder, stdio: 'ignore' });
      const seen = readFileSync(join(folder, 'seen'), 'utf8').split('\n\0').slice(0, -1);
      const shown = commands.filter(([program]) => program === 'show');
      expect({ says, seen }).toEqual({ says, seen: shown.map((words) => words.map((word) => `${word}\0`).join('')) });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
