import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { listBounded, readBounded } from '../../../client/tools/bounded-files.js';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { syntheticConfig } from '../../support/run-events.js';
import { temporaryWorkdir } from '../../support/synthetic-workdir.js';

let root: string;
let source: string;

beforeEach(async () => {
  const workdir = await temporaryWorkdir();
  root = workdir.root;
  source = await mkdtemp(join(tmpdir(), 'autoresearch-bounded-'));
  onTestFinished(() => rm(source, { recursive: true, force: true }));
  await writeJsonAtomic(workdir.config, { ...syntheticConfig(), source_dir: source });
  await mkdir(join(source, 'src'));
  await writeFile(join(source, 'src', 'train.py'), 'print(1)\n');
  await writeFile(join(source, '.env'), 'KEY=secret\n');
});

const read = (path: string, offset = 0) => readBounded(root, 'source', path, offset);

describe('files that may be read', () => {
  it('are those below the two places, a page at a time', async () => {
    expect(await read('src/train.py')).toEqual({
      path: 'src/train.py',
      text: 'print(1)\n',
      offset: 0,
      next_offset: null,
    });
    expect((await readBounded(root, 'workdir', './config.json', 0)).text).toContain('"source_dir"');
    await writeFile(join(source, 'long.txt'), 'ab'.repeat(10_000));
    const first = await read('long.txt');
    expect(first).toMatchObject({ next_offset: 16_000, text: 'ab'.repeat(8_000) });
    expect(await read('long.txt', 16_000)).toMatchObject({ next_offset: null, text: 'ab'.repeat(2_000) });
    expect(await read('long.txt', 99_999)).toMatchObject({ next_offset: null, text: '' });
  });

  it.each([
    ['../secret', 'without ".."'],
    ['src/../../secret', 'without ".."'],
    ['/etc/passwd', 'relative to it'],
    ['src/no.py', 'there is no no.py'],
    ['src', 'not a folder'],
    ['.env', 'never read'],
    ['.git/config', 'never read'],
    ['keys/server.pem', 'never read'],
  ])('are not %s', async (path, why) => {
    await expect(read(path)).rejects.toThrow(why);
  });

  it('are no links, on no part of the way, and no devices', async () => {
    await symlink('/etc/passwd', join(source, 'passwd'));
    await symlink('/etc', join(source, 'etc'));
    await symlink('train.py', join(source, 'src', 'same.py'));
    const server = createServer().listen(join(source, 'socket'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    for (const path of ['passwd', 'etc/passwd', 'src/same.py']) await expect(read(path)).rejects.toThrow('is a link');
    await expect(read('socket')).rejects.toThrow('a file that can be read');
    expect(await listBounded(root, 'source', '')).toEqual(['src/']);
    await expect(listBounded(root, 'source', 'etc')).rejects.toThrow('is a link');
    await expect(listBounded(root, 'source', '..')).rejects.toThrow('without ".."');
  });
});
