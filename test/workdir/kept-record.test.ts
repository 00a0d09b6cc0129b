/** What this program noted for itself is read as it was noted, or refused with the file, the field and the way out. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { readKeptRecord } from '../../workdir/kept-record.js';
import { removeFolder } from '../support/remove-folder.js';

const Schema = z.object({ server: z.object({ pid: z.int() }) });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kept-'));
});
afterEach(() => removeFolder(folder));

async function read(text: string | null) {
  const path = join(folder, 'record.json');
  if (text !== null) await writeFile(path, text);
  return readKeptRecord(path, Schema, 'Delete the file').catch((error: Error) => error.message.replace(folder, ''));
}

it.each([
  ['none', null, null],
  ['one', '{"server": {"pid": 7}}', { server: { pid: 7 } }],
  [
    'a changed one',
    '{"server": {"pid": "7"}}',
    /^\/record\.json: server\.pid is not as it was written \(.+\)\. Delete/,
  ],
  ['another', '[]', /^\/record\.json: the file is not as it was written/],
  ['half of one', '{"server": ', /^\/record\.json is not JSON/],
])('reads %s', async (_, text, expected) => {
  const found = await read(text);
  if (expected instanceof RegExp) expect(found).toMatch(expected);
  else expect(found).toEqual(expected);
});
