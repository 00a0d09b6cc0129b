import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { decodesVideo } from '../../../domain/proposals/best-practices.js';
import { packageFile } from '../../../host/package-files.js';

/** The analyser's cases in test/playbook/python read the same file. */
const WORDS = JSON.parse(readFileSync(packageFile('test', 'fixtures', 'video-words.json'), 'utf8')) as {
  'decodes video': string[];
  'decodes none': string[];
};

it('knows code that decodes video by its words', () => {
  expect(WORDS['decodes video'].filter((code) => !decodesVideo(code))).toEqual([]);
  expect(WORDS['decodes none'].filter((code) => decodesVideo(code))).toEqual([]);
});
