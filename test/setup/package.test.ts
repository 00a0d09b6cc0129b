/** What `npm pack` puts into the package: all that a run reads, and nothing that only the making of it needs. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

it('has what a run reads, and neither sources nor tests nor data that is made', async () => {
  // Its scripts would compile the package beside tests that run it.
  const { stdout } = await execa('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: packageFile() });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string; mode: number }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      ...['dist/client/main.js', 'dist/workflow-bundle.js', 'dist/build-id.txt'],
      ...['dist/agents/anthropic/anthropic-call.js', 'dist/worker/encryption/encoded-failures.cjs'],
      ...['agents/prompts/plan.md', 'probe/sitecustomize.py', 'probe/autoresearch_job/__main__.py'],
      ...[
        'playbook/python/survey.py',
        'source/edits/python/check_sources.py',
        'client/export/python/write_offline_runs.py',
        'host/fonts/fonts.conf',
      ],
      ...['examples/images/train.py', 'examples/images/make_data.py', 'scripts/setup.mjs', 'temporal-dev.yml'],
      ...['dist/client/dashboard/page/main.js', 'client/dashboard/page/style.css'],
      ...['README.md', 'LICENSE', 'docs/approval.md'],
    ]),
  );
  expect(paths.filter((path) => /^(test|bench)\/|\.tsx?$|\.map$|__pycache__|\/data\//.test(path))).toEqual([]);
  const entry = await readFile(packageFile('dist', 'client', 'main.js'), 'utf8');
  expect(entry.startsWith('#!/usr/bin/env node')).toBe(true);
});
