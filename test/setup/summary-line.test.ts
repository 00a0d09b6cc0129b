/** The last line of `npm test`: the counts of all levels, whatever happens. */
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { SetupProject } from './setup-project.js';

const CONFIG = `export default { test: { include: ['test/**/*.test.ts'] } };\n`;

async function runTests(files: Record<string, string>) {
  await using project = await SetupProject.make({ 'package.json': '{"type":"module"}', ...files });
  await project.borrow('node_modules');
  await project.borrow('test', 'support');
  const env = { NO_COLOR: '1', VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '' };
  const { all, exitCode } = await execa(process.execPath, [project.at('scripts', 'test.mjs')], {
    reject: false,
    all: true,
    env,
  });
  return { lastLine: all.trimEnd().split('\n').at(-1), exitCode, all };
}

const testFile = (body: string) => `import { describe, expect, test, beforeAll } from 'vitest';\n${body}\n`;

describe('scripts/test.mjs', () => {
  test('counts passed and skipped tests of all files', async () => {
    const { lastLine, exitCode } = await runTests({
      'vitest.config.ts': CONFIG,
      'test/a.test.ts': testFile(`test('one', () => {}); test.skip('two', () => {});`),
      'test/b.test.ts': testFile(`test('three', () => {}); test.todo('four');`),
    });
    expect(lastLine).toBe('2 passed, 0 failed, 2 skipped');
    expect(exitCode).toBe(0);
  });

  test('counts failed tests, and a file that does not load, and ends with a failure', async () => {
    const { lastLine, exitCode } = await runTests({
      'vitest.config.ts': CONFIG,
      'test/a.test.ts': testFile(`test('one', () => {}); test('two', () => expect(1).toBe(2));`),
      'test/b.test.ts': `import './missing.js';\n`,
    });
    expect(lastLine).toBe('1 passed, 2 failed, 0 skipped');
    expect(exitCode).not.toBe(0);
  });

  test('counts a rejection outside any test', async () => {
    const { lastLine, exitCode } = await runTests({
      'vitest.config.ts': CONFIG,
      'test/a.test.ts': testFile(
        `test('one', async () => { Promise.reject(new Error('stray')); await new Promise(setImmediate); });`,
      ),
    });
    expect(lastLine).toBe('1 passed, 1 failed, 0 skipped');
    expect(exitCode).not.toBe(0);
  });

  test('comes also when the tests could not start', async () => {
    const { lastLine, exitCode } = await runTests({ 'vitest.config.ts': `throw new Error('no configuration');\n` });
    expect(lastLine).toBe('0 passed, 1 failed, 0 skipped');
    expect(exitCode).not.toBe(0);
  });

  test('a run without any test is a failure', async () => {
    const { lastLine, exitCode } = await runTests({ 'vitest.config.ts': CONFIG });
    expect(lastLine).toBe('0 passed, 1 failed, 0 skipped');
    expect(exitCode).not.toBe(0);
  });
});
