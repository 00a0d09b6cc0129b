/** Which folder is the run's: the one that served it, one that it was moved to, or a copy. */
import { cp, mkdtemp, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { Workdir } from '../../workdir/paths.js';
import { originalOf, recordPlace, whereabouts } from '../../workdir/workdir-place.js';
import { removeFolder } from '../support/remove-folder.js';

async function servedWorkdir({ isRecorded = true } = {}) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'autoresearch-place-')));
  onTestFinished(() => removeFolder(folder));
  const at = (name: string) => new Workdir(join(folder, name));
  const workdir = at('first');
  await writeJsonAtomic(workdir.config, { run_id: 'demo-1234' });
  if (isRecorded) await recordPlace(workdir);
  else await writeJsonAtomic(workdir.job('local_n1', 'job.json'), { metrics_dir: workdir.metrics('n1') });
  const copyTo = async (name: string) => {
    await cp(workdir.root, at(name).root, { recursive: true });
    return at(name);
  };
  return { workdir, at, copyTo };
}

it('of a run that nobody served yet nothing is known', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'autoresearch-place-'));
  onTestFinished(() => removeFolder(folder));
  expect(await whereabouts(new Workdir(folder))).toEqual({ is: 'unknown' });
  expect(await whereabouts(new Workdir(join(folder, 'nowhere')))).toEqual({ is: 'unknown' });
});

it.each([
  ['as its record says', true],
  ['of an earlier version, as its jobs say', false],
])('tells the workdir, a copy and one that was moved apart, %s', async (_, isRecorded) => {
  const { workdir, at, copyTo } = await servedWorkdir({ isRecorded });
  expect(await whereabouts(workdir)).toEqual({ is: 'here' });
  const copy = await copyTo('copy');
  expect(await whereabouts(copy)).toEqual({ is: 'copy', of: workdir.root });
  expect(await originalOf(copy)).toBe(workdir.root);
  await rename(workdir.root, at('moved').root);
  expect(await whereabouts(at('moved'))).toEqual({ is: 'moved', from: workdir.root });
  expect(await originalOf(at('moved'))).toBeNull();
});

it('goes by the folder, whatever it is called', async () => {
  const { workdir, at } = await servedWorkdir();
  await symlink(workdir.root, at('link').root);
  expect(await whereabouts(at('link'))).toEqual({ is: 'here' });
  await writeJsonAtomic(workdir.place, { path: at('link').root });
  expect(await whereabouts(workdir)).toEqual({ is: 'here' });
});

it('is no copy of a folder that holds another run by now', async () => {
  const { workdir, copyTo } = await servedWorkdir();
  const copy = await copyTo('copy');
  await writeJsonAtomic(workdir.config, { run_id: 'another-1234' });
  expect(await whereabouts(copy)).toEqual({ is: 'moved', from: workdir.root });
});

it('takes what it cannot read for the original', async () => {
  const { workdir, copyTo } = await servedWorkdir();
  const copy = await copyTo('copy');
  await writeFile(workdir.config, 'nonsense');
  expect(await whereabouts(copy)).toEqual({ is: 'copy', of: workdir.root });
});
