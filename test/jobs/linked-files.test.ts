/** Where a host lets no job have a view of its own, a change of the user's linked files is noticed, and named. */
import { appendFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linkedFilesChanged, rememberLinkedFiles } from '../../jobs/linked-files.js';
import { Workdir } from '../../workdir/paths.js';
import { open, repository, temporaryFolder, write } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

let folder: string;
let source: string;
let workdir: Workdir;

beforeEach(async () => {
  folder = temporaryFolder();
  source = repository(join(folder, 'repo'), { '.gitignore': 'data/\n.venv/\n' });
  write(source, { 'data/a.txt': 'a', 'data/deep/b.txt': 'b', '.venv/x.py': 'x' });
  workdir = new Workdir(join(folder, 'workdir'));
  const code = await open(workdir.root, source, { link_paths: ['data'] });
  await code.openTree('n1', await code.anchor());
  await rememberLinkedFiles(workdir, 0);
});
afterEach(() => removeFolder(folder));

it('says nothing where nothing was changed, a file is new, or a package was installed', async () => {
  write(source, { 'data/new.txt': 'n', '.venv/y.py': 'y' });
  readFileSync(join(source, 'data/a.txt'));
  expect(await linkedFilesChanged(workdir)).toBeNull();
});

it.each([
  ['appended to', (file: string) => appendFileSync(file, 'more')],
  [
    'written with the same size and an older time',
    (file: string) => {
      writeFileSync(file, 'c');
      utimesSync(file, 1, 1);
    },
  ],
])('names the file that was %s, each time it is asked, until the run goes on', async (_, change) => {
  change(join(workdir.treeOf('n1'), 'data/deep/b.txt'));
  for (let times = 0; times < 2; times++) {
    expect(await linkedFilesChanged(workdir)).toContain(join(source, 'data/deep/b.txt'));
    await rememberLinkedFiles(workdir, 0);
  }
  await rememberLinkedFiles(workdir, 1);
  expect(await linkedFilesChanged(workdir)).toBeNull();
});
