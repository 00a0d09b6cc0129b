/** Each refusal names a page of docs/ that says what to do; the page is there, in an installed package as well. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FAILURE_KINDS, type FailureKind, failure, suggestedAction } from '../../domain/run/failure.js';
import { baselineFailureText } from '../../domain/verdict/baseline-failure.js';
import { packageFile } from '../../host/package-files.js';

const ROOT = packageFile('.');
const SHIPPED = [
  'activities',
  'agents',
  'client',
  'domain',
  'host',
  'jobs',
  'playbook',
  'probe',
  'source',
  'workdir',
  'worker',
  'workflows',
];

/** What the product is made of, and its pages. */
function texts(folders: readonly string[], endings: RegExp): Map<string, string> {
  const found = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  return new Map(
    found.filter((path) => endings.test(path)).map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
  );
}

const code = texts(SHIPPED, /\.(?:ts|py|mjs|md)$/);
const pages = texts(['docs'], /^docs\/[\w-]+\.md$/);
const named = new Set([...code.values()].flatMap((text) => text.match(/docs\/[\w-]+\.md/g) ?? []));

describe('a page that a message names', () => {
  it('is one of docs/', () => {
    expect([...named]).toEqual(
      expect.arrayContaining(['docs/instrumentation.md', 'docs/refusals.md', 'docs/your-files.md']),
    );
    expect([...named].filter((page) => !pages.has(page))).toEqual([]);
  });

  it('is in the package', () => {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const files = (JSON.parse(packed) as [{ files: { path: string }[] }])[0].files.map(({ path }) => path);
    expect(files).toEqual(expect.arrayContaining([...named]));
  });

  it.each([...pages.keys()])('%s links to pages and headings that are there', (page) => {
    for (const [, target] of pages.get(page)!.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(() => readFileSync(join(ROOT, 'docs', target!)), target).not.toThrow();
  });
});

describe('a failure names its page', () => {
  const ofSource: FailureKind[] = [
    'setup_source_failed',
    'source_restore_failed',
    'setup_instrumentation_failed',
    'metrics_collection_failed',
    'wrong_source',
    'user_files_changed',
  ];

  it.each(ofSource)('%s', (kind) => {
    expect(named).toContain(/docs\/[\w-]+\.md/.exec(suggestedAction(kind))?.[0]);
  });

  const ofBaseline = (Object.keys(FAILURE_KINDS) as FailureKind[]).filter((kind) =>
    ['source', 'build', 'launch', 'job', 'metrics'].includes(FAILURE_KINDS[kind].phase),
  );
  it.each(ofBaseline)('%s of the baseline', (kind) => {
    expect(named).toContain(/docs\/[\w-]+\.md/.exec(baselineFailureText(failure(kind, 'it broke', 0)))?.[0]);
  });

  it.each(ofBaseline.filter((kind) => kind !== 'cancelled' && kind !== 'pruned'))(
    '%s is in docs/refusals.md',
    (kind) => {
      expect(pages.get('docs/refusals.md')).toContain(`\`${kind}\``);
    },
  );
});

describe('words of messages in docs', () => {
  it.each(['docs/refusals.md', 'docs/instrumentation.md'])('%s quotes what the code says', (page) => {
    const prose = pages.get(page)!.replace(/```.*?```/gs, '');
    const quoted = [...prose.matchAll(/(?<!\*)\*([^*\n]+)\*(?!\*)/g)].map(([, words]) => words!);
    const said = [...code.values()].join('\n');
    expect(quoted.length).toBeGreaterThan(3);
    const parts = quoted.filter((words) => words !== 'italics').flatMap((words) => words.split('…'));
    expect(parts.map((part) => part.trim()).filter((part) => !said.includes(part))).toEqual([]);
  });
});

it('docs/cases.md has a line for each case, with what is right', async () => {
  const folder = join(ROOT, 'test', 'cases');
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'case.mjs')));
  expect(names.length).toBeGreaterThanOrEqual(12);
  for (const name of names) {
    const { right } = ((await import(pathToFileURL(join(folder, name, 'case.mjs')).href)) as CaseModule).default;
    const row = pages
      .get('docs/cases.md')!
      .split('\n')
      .find((line) => line.startsWith(`| ${name} |`));
    expect(row, name).toContain(`| ${right} |`);
  }
});

interface CaseModule {
  default: { right: string };
}
