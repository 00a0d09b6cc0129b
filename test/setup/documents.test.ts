/** What documents say can be followed: links lead somewhere, and quoted messages are those of the program. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

const ROOT = packageFile('.');

function tracked(...patterns: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...patterns], { cwd: ROOT, encoding: 'utf8' });
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** Words of code are no links. */
const prose = (document: string) => text(document).replace(/^( {4}|```)[\s\S]*?(?=^\S|$(?![\s\S]))/gm, '');

/** As a host of Markdown makes it from a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function hasAnchor(path: string, anchor: string): boolean {
  return [...text(path).matchAll(/^#+ +(.+)$/gm)].some(([, heading]) => anchorOf(heading!) === anchor);
}

const DOCUMENTS = tracked('*.md').filter((path) => !/^(test|agents\/prompts|scripts)\//.test(path));

describe('links', () => {
  it.each(DOCUMENTS)('of %s lead to files and headings that are there', (document) => {
    const links = [...text(document).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g)].map(([, link]) => link!);
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !hasAnchor(target, anchor);
    });
    expect(broken).toEqual([]);
  });

  it('lead from README to each page of docs/, by one step or two', () => {
    const pagesOf = (document: string) =>
      [...text(document).matchAll(/\]\((?!\w+:)([^)\s#]+\.md)/g)].map(([, path]) => join(dirname(document), path!));
    const first = pagesOf('README.md');
    const reached = new Set([...first, ...first.filter((page) => existsSync(join(ROOT, page))).flatMap(pagesOf)]);
    expect(tracked('docs/*.md').filter((page) => !reached.has(page) && !page.startsWith('docs/decisions/'))).toEqual(
      [],
    );
  });
});

describe('docs/troubleshooting.md', () => {
  const sources = tracked(
    ...['client', 'domain', 'worker', 'workdir', 'source', 'agents', 'jobs'].map((floor) => `${floor}/*.ts`),
  )
    .map(text)
    .join('\n')
    // Texts that stand in several lines.
    .replace(/['`"] \+\s*['`"]/g, '');
  const quoted = [...prose('docs/troubleshooting.md').matchAll(/(?<![\w*])\*([^*\n|]+)\*(?![\w*])/g)].map(
    ([, words]) => words!,
  );

  it.each(quoted.filter((words) => words !== 'italics'))('quotes what the program says: %s', (words) => {
    // What changes from case to case stands as an ellipsis.
    for (const part of words.split(/ ?… ?/)) expect(sources.includes(part), part).toBe(true);
  });
});

it('pictures of the documents are small', () => {
  const large = tracked('docs/*.png').filter((path) => statSync(join(ROOT, path)).size > 200_000);
  expect(large).toEqual([]);
});
