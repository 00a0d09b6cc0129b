/** The log of a workdir on a disk that is full. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as soon } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Workdir } from '../../workdir/paths.js';
import { makeWorkdirLog } from '../../worker/workdir-log.js';
import { removeFolder } from '../support/remove-folder.js';

it.skipIf(!existsSync('/dev/full'))('ends nothing when there is no room for a line', async () => {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-log-'));
  onTestFinished(() => removeFolder(root));
  const workdir = new Workdir(root);
  await mkdir(dirname(workdir.log), { recursive: true });
  await symlink('/dev/full', workdir.log);
  const log = makeWorkdirLog(workdir);
  const errors: unknown[] = [];
  const note = (error: unknown) => void errors.push(error);
  process.on('uncaughtException', note);
  onTestFinished(() => void process.off('uncaughtException', note));
  log('said on a full disk');
  await soon();
  log('said later');
  await soon();
  expect(errors).toEqual([]);
});
