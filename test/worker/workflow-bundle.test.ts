import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { BUNDLE_LIMIT_BYTES, buildWorkflowBundle, checkBundle } from '../../worker/workflow-bundle.js';
import { removeFolder } from '../support/remove-folder.js';

/** The bundler reads and parses its own packages first, which takes most of a minute beside other tests. */
const LIMIT_MS = 240_000;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autoresearch-bundle-'));
});
afterEach(() => removeFolder(folder));

test(
  'the workflows fit into a bundle; equal sources make equal bytes, and nothing is done twice',
  async () => {
    const sources = [packageFile('workflows'), packageFile('domain')];
    const bundle = (name: string) =>
      buildWorkflowBundle({ workflowsPath: packageFile('workflows', 'index.ts'), sources, out: join(folder, name) });
    expect(await bundle('one.js')).toBe('built');
    expect(await bundle('one.js')).toBe('fresh');
    expect(await bundle('two.js')).toBe('built');
    for (const file of ['one.js', 'one.js.inputs'])
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o666 & ~process.umask());
    expect(await readFile(join(folder, 'one.js'))).toEqual(await readFile(join(folder, 'two.js')));
  },
  LIMIT_MS,
);

test('a change of the sources makes it anew', async () => {
  const source = join(folder, 'workflows.js');
  const bundle = () =>
    buildWorkflowBundle({
      workflowsPath: packageFile('workflows', 'index.ts'),
      sources: [folder],
      out: join(folder, 'out'),
    });
  await writeFile(source, '1');
  expect(await bundle()).toBe('built');
  await writeFile(source, '2');
  expect(await bundle()).toBe('built');
});

describe('checkBundle', () => {
  test.each([
    ['zod', '"./node_modules/zod/v4/index.js": (x)', /holds zod/],
    ['a scoped package', '"./node_modules/@anthropic-ai/sdk/index.mjs": (x)', /holds @anthropic-ai\/sdk/],
    ['a nested package', '"./node_modules/ms/node_modules/zod/index.js": (x)', /holds zod/],
    ['too much code', 'x'.repeat(BUNDLE_LIMIT_BYTES + 1), /bytes without its source map/],
  ])('refuses %s', (_name, code, message) => {
    expect(() => checkBundle(code)).toThrow(message);
  });

  test('does not count the source map', () => {
    const map = `//# sourceMappingURL=data:${'x'.repeat(BUNDLE_LIMIT_BYTES)}`;
    expect(() => checkBundle(`"./node_modules/ms/index.js"\n${map}`)).not.toThrow();
  });
});
