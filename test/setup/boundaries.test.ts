/** Each rule of .dependency-cruiser.cjs, broken once in a small tree, is reported by its name and by no other's. */
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { removeFolder } from '../support/remove-folder.js';

const { forbidden, options } = createRequire(import.meta.url)(packageFile('.dependency-cruiser.cjs')) as {
  forbidden: (IForbiddenRuleType & { name: string })[];
  options: object;
};

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'autoresearch-floors-')));
  symlinkSync(packageFile('node_modules'), join(root, 'node_modules'));
  const modern = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023' };
  put('tsconfig.check.json', JSON.stringify({ compilerOptions: modern, include: ['**/*.ts'] }));
  put('package.json', JSON.stringify({ type: 'module', dependencies: { zod: '*' }, devDependencies: { vitest: '*' } }));
});
afterEach(() => removeFolder(root));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Names of the rules that a tree of these files breaks. */
async function broken(files: Record<string, string>): Promise<string[]> {
  for (const [path, text] of Object.entries(files)) put(path, `${text}\nexport const x = 1;\n`);
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/')[0]!))];
  const result = await cruise(
    folders,
    { ...options, baseDir: root, validate: true, ruleSet: { forbidden } },
    {},
    { tsConfig: extractTSConfig(join(root, 'tsconfig.check.json')) },
  );
  const { summary } = result.output as ICruiseResult;
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

/** A file of `from` that imports one of `to`, for its types only. */
const upwards = (from: string, to: string) => ({
  [`${from}/a.ts`]: `import type { x as y } from '../${to}/b.js'; export type Y = typeof y;`,
  [`${to}/b.ts`]: '',
});

const BREACHES: Record<string, Record<string, string>> = {
  'no-cycles': {
    'domain/a.ts': "import type { B } from './b.js'; export interface A { b: B }",
    'domain/b.ts': "import type { A } from './a.js'; export interface B { a: A }",
  },
  'domain-knows-what-is-below': upwards('domain', 'host'),
  'host-knows-what-is-below': upwards('host', 'workdir'),
  'workdir-knows-what-is-below': upwards('workdir', 'source'),
  'source-knows-what-is-below': upwards('source', 'agents'),
  'agents-knows-what-is-below': upwards('agents', 'playbook'),
  'playbook-knows-what-is-below': upwards('playbook', 'jobs'),
  'jobs-knows-what-is-below': upwards('jobs', 'activities'),
  'activities-knows-what-is-below': upwards('activities', 'worker'),
  'worker-knows-what-is-below': upwards('worker', 'client'),
  'domain-is-pure': { 'domain/a.ts': "import { readFileSync } from 'node:fs'; readFileSync('x');" },
  'domain-uses-pure-packages': { 'domain/a.ts': "import { execa } from 'execa'; void execa;" },
  'temporal-stays-in-the-protocol': {
    'domain/run/a.ts': "import { ApplicationFailure } from '@temporalio/common'; void ApplicationFailure;",
  },
  'zod-stays-in-formats': { 'domain/run/a.ts': "import { z } from 'zod'; void z;" },
  'workflows-stay-in-the-sandbox': { 'workflows/a.ts': "import { readFileSync } from 'node:fs'; readFileSync('x');" },
  'workflows-use-the-workflow-sdk-only': { 'workflows/a.ts': "import { z } from 'zod'; void z;" },
  'workflows-order-only': upwards('workflows', 'jobs'),
  'workflows-are-known-by-the-protocol': upwards('client', 'workflows'),
  'the-page-runs-in-a-browser': {
    'client/dashboard/page/a.ts': "import type { x as y } from '../b.js'; export type Y = typeof y;",
    'client/dashboard/b.ts': '',
  },
  'the-page-takes-types-only': {
    'client/dashboard/page/a.ts': "import { x as y } from '../../../domain/board/b.js'; void y;",
    'domain/board/b.ts': '',
  },
  'nothing-imports-tests': upwards('jobs', 'test'),
  'fast-tests-need-no-set-up': { 'test/domain/a.test.ts': "import { execa } from 'execa'; void execa;" },
  resolvable: { 'jobs/a.ts': "import { y } from './gone.js'; void y;" },
  'no-dev-packages-at-run-time': { 'jobs/a.ts': "import { expect } from 'vitest'; void expect;" },
};

it('every rule has a breach here', () => {
  expect(forbidden.map(({ name }) => name).sort()).toEqual(Object.keys(BREACHES).sort());
});

it.each(Object.entries(BREACHES))('%s', async (name, files) => {
  expect(await broken(files)).toEqual([name]);
});

it('what each floor may do is no breach', async () => {
  const allowed = {
    'domain/formats/a.ts': "import { z } from 'zod'; void z;",
    'workflows/a.ts': "import { x as y } from '../domain/formats/b.js'; void y;",
    'domain/formats/b.ts': '',
    'client/a.ts': "import { x as y } from '../jobs/b.js'; void y;",
    'jobs/b.ts': "import { readFileSync } from 'node:fs'; void readFileSync;",
  };
  expect(await broken(allowed)).toEqual([]);
});
