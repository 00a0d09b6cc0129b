/** Files that no agent may change or create: what judges its work, and what the owner named with --protect. */
import type { RunConfig } from '../formats/config.js';
import { isUnder } from './edit-path.js';

const TESTS = ['**/test_*.py', '**/*_test.py', '**/tests/**'];
/** What an instrumented pipeline reports its numbers with. */
const INSTRUMENTATION = ['**/_autoresearch*'];

/** A default that holds for the pipeline script itself is left out: the script is what a run is about. */
export function protectedPaths(
  config: Pick<RunConfig, 'protect'>,
  { script, instruments }: { script: string; instruments: boolean },
): string[] {
  const defaults = instruments ? TESTS : [...TESTS, ...INSTRUMENTATION];
  return [...defaults.filter((glob) => !isUnder(script, glob)), ...config.protect];
}
