/** Only what a dead process was about to write is removed. */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Workdir } from '../../../workdir/paths.js';
import { removeHalfWrittenFiles } from '../../../worker/cleanup/half-written-files.js';
import { removeFolder } from '../../support/remove-folder.js';

it('removes the drafts of processes that are gone, and nothing else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'autoresearch-drafts-'));
  onTestFinished(async () => await removeFolder(root));
  const dead = spawnSync(process.execPath, ['--version']).pid;
  await mkdir(join(root, 'engine', 'nodes', '001_x'), { recursive: true });
  await mkdir(join(root, 'trees', '001_x'), { recursive: true });
  const abandoned = [`state.json.${dead}.4.tmp`, `engine/nodes/001_x/spec.json.${dead}.11.tmp`, `job.json.${dead}.tmp`];
  const before = `old.json.${process.pid}.3.tmp`;
  const kept = [`state.json.${process.pid}.4.tmp`, `state.json.${process.ppid}.4.tmp`, 'notes.tmp', 'a.12.txt'];
  const foreign = `trees/001_x/data.${dead}.1.tmp`;
  for (const file of [...abandoned, before, ...kept, foreign]) await writeFile(join(root, file), '{');
  await utimes(join(root, before), 1, 1);

  const removed = await removeHalfWrittenFiles(new Workdir(root));

  expect(removed.sort()).toEqual([...abandoned, before].map((file) => join(root, file)).sort());
  expect((await readdir(root)).sort()).toEqual(['engine', 'trees', ...kept].sort());
  expect(await readdir(join(root, 'trees', '001_x'))).toHaveLength(1);
  expect(await removeHalfWrittenFiles(new Workdir(root))).toEqual([]);
});
