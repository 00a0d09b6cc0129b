/** What a person names counts from where that was said, and is kept so that it means the same from anywhere. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { programFrom } from '../../host/program-path.js';
import { toolFolder } from '../../host/tool-folder.js';

it.each([
  ['python3', 'python3'],
  ['./venv/bin/python', '/here/venv/bin/python'],
  ['../x/python', '/x/python'],
  ['venv/bin/python', '/here/venv/bin/python'],
  ['/opt/../python', '/opt/../python'],
  ['~/venv/bin/python', join(homedir(), 'venv/bin/python')],
  ['$PROGRAM_PATH_TEST/python', '/put/python'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as a shell writes it
  ['${PROGRAM_PATH_TEST}/python', '/put/python'],
  ['', ''],
])('a program %j, named in /here, is %j', (named, path) => {
  process.env.PROGRAM_PATH_TEST = '/put';
  expect(programFrom('/here', named)).toBe(path);
});

it('the folder of AUTORESEARCH_TOOLS is absolute, so that jobs and set-up find the same', () => {
  expect(toolFolder({ AUTORESEARCH_TOOLS: './tools' })).toBe(resolve('tools'));
});
