/** What documents and comments of the project name is there: a file that moved takes what speaks of it along. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

const ROOT = packageFile('.');
const FLOORS = (JSON.parse(readFileSync(packageFile('tsconfig.json'), 'utf8')) as { include: string[] }).include;
/** Without examples/: SPDL has a folder of that name, too. */
const FOLDERS = [...FLOORS, 'probe', 'test', 'bench', 'docs', 'scripts'];
/** A path from the project's root, as documents and comments write it. */
const NAMED = new RegExp(String.raw`(?<![\w./<-])(?:${FOLDERS.join('|')})/[\w./-]*[\w]`, 'g');
/** A TypeScript file by its name alone, or with its last folders. */
const SOURCE = /(?<![\w./<*-])[\w-]+(?:\/[\w.-]+)*\.(?:ts|mjs)\b/g;
const ENDINGS = ['', '.ts', '.mjs', '.py', '.md', '.tsv'];
const COMMENT = /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*|^\s*#.*/gm;

function tracked(...patterns: string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--', ...patterns], { cwd: ROOT, encoding: 'utf8' });
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

const ALL = tracked('*.ts', '*.mjs');
const isThere = (path: string) => ENDINGS.some((ending) => existsSync(join(ROOT, path + ending)));
const isKnown = (name: string) => ALL.some((path) => path === name || path.endsWith(`/${name}`));

const missingPaths = (text: string) => (text.match(NAMED) ?? []).filter((path) => !isThere(path));
const missingNames = (text: string) => (text.match(SOURCE) ?? []).filter((name) => !isKnown(name));

/**
 * Folders of a user's workdir or repository are called like ours in places: only what begins with one of our rooms
 * counts.
 */
function isOurs(path: string): boolean {
  const [floor, room = ''] = path.split('/');
  const stem = (name: string) => name.replace(/\.\w+$/, '');
  return readdirSync(join(ROOT, floor!)).some((name) => stem(name) === stem(room));
}

it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'README.md', ...tracked('docs/*.md')])(
  '%s names files that exist',
  (document) => {
    expect(missingPaths(readFileSync(join(ROOT, document), 'utf8'))).toEqual([]);
  },
);

it('comments name files that exist', () => {
  const sources = tracked(...FOLDERS.map((folder) => `${folder}/**`)).filter(
    (path) => /\.(ts|mjs|py)$/.test(path) && !/^test\/(fixtures|cases)\/|hostile-fixture/.test(path),
  );
  const wrong = sources.flatMap((path) => {
    const comments = (readFileSync(join(ROOT, path), 'utf8').match(COMMENT) ?? []).join('\n');
    const names = new Set([...missingPaths(comments).filter(isOurs), ...missingNames(comments)]);
    return [...names].map((name) => `${path}: ${name}`);
  });
  expect(wrong).toEqual([]);
});
