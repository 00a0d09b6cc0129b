/**
 * The order in which test files begin: whole runs first, so that no long file is left to the end, where one worker
 * would run it while the others have nothing to do. On a clean checkout vitest knows no durations, and would begin with
 * its projects in the order of the alphabet.
 */
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first; what is in none of these takes seconds. */
const LONG = ['test/system/chaos/', 'test/system/', 'test/playbook/python', 'test/worker/', 'test/workflows/'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const path = relative(this.ctx.config.root, moduleId);
      const found = LONG.findIndex((prefix) => path.startsWith(prefix));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
