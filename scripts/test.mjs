// Runs the tests, all levels in one run: `node scripts/test.mjs [vitest arguments]`.
// The last line is always `N passed, N failed, N skipped`, also when vitest itself fell over.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProject, projectRoot } from './setup/process.mjs';

const folder = mkdtempSync(join(tmpdir(), 'autoresearch-tests-'));
const summaryFile = join(folder, 'summary.json');

const vitest = spawn(
  process.execPath,
  [
    inProject('node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...['--reporter', 'default', '--reporter', inProject('test', 'support', 'summary-reporter.ts')],
    ...process.argv.slice(2),
  ],
  { cwd: projectRoot, stdio: 'inherit', env: { ...process.env, AUTORESEARCH_TEST_SUMMARY: summaryFile } },
);
// Ctrl+C reaches vitest as well; this process stays until vitest has ended, so that the summary comes last.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => vitest.kill('SIGTERM'));

const exitCode = await new Promise((resolve) => {
  vitest.on('error', () => resolve(1));
  vitest.on('close', (code) => resolve(code ?? 1));
});

/** A run that left no summary, or that failed outside any test, counts as one failure. */
function readSummary() {
  let summary;
  try {
    summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  if (exitCode !== 0 && summary.failed === 0) summary.failed = 1;
  return summary;
}

const { passed, failed, skipped } = readSummary();
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : exitCode || 1;
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
