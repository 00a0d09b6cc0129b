/** Counts the tests of a run for scripts/test.mjs, which prints the counts as the last line of `npm test`. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export interface TestSummary {
  passed: number;
  failed: number;
  skipped: number;
}

/** What failed outside a test (a file that does not load, a hook, a stray rejection) counts as one failure each. */
export function summarize(modules: readonly TestModule[], unhandledErrors: number): TestSummary {
  const summary: TestSummary = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    summary.failed += module.errors().length > 0 ? 1 : 0;
    for (const suite of module.children.allSuites()) summary.failed += suite.errors().length > 0 ? 1 : 0;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed' || state === 'failed') summary[state] += 1;
      else summary.skipped += 1;
    }
  }
  return summary;
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env.AUTORESEARCH_TEST_SUMMARY;
    if (file !== undefined) writeFileSync(file, JSON.stringify(summarize(modules, unhandledErrors.length)));
  }
}
