/** Comments are read beside code: none is longer than a line of it may be. (The formatter keeps code to that width.) */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';

const ROOT = packageFile('.');
const WIDTH = 120;
/** A line that is a comment or begins a docstring, or that ends with a comment; not text that has such signs. */
const COMMENT = /^\s*(?:\/?\*|\/\/|#|""")|[;,{}()\]]\s+(?:\/\/|#)\s/;

it('comments have at most 120 characters a line', () => {
  const listed = execFileSync('git', ['ls-files', '-z', '--', '*.ts', '*.mjs', '*.cjs', '*.py'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((path) => path !== '' && !/^test\/(?:fixtures|cases)\//.test(path));
  const long = files
    .filter((path) => existsSync(join(ROOT, path)))
    .flatMap((path) =>
      readFileSync(join(ROOT, path), 'utf8')
        .split('\n')
        .flatMap((line, index) => (line.length > WIDTH && COMMENT.test(line) ? [`${path}:${index + 1}`] : [])),
    );
  expect(long).toEqual([]);
});
