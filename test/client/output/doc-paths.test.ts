import { isAbsolute } from 'node:path';
import { expect, it } from 'vitest';
import { withDocPaths } from '../../../client/output/doc-paths.js';
import { printError, processOutput } from '../../../client/output/output.js';
import { Refusal } from '../../../client/output/refusal.js';
import { packageFile } from '../../../host/package-files.js';

const PAGE = packageFile('docs', 'refusals.md');

it('gives a page of the package the path at which it can be read', () => {
  expect(isAbsolute(PAGE)).toBe(true);
  expect(withDocPaths('a directory (docs/refusals.md).')).toBe(`a directory (${PAGE}).`);
  expect(withDocPaths(withDocPaths('docs/refusals.md'))).toBe(PAGE);
});

it.each(['docs/none.md', '/home/you/docs/refusals.md', 'mydocs/refusals.md', 'docs/refusals.markdown'])(
  'leaves alone what is no page of it: %s',
  (text) => expect(withDocPaths(text)).toBe(text),
);

it('is what a refusal prints, as text and as JSON', () => {
  const said: string[] = [];
  const output = { ...processOutput, err: (text: string) => void said.push(text) };
  const refusal = new Refusal('--source-dir', 'x', 'a directory (docs/refusals.md)');
  for (const json of [false, true]) printError(output, json, refusal);
  expect(said[0]).toBe(`error: --source-dir: "x": a directory (${PAGE})\n`);
  expect(JSON.parse(said[1]!).error).toMatchObject({ advice: `a directory (${PAGE})` });
});
